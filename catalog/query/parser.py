"""The parser of the search language: one pass from left to right, no backtracking."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NoReturn

from catalog.errors import SearchSyntaxError
from catalog.query import values
from catalog.query.terms import (
    AfterTerm,
    Atom,
    BeforeTerm,
    Clause,
    ColorTerm,
    LabelTerm,
    NameTerm,
    PrefixTerm,
    Query,
    StateTerm,
    TypeTerm,
    label_text,
)

MAX_TEXT = 10_000
MAX_ATOMS = 100
_SHORT = 200  # characters of a text that is remembered

_SPACE = re.compile(r"\s*")
_HEAD = re.compile(r"[^\s|\"“”<>:]*")
_VALUE = re.compile(r"[^\s|\"“”]*")
_OPERATOR = re.compile(r">=|<=|>|<|:")
# A curly opening quote (phones type them) ends at a curly closing one.
_QUOTED = re.compile(r"\"((?:[^\"]|\"\")*)\"|[“”]([^“”]*)[“”]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def parse(text: str) -> Query:
    """Parse a search text. Raises SearchSyntaxError with the position of the mistake."""
    if len(text) > MAX_TEXT:
        raise SearchSyntaxError(f"A search has at most {MAX_TEXT:,} characters.", MAX_TEXT)
    broken = _SURROGATE.search(text)
    if broken:
        raise SearchSyntaxError("This character is not valid text.", broken.start())
    return _parsed_again(text) if len(text) <= _SHORT else _parsed(text)


def _parsed(text: str) -> Query:
    return Query(text=text, clauses=_Parser(text).clauses())


# The same text comes with each page and each move of the slider.
_parsed_again = lru_cache(maxsize=1000)(_parsed)


class _Parser:
    """Walks through one text; `at` is the position of the next character to read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.atoms_read = 0

    def clauses(self) -> tuple[Clause, ...]:
        found = []
        self.skip_space()
        while self.next():
            found.append(self.clause())
            self.skip_space()
        return tuple(found)

    def clause(self) -> Clause:
        start = self.at
        negated = self.next() == "-"
        if negated:
            self.at += 1
            if self.next() in ("", "|") or self.next().isspace():
                self.fail("Write what to leave out right after the -, as in -person.", start)
        atoms = [self.atom()]
        while self.bar():
            atoms.append(self.atom())
        return Clause(atoms=tuple(atoms), negated=negated, start=start, end=self.at)

    def bar(self) -> bool:
        """Step over a `|` and the space around it; stay where there is none."""
        position = self.after_space()
        if self.text[position : position + 1] != "|":
            return False
        self.at = position + 1
        self.skip_space()
        if self.next() in ("", "|"):
            self.fail("Something is missing after the |, as in dog|cat.", position)
        return True

    def atom(self) -> Atom:
        start = self.at
        self.atoms_read += 1
        if self.atoms_read > MAX_ATOMS:
            self.fail(f"A search has at most {MAX_ATOMS} terms.", start)
        if self.next() == "|":
            self.fail("Something is missing before the |, as in dog|cat.", start)
        if self.next() == "-":
            self.fail("A - stands once, before all it leaves out: -dog|cat is neither.", start)
        if self.next() in ('"', "“", "”"):
            return self.quoted_label(start)
        head = self.take(_HEAD)
        keyword = _KEYWORDS.get(head.lower()) if self.next() == ":" else None
        if keyword:
            self.at += 1
            return keyword(self, head.lower())
        return self.bare_label(head, start)

    def quoted_label(self, start: int) -> LabelTerm:
        name = self.quoted()
        prefix = self.next() == "*"
        if prefix:
            self.at += 1
        if not name:
            self.fail("There is nothing between these quotes.", start)
        return self.bounded(name, prefix, start)

    def bare_label(self, head: str, start: int) -> LabelTerm:
        operator = self.operator_ahead()
        if not head:
            message = "Write a label right before this, without a space, as in dog>90."
            self.fail(message, start)
        if operator in ("<", ">") and head.endswith("="):
            self.fail(f"Write {operator}= with the = last, as in dog{operator}=90.", self.at - 1)
        if "=" in head:
            message = "Write a threshold as in dog>=90; a label with = in it goes in quotes."
            self.fail(message, start + head.index("="))
        name = head.removesuffix("*")
        if not name:
            self.fail("Write how the label begins before the *, as in dog*.", start)
        for character in "*()":
            if character in name:
                self.fail(_MISPLACED[character], start + name.index(character))
        return self.bounded(name, name != head, start)

    def bounded(self, name: str, prefix: bool, start: int) -> LabelTerm:
        """Read the threshold that may follow a label."""
        operator = self.operator_ahead()
        self.at += len(operator)
        position = self.at
        if not operator:
            self.end_of_atom()
            return LabelTerm(name, prefix)
        value = self.take(_VALUE)
        self.end_of_atom()
        if operator == ":":
            if ".." not in value and not value[:1].isdigit():
                self.fail(_unknown_keyword(name, value), start)
            low, high = values.percent_range(value, position)
            return LabelTerm(name, prefix, low=low, high=high)
        bound = values.percent(value, position)
        if operator.startswith(">"):
            return LabelTerm(name, prefix, low=bound, low_open=operator == ">")
        return LabelTerm(name, prefix, high=bound, high_open=operator == "<")

    def value(self) -> tuple[str, int]:
        """Read the value after a keyword, quoted or not, and tell where it stands."""
        start = self.at
        quoted = self.next() in ('"', "“", "”")
        text = self.quoted() if quoted else self.take(_VALUE)
        self.end_of_atom()
        return text, start

    def quoted(self) -> str:
        match = _QUOTED.match(self.text, self.at)
        if not match:
            self.fail("This quote is not closed.", self.at)
        self.at = match.end()
        return match[2] if match[1] is None else match[1].replace('""', '"')

    def end_of_atom(self) -> None:
        following = self.next()
        if following and following != "|" and not following.isspace():
            quote = following in ('"', "“", "”")
            message = (
                "A quote stands at the beginning; inside quotes it is written twice."
                if quote
                else "Leave a space here, after the closing quote."
            )
            self.fail(message, self.at)

    def next(self) -> str:
        """Return the next character, or nothing at the end."""
        return self.text[self.at : self.at + 1]

    def take(self, pattern: re.Pattern[str]) -> str:
        """Step over what the pattern matches and return it; the pattern may match nothing."""
        match = pattern.match(self.text, self.at)
        found = match[0] if match else ""
        self.at += len(found)
        return found

    def operator_ahead(self) -> str:
        match = _OPERATOR.match(self.text, self.at)
        return match[0] if match else ""

    def skip_space(self) -> None:
        self.at = self.after_space()

    def after_space(self) -> int:
        match = _SPACE.match(self.text, self.at)
        return match.end() if match else self.at

    def fail(self, message: str, position: int) -> NoReturn:
        raise SearchSyntaxError(message, position)


