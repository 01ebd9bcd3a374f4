"""Pages by key set: where a page begins is said by the values of the row before it.

So a page costs the same wherever it is, and pictures that come and go move no other page.
"""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Select, and_, or_

from catalog.errors import InvalidCursorError
from catalog.query import LabelTerm, Query
from catalog.schema import image
from catalog.search_sql import Matches

Sort = Literal["newest", "oldest", "taken", "name", "confidence"]
SORTS: tuple[str, ...] = get_args(Sort)
MAX_LIMIT = 200
_INTEGERS = range(-(2**63), 2**63)
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Key:
    """One column of an order; `kind` is what its values look like in a cursor."""

    column: ColumnElement[Any]
    descending: bool
    kind: type


def order(sort: str, matches: Matches) -> list[Key]:
    """Return the columns of an order, which together tell every two rows apart.

    Missing values are kept as the lowest (an empty date, a confidence of -1), so they come last.
    """
    newest = Key(matches.uploaded_at, True, int)
    unique = [Key(image.c.key, False, str), Key(image.c.trash, False, str)]
    if sort == "confidence":
        return [Key(matches.confidence, True, float), newest, *unique]
    first: dict[str, list[Key]] = {
        "newest": [newest],
        "oldest": [Key(matches.uploaded_at, False, int)],
        "taken": [Key(image.c.taken_at, True, str), newest],
        "name": [Key(image.c.name_folded, False, str), newest],
    }
    if sort not in first:
        raise ValueError(f"There is no order {sort!r}: it is one of {', '.join(SORTS)}.")
    return first[sort] + unique


def kinds(sort: str) -> list[type]:
    """Return what the values of an order look like in a cursor. Raises ValueError."""
    first: dict[str, list[type]] = {
        "newest": [int],
        "oldest": [int],
        "taken": [str, int],
        "name": [str, int],
        "confidence": [float, int],
    }
    if sort not in first:
        raise ValueError(f"There is no order {sort!r}: it is one of {', '.join(SORTS)}.")
    return [*first[sort], str, str]


def walks_an_index(query: Query, sort: str) -> bool:
    """Tell whether a page is a short walk along an index, so that nothing is to be gained."""
    if not query.clauses:
        return True
    return len(query.clauses) == 1 and sort in ("newest", "oldest") and is_one_label(query)


def is_one_label(query: Query) -> bool:
    """Tell whether a query asks for one label and nothing else."""
    (clause,) = query.clauses
    atom = clause.atoms[0]
    alone = len(clause.atoms) == 1 and not clause.negated
    return alone and isinstance(atom, LabelTerm) and not atom.prefix


def ordered(query: Select[Any], keys: list[Key], *, backwards: bool = False) -> Select[Any]:
    """Sort a selection by an order, or by its opposite."""
    return query.order_by(
        *[k.column.desc() if k.descending != backwards else k.column.asc() for k in keys]
    )


def beyond(keys: list[Key], values: list[Any], *, backwards: bool = False) -> ColumnElement[bool]:
    """Return what holds for rows after the one of these values (or, backwards, before it)."""
    result: ColumnElement[bool] | None = None
    for key, value in zip(reversed(keys), reversed(values), strict=True):
        down = key.descending != backwards
        past = key.column < value if down else key.column > value
        if result is None:
            result = past
        else:
            # The first part says the same as the rest together; it is what an index can use.
            reach = key.column <= value if down else key.column >= value
            result = and_(reach, or_(past, result))
    assert result is not None  # noqa: S101 - an order is never empty
    return result


def write_cursor(fingerprint: str, values: list[Any]) -> str:
    """Pack the values of a page's last row."""
    packed = _compact([fingerprint, *values])
    return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")


def read_cursor(cursor: str, fingerprint: str, kinds: list[type]) -> list[Any]:
    """Return the values in a cursor. Raises InvalidCursorError unless it is of this search."""
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        values: list[Any]
        given, *values = json.loads(packed)
        sound = given == fingerprint and len(values) == len(kinds)
    except (binascii.Error, UnicodeError, ValueError, TypeError, RecursionError) as error:
        raise InvalidCursorError("This is no cursor: go back to the first page.") from error
    if not sound or not all(_fits(v, kind) for v, kind in zip(values, kinds, strict=True)):
        raise InvalidCursorError("This cursor is of another search: go back to the first page.")
    return values


def fingerprint(query: Query, minimum: float | None, sort: str) -> str:
    """Return what a cursor must have in common with the search it continues."""
    what = [[(clause.negated, clause.atoms) for clause in query.clauses], minimum, sort]
    return hashlib.sha256(repr(what).encode("utf-8", "replace")).hexdigest()[:12]


def _fits(value: object, kind: type) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return kind in (int, float) and value in _INTEGERS
    if isinstance(value, str):
        return kind is str and "\x00" not in value and _encodable(value)
    return isinstance(value, kind)


def _encodable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
