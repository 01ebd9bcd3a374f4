"""The database of the catalog: engine, transaction rule, schema version.

The rule: `with database.writing() as connection` commits on a clean exit and rolls back on an
error; functions of writes.py and reads.py take a connection and never commit.
"""

import fcntl
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, delete, insert, inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from catalog import dialects
from catalog.errors import CatalogUnavailableError
from catalog.schema import SCHEMA_VERSION, meta, metadata

if TYPE_CHECKING:
    from catalog.columns import Columns

DATABASE = "taglight_database"
# Where a writing transaction keeps the labels it has made or read, until it commits.
NEW_LABELS = "taglight_new_labels"
_POOL = {"pool_size": 8, "max_overflow": 40, "pool_timeout": 30}
_NEEDS_REINDEX = "needs_reindex"
_VERSION = "schema_version"
# Beyond this size a file is not read through at each start, in bytes.
_CHECKED_SIZE = 256 * 1024 * 1024


class Database:
    """The catalog's database; opened once a process, shared by its threads."""

    def __init__(self, engine: Engine) -> None:
        # Committed labels by folded name: id, name as shown, category (used by writes.py).
        self.labels: dict[str, tuple[int, str, str]] = {}
        # Searches that were asked before (used by prepared.py).
        self.statements: OrderedDict[Hashable, Any] = OrderedDict()
        # Counts come from arrays in memory where they can be made, else from SQL (facets.py).
        self.uses_arrays = all(find_spec(name) for name in ("numpy", "pyroaring"))
        self.arrays: Columns | None = None
        self.arrays_lock = threading.Lock()
        self._engine = engine.execution_options(**{DATABASE: self})
        self._writer = self._engine.execution_options(**{dialects.WRITES: True})

    @classmethod
    def open(cls, url: str) -> "Database":
        """Open the catalog at a URL (`sqlite:////path`) and make its tables where they lack.

        A catalog of another schema version is emptied, a damaged file is set aside; both then
        have `needs_reindex`. Raises CatalogUnavailableError.
        """
        parsed = make_url(url)
        if parsed.get_backend_name() != "sqlite":
            raise CatalogUnavailableError(f"There is no catalog for {parsed.drivername} addresses.")
        path = Path(parsed.database or "").absolute()
        engine = create_engine(
            parsed.set(database=str(path)),
            connect_args={"timeout": dialects.BUSY_TIMEOUT, "check_same_thread": False},
            **_POOL,
        )
        dialects.prepare_sqlite(engine)
        database = cls(engine)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with _alone(path):
                _set_aside_if_damaged(path)
                database._prepare()
        except (OSError, sqlite3.Error) as error:
            raise CatalogUnavailableError(
                f"The catalog {path} cannot be opened: {error}"
            ) from error
        return database

    @property
    def needs_reindex(self) -> bool:
        """Tell whether the catalog is still to be filled from the documents."""
        with self.reading() as connection:
            return _get(connection, _NEEDS_REINDEX) == "yes"

    def set_needs_reindex(self, needed: bool) -> None:
        """Remember whether the catalog is still to be filled from the documents."""
        with self.writing() as connection:
            _set(connection, _NEEDS_REINDEX, "yes" if needed else "no")

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the catalog. Raises CatalogUnavailableError."""
        with _converted(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection that writes alone; commits on a clean exit, else rolls back.

        Raises CatalogUnavailableError.
        """
        with _converted(), self._writer.begin() as connection:
            connection.info.pop(NEW_LABELS, None)
            yield connection
            made = connection.info.pop(NEW_LABELS, {})
        # Only now are these ids certain: a rollback would have taken them back.
        self.labels.update(made)

    def check(self) -> None:
        """Return when the database answers. Raises CatalogUnavailableError."""
        with self.reading() as connection:
            connection.execute(select(meta.c.value).limit(1)).all()

    def close(self) -> None:
        """Close all connections that are not in use."""
        self._engine.dispose()

    def _prepare(self) -> None:
        """Make the tables; empty a catalog of another schema version."""
        with self.writing() as connection:
            tables = set(inspect(connection).get_table_names())
            version = _get(connection, _VERSION) if meta.name in tables else None
            if version == SCHEMA_VERSION:
                return
            for name in sorted(tables - {"sqlite_sequence"}):
                quoted = connection.dialect.identifier_preparer.quote(name)
                connection.exec_driver_sql(f"DROP TABLE {quoted}")
            metadata.create_all(connection)
            _set(connection, _VERSION, SCHEMA_VERSION)
            _set(connection, _NEEDS_REINDEX, "yes")


def database_of(connection: Connection) -> Database:
    """Return the database that a connection came from."""
    database = connection.get_execution_options()[DATABASE]
    assert isinstance(database, Database)  # noqa: S101 - for the type checker
    return database


@contextmanager
def _converted() -> Iterator[None]:
    """Turn the engine's errors into the catalog's own."""
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise CatalogUnavailableError(f"The catalog does not answer: {cause}") from error


def _get(connection: Connection, name: str) -> str | None:
    return connection.scalar(select(meta.c.value).where(meta.c.name == name))


def _set(connection: Connection, name: str, value: str) -> None:
    connection.execute(delete(meta).where(meta.c.name == name))
    connection.execute(insert(meta).values(name=name, value=value))


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep other processes from opening the same catalog while it is checked and made."""
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _set_aside_if_damaged(path: Path) -> None:
    """Rename a file that is no healthy database; everything in it can be made again."""
    if not path.exists() or not _is_damaged(path):
        return
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(path.with_name(f"{path.name}.damaged-{stamp}{suffix}"))


def _is_damaged(path: Path) -> bool:
    connection = sqlite3.connect(path, timeout=dialects.BUSY_TIMEOUT)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if path.stat().st_size > _CHECKED_SIZE:
            return False
        return bool(connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",))
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        return True
    finally:
        connection.close()
