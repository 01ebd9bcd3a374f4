"""The differences between the engines of CATALOG_URL; nothing else asks which engine it is."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Connection, Engine, Table, case, event, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import Integer

# How long a connection waits for another writer, in seconds.
BUSY_TIMEOUT = 30
WRITES = "taglight_writes"

_PRAGMAS = (
    "PRAGMA page_size=8192",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA mmap_size=4294967296",
    "PRAGMA cache_size=-65536",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA wal_autocheckpoint=8000",
)


def prepare_sqlite(engine: Engine) -> None:
    """Set up every connection, and let the engine begin transactions instead of the driver.

    A writing transaction begins IMMEDIATE: a deferred one that has read first fails at once
    when another has written meanwhile, whatever the timeout.
    """

    @event.listens_for(engine, "connect")
    def connect(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        driver: Any = connection
        assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - for the type checker
        driver.isolation_level = None
        for pragma in _PRAGMAS:
            driver.execute(pragma)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def fetch(connection: Connection, sql: str, values: Sequence[Any]) -> list[Any]:
    """Return the rows of a ready statement as plain tuples where the driver gives them."""
    if connection.dialect.name != "sqlite":
        return list(connection.exec_driver_sql(sql, tuple(values)).all())
    if not connection.in_transaction():
        connection.begin()
    driver: Any = connection.connection.driver_connection
    try:
        found: list[Any] = driver.execute(sql, values).fetchall()
    except sqlite3.Error as error:
        raise DBAPIError.instance(sql, values, error, sqlite3.Error) from error
    return found


def insert_many(
    connection: Connection, table: Table, columns: Sequence[str], rows: list[tuple[Any, ...]]
) -> None:
    """Insert rows whose values stand in the order of `columns`, without a dictionary for each."""
    if rows:
        named = dict.fromkeys(columns)
        statement = insert(table).values(named).compile(dialect=connection.dialect)
        assert list(statement.positiontup or []) == list(columns)  # noqa: S101 - our own order
        connection.exec_driver_sql(str(statement), rows)


def insert_missing(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert those rows whose unique columns are not there yet."""
    module = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(module.insert(table).on_conflict_do_nothing(), rows)


def next_ids(connection: Connection, column: Column[int], count: int) -> range:
    """Return `count` ids that no row has; on SQLite the writer is alone, so these are the next."""
    highest = connection.scalar(select(func.max(column))) or 0
    return range(highest + 1, highest + 1 + count)


def in_a_writing_transaction(connection: Connection) -> bool:
    """Tell whether what this connection sees may yet be rolled back."""
    return bool(connection.get_execution_options().get(WRITES, False))


def keeps_arrays(connection: Connection) -> bool:
    """Tell whether counts come from arrays in memory, which the writer must then feed."""
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
