"""What Aurora DSQL refuses: told from the statements that are sent to PostgreSQL in its place."""

import re
from typing import Any

import psycopg
from aurora_dsql_sqlalchemy.base import AuroraDSQLDialect
from sqlalchemy import Connection, Engine, create_engine, event

from catalog import dialects
from catalog.database import Database
from catalog.dialects.dsql import MOST_ROWS, NAME
from catalog.dialects.postgresql import ISOLATION, engine_arguments

# Words of statements that it does not know, each with what they would do.
FORBIDDEN = {
    r"FOREIGN KEY|REFERENCES": "foreign keys",
    r"CREATE (OR REPLACE )?(TRIGGER|RULE|FUNCTION|PROCEDURE|EXTENSION|MATERIALIZED)": "programs",
    r"\bTEMP(ORARY)?\b": "temporary tables",
    r"\bTRUNCATE\b": "TRUNCATE",
    r"\bSAVEPOINT\b": "SAVEPOINT",
    r"\bVACUUM\b": "VACUUM",
    r"CREATE .*INDEX .*\bWHERE\b": "partial indexes",
    r"CREATE .*INDEX .*\(.*\(": "expressions in indexes",
    r"\bUSING (gin|gist|hash|brin)\b": "other indexes than B-trees",
    r"\bJSONB?\b|\w\[\]": "columns of JSON or arrays",
    r"\bSERIAL\b|\bBIGSERIAL\b": "serial columns",
    r"\bCOLLATE\b": "collations",
    r"\bLOCK TABLE\b|advisory": "locks",
    r"\bDECLARE\b.*\bCURSOR\b": "cursors of the server",
    r"PARTITION (BY|OF)": "partitions",
    r"\bCOPY\b": "COPY",
}
# Only PostgreSQL is sent these.
_BUT = ("collations", "VACUUM", "locks")
_DDL = re.compile(r"\s*(CREATE|DROP|ALTER)\b", re.IGNORECASE)
_CHANGES = re.compile(r"\s*(INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
_CATALOG = re.compile(r"\bpg_catalog\b")


class DsqlRules:
    """Listens to an engine and collects what would have been refused."""

    def __init__(self) -> None:
        self.broken: list[str] = []

    def open(self, url: str) -> Database:
        """Open a catalog on PostgreSQL as if it were Aurora DSQL."""
        engine = dsql_engine(url)
        self.listen(engine)
        dialects.prepare(engine)
        return Database(engine)

    def watch(self, database: Database) -> None:
        """Listen to a catalog that is open; what PostgreSQL alone is sent is not forbidden."""
        if database._engine.dialect.name != NAME:
            self.listen(database._engine)

    def listen(self, engine: Engine) -> None:
        """Check every statement, and how much each transaction changes."""
        event.listen(engine, "after_cursor_execute", self._statement)
        event.listen(engine, "begin", self._begin)

    def _begin(self, connection: Connection) -> None:
        connection.info["changed"] = 0

    def _statement(
        self, connection: Connection, cursor: Any, sql: str, _values: Any, _context: Any, many: bool
    ) -> None:
        ours = connection.dialect.name == NAME
        self.broken += [said for said in refused(sql) if ours or not said.startswith(_BUT)]
        if _DDL.match(sql) and ours and not cursor.connection.autocommit:
            self.broken.append(f"several DDL statements in a transaction: {sql}")
        if _CHANGES.match(sql) and ours:
            connection.info["changed"] = connection.info.get("changed", 0) + max(cursor.rowcount, 0)
            if connection.info["changed"] > MOST_ROWS:
                self.broken.append(
                    f"{connection.info['changed']} rows in a transaction: {sql[:200]}"
                )


def refused(sql: str) -> list[str]:
    """Return what Aurora DSQL would say to a statement; nothing where it takes it."""
    if _CATALOG.search(sql):
        return []  # the dialect's own questions about tables
    return [
        f"{what}: {sql[:500]}"
        for pattern, what in FORBIDDEN.items()
        if re.search(pattern, sql, re.IGNORECASE | re.DOTALL)
    ]


def dsql_engine(url: str) -> Engine:
    """Make an engine with Aurora DSQL's dialect that talks to PostgreSQL."""
    engine = create_engine(
        f"{NAME}+psycopg://",
        creator=lambda: psycopg.connect(url, prepare_threshold=2),
        isolation_level=ISOLATION,
        **engine_arguments(10),
    )
    dialect = engine.dialect
    assert isinstance(dialect, AuroraDSQLDialect)
    dialect._supports_create_index_async = False  # PostgreSQL does not know the word
    return engine
