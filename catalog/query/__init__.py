"""The search language: text -> expression tree (docs/search.md).

query  = clause…                      all must hold
clause = ['-'] atom ('|' atom)…       | binds tighter than a space; -a|b is not (a or b)
"""

from catalog.query.parser import MAX_ATOMS, MAX_TEXT, parse
from catalog.query.terms import (
    COLORS,
    STATES,
    AfterTerm,
    Atom,
    BeforeTerm,
    Clause,
    ColorTerm,
    LabelTerm,
    NameTerm,
    PrefixTerm,
    Query,
    State,
    StateTerm,
    TypeTerm,
    label_text,
)

__all__ = [
    "COLORS",
    "MAX_ATOMS",
    "MAX_TEXT",
    "STATES",
    "AfterTerm",
    "Atom",
    "BeforeTerm",
    "Clause",
    "ColorTerm",
    "LabelTerm",
    "NameTerm",
    "PrefixTerm",
    "Query",
    "State",
    "StateTerm",
    "TypeTerm",
    "label_text",
    "parse",
]
