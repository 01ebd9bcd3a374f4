"""The durable queue between the store's changes and those who act on them, for one machine.

What SQS is on AWS: a message that was received stays hidden for a while and comes back unless it
is done. Many processes may send and receive at once; every step is on disk before it returns.
"""

import contextlib
import hashlib
import json
import logging
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from catalog.errors import StoreFullError, StoreUnavailableError
from catalog.storage.changes import ObjectChange, QueueName, event_body, route
from catalog.storage.mishaps import is_damage

__all__ = ["Journal", "Message", "ObjectChange", "QueueName", "event_body", "route"]

log = logging.getLogger(__name__)

_BUSY_SECONDS = 30.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  queue TEXT NOT NULL,
  priority INTEGER NOT NULL,
  visible_at REAL NOT NULL,
  leased INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  identity TEXT NOT NULL,
  body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS messages_by_turn ON messages (queue, priority, id);
CREATE INDEX IF NOT EXISTS messages_by_identity ON messages (identity);
CREATE TABLE IF NOT EXISTS used_tokens (id TEXT PRIMARY KEY, expires REAL NOT NULL) WITHOUT ROWID;
"""
# What differs between two announcements of one and the same change.
_VOLATILE = ("eventTime", "sequencer")


@dataclass(frozen=True, slots=True)
class Message:
    """One received message; `attempts` counts this receive, so it is 1 at first."""

    id: int
    queue: str
    body: dict[str, Any]
    attempts: int


class Journal:
    """Queues of events in one SQLite file. Raises StoreUnavailableError when it fails."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self.lives = 0  # grows where the file was lost, and with it what was to do

    def send(
        self, queue: QueueName, body: dict[str, Any], *, delay: float = 0, priority: int = 0
    ) -> None:
        """Add a message, to be received after `delay` seconds; lower priorities come first.

        One that waits already is not added twice, but comes as early as either was to come.
        """
        self.send_many(queue, [body], delay=delay, priority=priority)

    def send_many(
        self,
        queue: QueueName,
        bodies: Iterable[dict[str, Any]],
        *,
        delay: float = 0,
        priority: int = 0,
        unless_in_work: bool = False,
    ) -> int:
        """Add many messages in one step (see `send`) and return how many were not there.

        With `unless_in_work`, one that is being worked on just now is not added either.
        """
        visible_at, added = time.time() + delay, 0
        with self._writing() as connection:
            for body in bodies:
                identity = _identity(queue, body)
                if unless_in_work and _in_work(connection, identity):
                    continue
                waiting = connection.execute(
                    "UPDATE messages SET priority = min(priority, ?), "
                    "visible_at = min(visible_at, ?) WHERE identity = ? AND leased = 0",
                    (priority, visible_at, identity),
                )
                if not waiting.rowcount:
                    added += 1
                    connection.execute(
                        "INSERT INTO messages (queue, priority, visible_at, identity, body) "
                        "VALUES (?, ?, ?, ?, ?)",
                        (queue, priority, visible_at, identity, json.dumps(body)),
                    )
        return added

    def announce(self, change: ObjectChange, *, priority: int = 0) -> None:
        """Send the event of this change to the queue that handles it."""
        queue = route(change)
        if queue is not None:
            self.send(queue, event_body(change), priority=priority)

    def tag_again(self, key: str) -> None:
        """Ask for the picture of this key to be tagged again."""
        self.send("tag", event_body(ObjectChange("Taglight:TagAgain", key)))

    def receive(self, queue: QueueName, *, lease_seconds: float) -> Message | None:
        """Return the next message and hide it for the lease, or None when none is due."""
        turn = (
            "SELECT id, body, attempts + 1 FROM messages "
            "WHERE queue = ? AND visible_at <= ? ORDER BY priority, id LIMIT 1"
        )
        if not self._query(turn, (queue, time.time())):
            return None  # the usual answer, without taking the write lock
        with self._writing() as connection:
            now = time.time()
            row = connection.execute(turn, (queue, now)).fetchone()
            if row is None:
                return None
            connection.execute(
                "UPDATE messages SET leased = 1, visible_at = ?, attempts = ? WHERE id = ?",
                (now + lease_seconds, row[2], row[0]),
            )
        return Message(row[0], queue, json.loads(row[1]), row[2])

    def done(self, message: Message) -> None:
        """Remove a message that was received, unless its lease ended and another received it."""
        with self._writing() as connection:
            connection.execute(
                "DELETE FROM messages WHERE id = ? AND attempts = ?",
                (message.id, message.attempts),
            )

    def put_back(self, message: Message, *, delay: float, counts: bool) -> None:
        """Let a message come again after `delay` seconds; unless it counts, as never received."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE messages SET leased = 0, visible_at = ?, attempts = ? "
                "WHERE id = ? AND attempts = ?",
                (
                    time.time() + delay,
                    message.attempts - (not counts),
                    message.id,
                    message.attempts,
                ),
            )

    def waiting(self, queue: QueueName) -> int:
        """Return how many messages wait, those in work and those delayed included."""
        return int(self._query("SELECT count(*) FROM messages WHERE queue = ?", (queue,))[0][0])

    def sent_by_people(self) -> int:
        """Return how many pictures wait to be tagged, without those of a backfill."""
        count = "SELECT count(*) FROM messages WHERE queue = 'tag' AND priority = 0"
        return int(self._query(count, ())[0][0])

    def release_all(self) -> None:
        """End all leases: what a dead worker held comes back at once."""
        with self._writing() as connection:
            connection.execute("UPDATE messages SET leased = 0, visible_at = 0 WHERE leased = 1")

    def use_once(self, token_id: str, expires: datetime) -> bool:
        """Tell whether this token is used for the first time; it is remembered until it expires."""
        with self._writing() as connection:
            now = datetime.now(UTC).timestamp()
            connection.execute("DELETE FROM used_tokens WHERE expires < ?", (now,))
            added = connection.execute(
                "INSERT OR IGNORE INTO used_tokens VALUES (?, ?)", (token_id, expires.timestamp())
            )
            return added.rowcount == 1

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            self._drop()

    def _query(self, statement: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with self._lock, self._translated():
            return self._opened().execute(statement, values).fetchall()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Commit on a clean exit, roll back on an exception."""
        with self._lock, self._translated():
            connection = self._opened()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                if not self._is_other():
                    self._set_aside(error)
                self._drop()
                raise StoreUnavailableError(
                    f"The list of work to do, {self._path}, was damaged: {error}. "
                    "A new one is begun."
                ) from error
            if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
                raise StoreFullError(
                    f"There is no space left on the disk of {self._path}. Free some and try again."
                ) from error
            raise StoreUnavailableError(
                f"The list of work to do, {self._path}, does not answer: {error}."
            ) from error

    def _opened(self) -> sqlite3.Connection:
        if self._connection is not None and self._is_other():
            self._drop()  # removed, or set aside by another process: all use the one that is there
        if self._connection is None:
            try:
                self._connection = _open(self._path, make_folder=not self.lives)
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise
                self._set_aside(error)
                self._connection = _open(self._path)
            if self._identity != (now := _identity_of(self._path)):
                self._identity = now
                self.lives += 1
        return self._connection

    def _is_other(self) -> bool:
        """Tell whether the file that is open is not the one at its place any more."""
        return self._connection is not None and _identity_of(self._path) != self._identity

    def _set_aside(self, error: sqlite3.DatabaseError) -> None:
        """Rename a damaged file; what was to do is found by comparing store and catalog."""
        aside = self._path.with_name(f"{self._path.name}.damaged-{time.time_ns()}")
        log.warning("%s is damaged (%s): kept as %s", self._path, error, aside.name)
        with contextlib.suppress(FileNotFoundError):
            self._path.rename(aside)
        for suffix in ("-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def __del__(self) -> None:
        self._drop()  # whoever forgot to close it: Python 3.13 warns of an open database

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _open(path: Path, *, make_folder: bool = False) -> sqlite3.Connection:
    if make_folder:
        path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(
        path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(_SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _identity_of(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _in_work(connection: sqlite3.Connection, identity: str) -> bool:
    leased = "SELECT 1 FROM messages WHERE identity = ? AND leased = 1 AND visible_at > ?"
    return connection.execute(leased, (identity, time.time())).fetchone() is not None


def _identity(queue: str, body: dict[str, Any]) -> str:
    """Return a digest that two announcements of the same change share."""
    text = json.dumps(_without_volatile(body), sort_keys=True)
    return hashlib.sha256(f"{queue}\n{text}".encode()).hexdigest()


def _without_volatile(value: Any) -> Any:
    if isinstance(value, dict):
        kept = value.items()
        return {name: _without_volatile(inner) for name, inner in kept if name not in _VOLATILE}
    if isinstance(value, list):
        return [_without_volatile(inner) for inner in value]
    return value
