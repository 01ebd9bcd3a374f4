"""Rows as the text that PostgreSQL's COPY reads, made for many at once.

Psycopg would turn each value to text by itself, which takes several times as long.
"""

from collections.abc import Sequence
from typing import Any

from catalog.terms import clean

# No text in PostgreSQL holds a NUL: so these stand for what is not to be escaped.
_BETWEEN, _END, _NULL = "\0B", "\0E", "\0N"
# The backslash first, or it would be doubled in what the others have become.
_ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))
_MARKS = ((_BETWEEN, "\t"), (_END, "\n"), (_NULL, "\\N"))


def of_numbers(rows: Sequence[tuple[Any, ...]]) -> str:
    """Return rows that hold nothing but numbers."""
    return "".join(["\t".join(map(repr, row)) + "\n" for row in rows])


def of_values(rows: Sequence[tuple[Any, ...]]) -> str:
    """Return rows of texts, numbers and None; texts as `clean` leaves them."""
    marks, lines = 0, []
    for row in rows:
        values = [
            value if isinstance(value, str) else _NULL if value is None else repr(value)
            for value in row
        ]
        marks += len(row) + row.count(None)
        lines.append(_BETWEEN.join(values))
    text = _END.join([*lines, ""])
    if text.count("\0") != marks:
        return of_values([_without_nul(row) for row in rows])
    for plain, escaped in _ESCAPES + _MARKS:
        text = text.replace(plain, escaped)
    return clean(text)


def _without_nul(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple([clean(value) if isinstance(value, str) else value for value in row])
