"""The rows of a backfill, written some at a time: a transaction for each picture takes longer than
all the rest of a small one.

A row may be late: its document is there, and what a kill in between has left is found by the next
comparison.
"""

import threading

from catalog.database import Database
from catalog.errors import StoreUnavailableError
from catalog.indexer import Indexer
from catalog.storage import ObjectStore


class Batches(Indexer):
    """The index as the tagger of a backfill knows it; `write` brings the catalog in step.

    `unread` are the keys of what could not be read then, each with the reason.
    """

    def __init__(self, store: ObjectStore, database: Database) -> None:
        super().__init__(store, database)
        self.unread: dict[str, str] = {}
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._due: list[str] = []
        # What a thread has asked for last, and what was asked for the pictures that are due.
        self._asked: dict[int, str] = {}
        self._bytes_due: set[str] = set()

    def index(self, key: str) -> None:
        """Have the row of this key written with the next ones."""
        with self._lock:
            self._due.append(key)
            self._bytes_due.add(self._asked.pop(threading.get_ident(), ""))

    def mark_pending(self, key: str, **known: object) -> None:
        """Do nothing: a plan is made from the catalog, which shows its pictures as waiting."""

    def same_bytes(self, sha256: str) -> list[str]:
        """Return keys of tagged pictures of these bytes, those that are still due included."""
        with self._lock:
            is_due = sha256 in self._bytes_due
            self._asked[threading.get_ident()] = sha256
        if is_due:
            self.write()
        return super().same_bytes(sha256)

    def write(self) -> None:
        """Write all rows that are due. Raises CatalogUnavailableError; then they are due still."""
        with self._writing:
            with self._lock:
                due, self._due, self._bytes_due = self._due, [], set()
            try:
                self._write_rows(due)
            except BaseException:
                with self._lock:
                    self._due += due
                raise

    def _write_rows(self, keys: list[str]) -> None:
        try:
            if keys:
                self.index_many(keys)
        except StoreUnavailableError:  # of one of them; which one?
            for key in keys:
                try:
                    super().index(key)
                except StoreUnavailableError as error:
                    self.unread[key] = str(error)
