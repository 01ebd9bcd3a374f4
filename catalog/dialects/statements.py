"""Statements that engines put differently."""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Dialect,
    Engine,
    Exists,
    Select,
    Table,
    case,
    func,
    insert,
    literal_column,
    select,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import Float, Integer

from catalog.chunks import chunks
from catalog.dialects import copy_text
from catalog.dialects.sqlite import WRITES

# Ids that are made from names are spread evenly over this range.
IDS = 2**63
# Parameters of one statement; PostgreSQL takes 65,535.
_MOST_VALUES = 30_000
# Rows from which on they are copied: below, the way there and back weighs more.
_COPIED = 50
# Values that are made to text at a time: the server takes them in while the next are made.
_COPIED_AT_ONCE = 6_000
# Matches that are counted in the time of a click; a sample of as many is right by some 2.5 %.
_EXACT_UP_TO = 2_000


def fetch(connection: Connection, sql: str, values: Sequence[Any]) -> list[Any]:
    """Return the rows of a ready statement as plain tuples where the driver gives them."""
    if not _is_sqlite(connection):
        return list(connection.exec_driver_sql(sql, tuple(values)).all())
    with _asked_of_the_driver(connection, sql, values) as driver:
        found: list[Any] = driver.execute(sql, values).fetchall()
    return found


def column(connection: Connection, sql: str) -> Iterator[Any]:
    """Yield what stands first in each row of SQLite's answer; they are never all held at once."""
    with _asked_of_the_driver(connection, sql, ()) as driver:
        for row in driver.execute(sql):
            yield row[0]


@contextmanager
def _asked_of_the_driver(connection: Connection, sql: str, values: Sequence[Any]) -> Iterator[Any]:
    """Give SQLite's own connection in the transaction, and turn its errors into the engine's."""
    if not connection.in_transaction():
        connection.begin()
    try:
        yield connection.connection.driver_connection
    except sqlite3.Error as error:
        raise DBAPIError.instance(sql, values, error, sqlite3.Error) from error


def insert_many(
    connection: Connection, table: Table, columns: Sequence[str], rows: list[tuple[Any, ...]]
) -> None:
    """Insert rows whose values stand in the order of `columns`, without a dictionary for each."""
    if not rows:
        return
    statement = _insertion(connection.dialect, table, tuple(columns))
    if _is_sqlite(connection):
        connection.exec_driver_sql(statement, rows)
        return
    if connection.dialect.name == "postgresql" and len(rows) >= _COPIED:
        _copy(connection, table, columns, rows)
        return
    # One statement for many rows: each statement is a way to the server and back.
    head, values = statement.split(" VALUES ")
    for chunk in chunks(rows, _MOST_VALUES // len(columns)):
        flat = tuple([value for row in chunk for value in row])
        connection.exec_driver_sql(f"{head} VALUES {', '.join([values] * len(chunk))}", flat)


@lru_cache(maxsize=64)
def _insertion(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> str:
    """Return the statement that inserts a row; to make it takes longer than to run it."""
    statement = insert(table).values(dict.fromkeys(columns)).compile(dialect=dialect)
    assert tuple(statement.positiontup or ()) == columns  # noqa: S101 - our own order
    return str(statement)


def _copy(
    connection: Connection, table: Table, columns: Sequence[str], rows: list[tuple[Any, ...]]
) -> None:
    """Send rows as PostgreSQL's COPY takes them: nothing is parsed or planned for each."""
    driver: Any = connection.connection.driver_connection
    sql = f"COPY {table.name} ({', '.join(columns)}) FROM STDIN"
    numbers = all(isinstance(table.c[name].type, Float | Integer) for name in columns)
    lines = copy_text.of_numbers if numbers else copy_text.of_values
    try:
        with driver.cursor() as cursor, cursor.copy(sql) as copy:
            for chunk in chunks(rows, _COPIED_AT_ONCE // len(columns)):
                copy.write(lines(chunk))
    except Exception as error:
        from psycopg import Error

        if isinstance(error, Error):
            raise DBAPIError.instance(
                sql, None, error, Error, dialect=connection.dialect
            ) from error
        raise


def insert_missing(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert those rows whose unique columns are not there yet."""
    # The engine has loaded its own dialect; the other takes a cold start for nothing.
    if _is_sqlite(connection):
        from sqlalchemy.dialects import sqlite

        connection.execute(sqlite.insert(table).on_conflict_do_nothing(), rows)
    else:
        from sqlalchemy.dialects import postgresql

        connection.execute(postgresql.insert(table).on_conflict_do_nothing(), rows)


def new_ids(
    connection: Connection, column: Column[int], names: Sequence[Iterable[str]]
) -> list[int]:
    """Return an id for each row that is not there yet, which is told apart by its names.

    On SQLite the writer is alone, so these are the next numbers. Elsewhere all writers would
    meet at the next number: there an id is made from the names, the same whoever makes it, and
    ids are spread evenly, so that those below some number are a fair sample.
    """
    if _is_sqlite(connection):
        highest = connection.scalar(select(func.max(column))) or 0
        return list(range(highest + 1, highest + 1 + len(names)))
    return [_hashed(each) for each in names]


def _hashed(names: Iterable[str]) -> int:
    digest = hashlib.sha256("\0".join(names).encode("utf-8", "replace")).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def exact_up_to(engine: Engine) -> int | None:
    """Return up to how many matches are counted one by one; None where all of them are.

    Beyond, counts are worked out from a sample, for which ids must be spread evenly.
    """
    return None if engine.dialect.name == "sqlite" else _EXACT_UP_TO


def in_a_writing_transaction(connection: Connection) -> bool:
    """Tell whether what this connection sees may yet be rolled back."""
    return bool(connection.get_execution_options().get(WRITES, False))


def keeps_arrays(connection: Connection) -> bool:
    """Tell whether counts come from arrays in memory, which the writer must then feed."""
    return may_keep_arrays(connection.engine)


def may_keep_arrays(engine: Engine) -> bool:
    """Tell whether an engine keeps what arrays in memory are made from.

    It takes an order of all changes, which where many write at once none could be sure of.
    """
    return engine.dialect.name == "sqlite"


def probe(
    connection: Connection, conditions: Iterable[ColumnElement[bool]], *, joined: bool = False
) -> Exists:
    """Ask for each row of a selection whether there is another one, by an index.

    PostgreSQL would rather read both sides whole and join them, however few rows are asked
    for; it does not where the question has an offset. With `joined` it may.
    """
    question: Select[Any] = select(literal_column("1")).where(*conditions)
    if not joined and not _is_sqlite(connection):
        question = question.offset(literal_column("0"))
    return question.exists()


def _is_sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"


class unindexed(GenericFunction[Any]):  # noqa: N801 - reads like the SQL it makes
    """A column that SQLite shall not choose an index by (its unary plus)."""

    inherit_cache = True


@compiles(unindexed)
def _plain(element: unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return str(compiler.process(element.clauses.clauses[0], **options))


@compiles(unindexed, "sqlite")
def _with_plus(element: unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{_plain(element, compiler, **options)}"


class whole(GenericFunction[int]):  # noqa: N801 - reads like the SQL it makes
    """A positive number without its fraction."""

    type = Integer()
    inherit_cache = True


@compiles(whole)
def _floor(element: whole, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST(floor({compiler.process(element.clauses, **options)}) AS INTEGER)"


@compiles(whole, "sqlite")
def _cast(element: whole, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **options)} AS INTEGER)"


def greatest(first: ColumnElement[Any], second: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the greater of two values that are not NULL."""
    return case((first >= second, first), else_=second)
