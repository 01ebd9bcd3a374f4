"""What the content of files hashes to, remembered as long as the files stay untouched.

A cache: it may be lost at any moment, and a folder that cannot be written works without it.
"""

import contextlib
import hashlib
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

Signature = tuple[int, int, int, int]

_CHUNK = 1 << 20
# Two writes within one tick of a file system's clock (up to 2 s on FAT) look the same from outside.
_SETTLED_AFTER_NS = 2_000_000_000
# Seconds until a cache that could not be opened is tried again: trying costs more than hashes.
_RETRY_AFTER = 1.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS etags (
  folder TEXT, name TEXT, size INTEGER, mtime INTEGER, ctime INTEGER, inode INTEGER, etag TEXT,
  PRIMARY KEY (folder, name)
) WITHOUT ROWID
"""


def signature(stat: os.stat_result) -> Signature:
    """Return what changes when a file's content does."""
    return (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)


def is_settled(stat: os.stat_result) -> bool:
    """Tell whether a later write to this file is sure to show in its signature."""
    return time.time_ns() - max(stat.st_mtime_ns, stat.st_ctime_ns) > _SETTLED_AFTER_NS


def hash_file(descriptor: int) -> str:
    """Return the SHA-256 (hex) of an open file, read from its beginning."""
    digest = hashlib.sha256()
    position = 0
    while chunk := os.pread(descriptor, _CHUNK, position):
        digest.update(chunk)
        position += len(chunk)
    return digest.hexdigest()


class EtagCache:
    """Remembered ETags by key; safe for many threads and processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._retry_at = 0.0

    def get(self, key: str, current: Signature) -> str | None:
        """Return the ETag of the file of this key, if it is the one remembered."""
        rows = self._run("SELECT * FROM etags WHERE folder = ? AND name = ?", _split(key))
        return str(rows[0][6]) if rows and tuple(rows[0][2:6]) == current else None

    def folder(self, prefix: str) -> dict[str, tuple[Signature, str]]:
        """Return what is remembered of the files directly in one folder, by name."""
        rows = self._run("SELECT * FROM etags WHERE folder = ?", (prefix,))
        return {row[1]: ((row[2], row[3], row[4], row[5]), row[6]) for row in rows}

    def put(self, key: str, current: Signature, etag: str) -> None:
        """Remember the ETag of a file."""
        statement = "INSERT OR REPLACE INTO etags VALUES (?, ?, ?, ?, ?, ?, ?)"
        self._run(statement, (*_split(key), *current, etag))

    def forget(self, prefix: str, names: Iterable[str]) -> None:
        """Forget files of one folder that are gone."""
        for name in names:
            self._run("DELETE FROM etags WHERE folder = ? AND name = ?", (prefix, name))

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            self._drop()

    def _run(self, statement: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                if self._connection is None:
                    if time.monotonic() < self._retry_at:
                        return []
                    self._retry_at = time.monotonic() + _RETRY_AFTER
                    self._connection = self._open()
                    self._retry_at = 0.0
                return self._connection.execute(statement, values).fetchall()
            except sqlite3.OperationalError as error:  # locked, read-only, full: do without
                log.debug("The cache of ETags does not answer: %s", error)
            except sqlite3.DatabaseError as error:
                log.warning("The cache of ETags was damaged and is begun anew: %s", error)
                self._drop()
                self._retry_at = 0.0
                with contextlib.suppress(OSError):
                    self._path.unlink(missing_ok=True)
            return []

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=5, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(_SCHEMA)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def __del__(self) -> None:
        self._drop()  # whoever forgot to close it: Python 3.13 warns of an open database

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _split(key: str) -> tuple[str, str]:
    folder, slash, name = key.rpartition("/")
    return folder + slash, name
