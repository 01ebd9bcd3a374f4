"""SQLite: one file, one writer at a time, many readers beside it."""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

# How long a connection waits for another writer, in seconds.
BUSY_TIMEOUT = 30
WRITES = "taglight_writes"
# The connection used last comes first, so that few of them fill their caches.
_POOL = {"pool_size": 8, "max_overflow": 40, "pool_timeout": 30, "pool_use_lifo": True}
# Beyond this size a file is not read through at each start, in bytes.
_CHECKED_SIZE = 256 * 1024 * 1024

_PRAGMAS = (
    "PRAGMA page_size=8192",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    # No map of memory: a file that is cut off while it is read would take the process with it.
    "PRAGMA mmap_size=0",
    "PRAGMA cache_size=-32768",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA wal_autocheckpoint=8000",
)


def open_sqlite(url: URL) -> Engine:
    """Make an engine for the file at a URL; nothing is opened yet."""
    engine = create_engine(
        url.set(database=str(file_of(url))),
        connect_args={"timeout": BUSY_TIMEOUT, "check_same_thread": False},
        **_POOL,
    )
    _prepare_connections(engine)
    return engine


def file_of(url: URL) -> Path:
    """Return the file of a URL."""
    return Path(url.database or "").absolute()


def _prepare_connections(engine: Engine) -> None:
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
        if connection.get_execution_options().get(WRITES, False):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            # Every question begins here, and this waits for nothing: straight to the driver.
            driver: Any = connection.connection.driver_connection
            driver.execute("BEGIN")


class Commits:
    """Tells, on a connection of its own, whether anybody has committed: any thread or process."""

    def __init__(self, url: URL) -> None:
        self._uri = f"file:{quote(str(file_of(url)))}?mode=rw"
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._opened = 0

    def mark(self) -> tuple[int, int] | None:
        """Return what is another after every commit; None where the file does not answer at once.

        It reads a few bytes of shared memory and waits for nobody.
        """
        with self._lock:
            rows = self._fetch("PRAGMA data_version", ())
            return None if rows is None else (self._opened, rows[0][0])

    def fetch(self, sql: str, values: Sequence[Any]) -> list[Any] | None:
        """Return a few rows, None where the file does not answer at once.

        What is read between two marks that are the same is of one moment.
        """
        with self._lock:
            return self._fetch(sql, values)

    def close(self) -> None:
        """Close the connection; the next mark opens another one."""
        with self._lock:
            self._close()

    def _fetch(self, sql: str, values: Sequence[Any]) -> list[Any] | None:
        try:
            if self._connection is None:
                self._connection = sqlite3.connect(
                    self._uri,
                    timeout=0,
                    isolation_level=None,
                    check_same_thread=False,
                    uri=True,
                )
                self._opened += 1
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.Error:
            self._close()
            return None

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep other processes from opening the same file while it is checked and made."""
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def set_aside_if_damaged(path: Path, *, known: bool = False) -> str:
    """Rename a file that is no healthy database; everything in it can be made again.

    With `known` its damage need not be looked for. Returns the new name, "" where it is healthy.
    """
    if path.exists() and not known and not _is_damaged(path):
        return ""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    name = f"{path.name}.damaged-{stamp}"
    moved = False
    for suffix in ("-wal", "-shm", ""):  # what is left of a file that is gone belongs to no other
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(path.with_name(name + suffix))
            moved = moved or not suffix
    return name if moved else ""


class FileWatch:
    """Tells whether a file is still the one that was opened.

    This is asked before each use: what is read of a file that is gone or was cut off may look
    healthy. The file of a catalog never gets shorter by itself.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._identity: tuple[int, int] | None = None
        self._size = 0

    @property
    def is_known(self) -> bool:
        """Whether there was a file before."""
        return self._identity is not None

    def remember(self) -> None:
        """Take the file as it is now for the one that was opened."""
        self._identity, self._size = self._look()

    def is_other(self) -> bool:
        """Tell whether the file is gone, is another one, or was cut off."""
        identity, size = self._look()
        if identity != self._identity or size < self._size:
            return True
        self._size = size
        return False

    def is_shorter(self) -> bool:
        """Tell whether it is still the same file, but cut off."""
        identity, size = self._look()
        return identity == self._identity and size < self._size

    def _look(self) -> tuple[tuple[int, int] | None, int]:
        try:
            stat = os.stat(self.path)  # noqa: PTH116 - before each use: quicker than Path.stat
        except OSError:
            return None, 0
        return (stat.st_dev, stat.st_ino), stat.st_size


def _is_damaged(path: Path) -> bool:
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT)
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
