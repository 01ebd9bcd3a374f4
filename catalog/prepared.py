"""Searches that were asked before, ready as text: making one costs more than running it."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, literal_column

from catalog import pages
from catalog.database import database_of
from catalog.dialects import fetch
from catalog.query import Query
from catalog.schema import image
from catalog.search_sql import match

# So many are remembered by each database; some kilobytes each.
_REMEMBERED = 256
# Stands for numbers that are written into the text: they are too many for parameters.
_MANY_IDS = "many_ids"
MANY_IDS: ColumnElement[int] = literal_column(_MANY_IDS)


@dataclass(frozen=True, slots=True)
class PreparedPage:
    """One page's statement; `values` are its parameters in order, late ones by the name of a key.

    A late parameter is a value of the cursor: `Late(n)` stands for the n-th.
    """

    sql: str
    values: tuple[Any, ...]

    def run(self, connection: Connection, cursor: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """Return the rows of the page that begins after these values."""
        bound = tuple(cursor[v.place] if isinstance(v, Late) else v for v in self.values)
        return fetch(connection, self.sql, bound)


@dataclass(frozen=True, slots=True)
class Late:
    """The place of a value in the cursor."""

    place: int


@dataclass(frozen=True, slots=True)
class _Ready:
    """A statement, the names of its parameters in order, and the values that never change."""

    sql: str
    names: tuple[str, ...]
    constants: dict[str, Any]


def ask(
    connection: Connection,
    key: Hashable,
    build: Callable[[], Select[Any]],
    values: Mapping[str, Any],
    ids: Iterable[int] = (),
) -> Sequence[Sequence[Any]]:
    """Return the rows of the statement that `build` makes, from memory where it was asked before.

    `key` tells statements apart; `values` are those of its parameters by name, `ids` take the
    place of MANY_IDS.
    """
    remembered: OrderedDict[Hashable, Any] = database_of(connection).statements
    found = remembered.get(key)
    if found is None:
        found = _Ready(*_compiled(connection, build()))
        _remember(remembered, key, found)
    sql = found.sql.replace(_MANY_IDS, ",".join(map(str, ids))) if ids else found.sql
    bound = [values[n] if n in values else found.constants[n] for n in found.names]
    return fetch(connection, sql, bound)


def _remember(remembered: OrderedDict[Hashable, Any], key: Hashable, found: object) -> None:
    remembered[key] = found
    if len(remembered) > _REMEMBERED:
        remembered.pop(next(iter(remembered)), None)


def identity(query: Query) -> Hashable:
    """Return what two texts that mean the same search have in common."""
    return tuple([(clause.negated, clause.atoms) for clause in query.clauses])


def prepared_page(
    connection: Connection,
    query: Query,
    minimum: float | None,
    sort: str,
    most: int,
    continued: bool,
    fields: tuple[str, ...],
) -> PreparedPage:
    """Return the statement of one page, from memory where it was asked before."""
    remembered: OrderedDict[Hashable, PreparedPage] = database_of(connection).statements
    key = (identity(query), minimum, sort, most, continued, fields)
    found = remembered.get(key)
    if found is not None:
        return found
    matches = match(connection, query, minimum)
    keys = pages.order(sort, matches)
    selection = matches.select(
        *[image.c[name] for name in fields], *[each.column for each in keys], with_image=True
    )
    if continued:
        late: list[Any] = [
            bindparam(f"late_{place}", value=Late(place)) for place in range(len(keys))
        ]
        selection = selection.where(pages.beyond(keys, late))
    statement = pages.ordered(selection, keys).limit(most)
    sql, names, constants = _compiled(connection, statement)
    found = PreparedPage(sql, tuple(constants[name] for name in names))
    if matches.names_all_known:
        _remember(remembered, key, found)
    return found


def _compiled(
    connection: Connection, statement: Select[Any]
) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    compiled = statement.compile(
        dialect=connection.dialect, compile_kwargs={"render_postcompile": True}
    )
    return str(compiled), tuple(compiled.positiontup or []), dict(compiled.params)
