"""A clause of the search in plain words, for its chip."""

from datetime import datetime

from catalog.query import (
    AfterTerm,
    Atom,
    BeforeTerm,
    Clause,
    ColorTerm,
    LabelTerm,
    NameTerm,
    PrefixTerm,
    StateTerm,
    TypeTerm,
)
from webapp.addresses import number
from webapp.wording import NBSP, first_upper

STATES = {
    "failed": "Failed",
    "pending": "Waiting to be tagged",
    "unlabelled": "Without labels",
    "edited": "Corrected by people",
    "trashed": "In the trash",
}


def clause_phrase(clause: Clause) -> tuple[str, str]:
    """Return a clause in words and, for a single label, its own threshold in words ("" if none)."""
    first = clause.atoms[0]
    if len(clause.atoms) == 1 and isinstance(first, LabelTerm):
        text, bound = label_phrase(first), bound_phrase(first)
    else:
        text, bound = " or ".join(atom_phrase(atom) for atom in clause.atoms), ""
    return (f"not {text}" if clause.negated else text), bound


def atom_phrase(atom: Atom) -> str:
    """Return one atom in words."""
    match atom:
        case LabelTerm():
            return f"{label_phrase(atom)} {bound_phrase(atom)}".strip()
        case StateTerm():
            return STATES[atom.state]
        case NameTerm():
            return f"named {atom.pattern}"
        case PrefixTerm():
            return f"in {atom.prefix}"
        case TypeTerm():
            return atom.format.upper()
        case ColorTerm():
            return f"colour {atom.color}"
        case AfterTerm():
            return f"since {_moment(atom.moment)}"
        case BeforeTerm():
            return f"before {_moment(atom.moment)}"


def label_phrase(term: LabelTerm) -> str:
    """Return a label's name as it is shown; a beginning ends in an ellipsis."""
    return first_upper(term.name) + ("…" if term.prefix else "")


def bound_phrase(term: LabelTerm) -> str:
    """Return a label's own threshold in words, or nothing where the slider holds."""
    low, high = term.low, term.high
    percent = f"{NBSP}%"
    if low is not None and high is not None:
        return f"{number(low)} to {number(high)}{percent}"
    if low is not None:
        return f"over {number(low)}{percent}" if term.low_open else f"from {number(low)}{percent}"
    if high is not None:
        word = "under" if term.high_open else "up to"
        return f"{word} {number(high)}{percent}"
    return ""


def _moment(moment: datetime) -> str:
    return f"{moment.day} {moment:%B} {moment.year}"
