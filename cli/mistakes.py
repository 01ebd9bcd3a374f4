"""Mistakes in what was typed: a sentence, a caret under the place, exit status 2."""

from rich.cells import cell_len

from catalog.errors import SearchSyntaxError, TaglightError
from catalog.query import Query, parse

# So much of a long search is shown at each side of the mistake.
_AROUND = 36


class MistakeError(TaglightError):
    """What was typed makes no sense here; the message says what to type instead."""


def parse_query(text: str) -> Query:
    """Read a search as typed after --query. Raises MistakeError that points at the place."""
    try:
        return parse(text)
    except SearchSyntaxError as error:
        raise MistakeError(f"{error.message}\n{pointed_at(text, error.position)}") from error


def pointed_at(text: str, position: int) -> str:
    """Return the search and, below it, a caret under the character at this position."""
    line = "".join(character if character.isprintable() else " " for character in text)
    start, end = max(0, position - _AROUND), position + _AROUND
    before = ("…" if start else "") + line[start:position]
    after = line[position:end] + ("…" if end < len(line) else "")
    return f"  {before}{after}\n  {' ' * cell_len(before)}^"