_MISPLACED = {
    "*": "A * stands only at the end of a label, as in dog*; else put the label in quotes.",
    "(": "There are no parentheses here; put a label that has them in quotes.",
    ")": "There are no parentheses here; put a label that has them in quotes.",
}


def _unknown_keyword(name: str, value: str) -> str:
    known = ", ".join(f"{keyword}:" for keyword in _KEYWORDS if keyword != "colour")
    whole = label_text(f"{name}:{value}")
    shown = whole if len(whole) <= 80 else '"hot: dog"'
    return (
        f"There is no search by “{name[:40]}:”, only {known} and a range as in dog:60..90. "
        f"A label with a colon goes in quotes: {shown}."
    )


def _state(parser: _Parser, _: str) -> Atom:
    return StateTerm(values.state(*parser.value()))


def _name(parser: _Parser, _: str) -> Atom:
    text, position = parser.value()
    if not text:
        parser.fail("After name: goes a file name, as in name:img_20*.", position)
    return NameTerm(text)


def _prefix(parser: _Parser, _: str) -> Atom:
    text, position = parser.value()
    path = text.lstrip("/")
    if not path:
        parser.fail("After in: goes a folder, as in in:2026/11.", position)
    return PrefixTerm(path)


def _type(parser: _Parser, _: str) -> Atom:
    return TypeTerm(values.picture_format(*parser.value()))


def _color(parser: _Parser, _: str) -> Atom:
    return ColorTerm(values.color(*parser.value()))


def _moment(parser: _Parser, keyword: str) -> Atom:
    moment = values.moment(*parser.value())
    return AfterTerm(moment) if keyword == "after" else BeforeTerm(moment)


_KEYWORDS: dict[str, Callable[[_Parser, str], Atom]] = {
    "is": _state,
    "name": _name,
    "in": _prefix,
    "type": _type,
    "color": _color,
    "colour": _color,
    "after": _moment,
    "before": _moment,
}
