"""SQLite: one file, one writer at a time, many readers beside it."""

import fcntl
import sqlite3
import threading
from collections.abc import Iterator
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
_POOL = {"pool_size": 8, "max_overflow": 40, "pool_timeout": 30}
# Beyond this size a file is not read through at each start, in bytes.
_CHECKED_SIZE = 256 * 1024 * 1024

_PRAGMAS = (
    "PRAGMA page_size=8192",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA mmap_size=4294967296",
    "PRAGMA cache_size=-65536",
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
                (number,) = self._connection.execute("PRAGMA data_version").fetchone()
            except sqlite3.Error:
                self._close()
                return None
            return self._opened, number

    def close(self) -> None:
        """Close the connection; the next mark opens another one."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep other processes from opening the same file while it is checked and made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def set_aside_if_damaged(path: Path) -> None:
    """Rename a file that is no healthy database; everything in it can be made again."""
    if not path.exists() or not _is_damaged(path):
        return
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(path.with_name(f"{path.name}.damaged-{stamp}{suffix}"))


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
