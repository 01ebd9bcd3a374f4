"""Making the tables of an engine, and emptying a catalog of another schema version."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    MetaData,
    Table,
    delete,
    func,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.schema import CreateIndex, CreateTable, DropTable, ExecutableDDLElement

from catalog.dialects import dsql, sqlite
from catalog.errors import CatalogUnavailableError
from catalog.schema import ARRAYS, SAMPLES, SCHEMA_VERSION, meta, metadata

VERSION = "schema_version"
NEEDS_REINDEX = "needs_reindex"
# While tables are being made one by one; an interrupted start begins again.
_UNFINISHED = "unfinished"
# Who makes tables holds this lock of PostgreSQL (the letters of "tagl").
_LOCK = 0x7461676C


def prepare(engine: Engine) -> None:
    """Make the tables where they lack, and empty a catalog of another schema version.

    Raises CatalogUnavailableError where the database is somebody else's.
    """
    if engine.dialect.name == dsql.NAME:
        _one_by_one(engine)
    else:
        _at_once(engine)


def settle(engine: Engine) -> None:
    """After much was written: let the engine see what there is now."""
    if engine.dialect.name == "postgresql":
        with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            for table in tables(engine.dialect.name):
                connection.execute(text(f"VACUUM (ANALYZE) {table.name}"))


def tables(dialect: str) -> list[Table]:
    """Return the tables that an engine keeps; those for arrays in memory only SQLite does."""
    kept = [
        table
        for table in metadata.sorted_tables
        if dialect == "sqlite" or not table.info.get(ARRAYS)
    ]
    return [_without_included(table) for table in kept] if dialect == dsql.NAME else kept


def definitions(dialect: str) -> Iterator[ExecutableDDLElement]:
    """Yield the statements that make all tables but `meta`, and all indexes."""
    for table in tables(dialect):
        if table.name != meta.name:
            yield CreateTable(table, if_not_exists=True)
            for index in sorted(table.indexes, key=lambda index: str(index.name)):
                if dialect != "sqlite" or not index.info.get(SAMPLES):
                    yield CreateIndex(index, if_not_exists=True)


def _without_included(table: Table) -> Table:
    """Return a copy for Aurora DSQL, whose primary keys hold all columns as they are."""
    copy = table.to_metadata(MetaData())
    copy.primary_key.dialect_options["postgresql"]["include"] = None
    return copy


def read_fact(connection: Connection, name: str) -> str | None:
    """Return what is known of the catalog itself under a name."""
    found: str | None = connection.scalar(select(meta.c.value).where(meta.c.name == name))
    return found


def read_facts(connection: Connection) -> dict[str, str]:
    """Return all that is known of the catalog itself, nothing where there is no catalog."""
    if not inspect(connection).has_table(meta.name):
        return {}
    rows = connection.execute(select(meta.c.name, meta.c.value))
    return {row.name: row.value for row in rows}


def write_fact(connection: Connection, name: str, value: str) -> None:
    """Remember something of the catalog itself."""
    connection.execute(delete(meta).where(meta.c.name == name))
    connection.execute(insert(meta).values(name=name, value=value))


def _at_once(engine: Engine) -> None:
    """Make everything in one transaction: there is never half a catalog."""
    options: dict[str, Any] = {sqlite.WRITES: True}
    if engine.dialect.name == "postgresql":
        # What whoever held the lock before has made must be seen.
        options["isolation_level"] = "READ COMMITTED"
    with engine.execution_options(**options).begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        there = set(inspect(connection).get_table_names())
        version = read_fact(connection, VERSION) if meta.name in there else None
        if version == SCHEMA_VERSION:
            return
        for name in _to_be_dropped(engine, there, version):
            quoted = connection.dialect.identifier_preparer.quote(name)
            connection.exec_driver_sql(f"DROP TABLE {quoted}")
        connection.execute(CreateTable(meta))
        for definition in definitions(engine.dialect.name):
            connection.execute(definition)
        write_fact(connection, VERSION, SCHEMA_VERSION)
        write_fact(connection, NEEDS_REINDEX, "yes")


def _to_be_dropped(engine: Engine, there: set[str], version: str | None) -> list[str]:
    """Return the tables of an older catalog; a file is all ours, a database may not be."""
    if engine.dialect.name == "sqlite":
        return sorted(there - {"sqlite_sequence"})
    found = sorted(there & set(metadata.tables))
    _refuse_foreign(found, version)
    return found


def _refuse_foreign(found: list[str], version: str | None) -> None:
    if set(found) - {meta.name} and version is None:
        raise CatalogUnavailableError(
            f"The database holds tables that are not Taglight's ({', '.join(found)}). "
            "Give Taglight a database of its own in CATALOG_URL."
        )


def _one_by_one(engine: Engine) -> None:
    """Make each table in a transaction of its own, as Aurora DSQL asks for.

    The version comes last: a start that was interrupted before begins again.
    """
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        there = set(inspect(connection).get_table_names())
        version = read_fact(connection, VERSION) if meta.name in there else None
        if version == SCHEMA_VERSION:
            return
        found = sorted(there & set(metadata.tables))
        _refuse_foreign(found, version)
        connection.execute(CreateTable(meta, if_not_exists=True))
        write_fact(connection, VERSION, _UNFINISHED)
        for name in found:
            if name != meta.name:
                connection.execute(DropTable(metadata.tables[name], if_exists=True))
        for definition in definitions(engine.dialect.name):
            connection.execute(definition)
        write_fact(connection, NEEDS_REINDEX, "yes")
        write_fact(connection, VERSION, SCHEMA_VERSION)
