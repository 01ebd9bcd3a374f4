"""Compares the store with the catalog, and has done what is missing.

Nothing depends on an event arriving: what was copied in while nobody watched, what a lost message
was about, what another tool wrote, is found here.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Container, Iterable, Iterator
from datetime import UTC, datetime, timedelta

from catalog import discards, writes
from catalog.chunks import chunks
from catalog.clock import utc_now
from catalog.database import Database
from catalog.emptying import KEPT, empty_trash
from catalog.errors import ObjectNotFoundError, TaglightError
from catalog.indexer import AGAIN, Indexer
from catalog.keys import (
    METADATA,
    UPLOADS,
    is_picture_key,
    metadata_key,
    picture_key,
)
from catalog.rows import Stamp
from catalog.storage import ObjectInfo, ObjectStore
from catalog.storage.folder import FolderStore
from catalog.storage.journal import Journal, ObjectChange, event_body, route
from tagger.comparing import half_restored, is_untagged, vanished
from tagger.derived import Found, lacks_thumbnails, without_measures, without_thumbnails

log = logging.getLogger(__name__)

EVERY_SECONDS = 60.0
# So soon it is seen that the catalog was made anew, and tried again what did not succeed.
GLANCE_SECONDS = 2.0
RETRY_SECONDS = 15.0
# A comparison may take this part of the time at most, so it becomes rarer in large libraries.
SHARE_OF_TIME = 0.05
_SWEEP_EVERY_SECONDS = 3600.0
_BATCH = 500
_UNSETTLED = timedelta(seconds=2)
_BACKGROUND = 1


class Reconciler:
    """Finds differences between store and catalog and sends them to the queues.

    `settle` takes the keys of files that changed a moment ago, and may still be written.
    """

    def __init__(
        self,
        store: ObjectStore,
        journal: Journal,
        database: Database,
        indexer: Indexer,
        settle: Callable[[Iterable[str]], None] | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._journal = journal
        self._database = database
        self._indexer = indexer
        self._settle = settle
        self._clock = clock
        self._asked: dict[str, tuple[str, str]] = {}
        self._swept = float("-inf")
        self._began = False
        self._lives = journal.lives

    def run(self, stop: threading.Event) -> None:
        """Compare at once and then again and again until `stop` is set."""
        while not stop.is_set():
            began = time.monotonic()
            at_least = GLANCE_SECONDS
            try:
                self.once(stop)
            except TaglightError as error:
                at_least = RETRY_SECONDS
                log.warning("The library could not be compared with the catalog. %s", error)
            except Exception:
                at_least = RETRY_SECONDS
                log.exception("The library could not be compared with the catalog")
            took = time.monotonic() - began
            self._rest(stop, at_least, max(EVERY_SECONDS, took / SHARE_OF_TIME))

    def _rest(self, stop: threading.Event, at_least: float, at_most: float) -> None:
        """Wait for the next comparison, which comes early where catalog or journal were lost."""
        until = time.monotonic() + at_most
        pause = at_least
        while not stop.wait(min(pause, at_most)) and time.monotonic() < until:
            pause = GLANCE_SECONDS
            with contextlib.suppress(TaglightError):
                if self._database.needs_reindex or self._journal.lives != self._lives:
                    return

    def once(self, stop: threading.Event | None = None) -> int:
        """Compare everything once; return how many things were found to do."""
        stop = stop or threading.Event()
        self._store.check()  # a library that is not there must not look like an empty one
        if self._journal.lives != self._lives:
            self._lives, self._began = self._journal.lives, False  # messages were lost
            self._asked.clear()
        hourly = time.monotonic() - self._swept > _SWEEP_EVERY_SECONDS
        if hourly and isinstance(self._store, FolderStore):
            self._store.remove_abandoned_temporary_files()  # first: they may fill the disk
        if self._database.needs_reindex:
            count = self._indexer.reindex(forgets=False)  # what is gone is cleared away below
            if count:
                log.info("The catalog was filled from %d pictures and their documents.", count)
        found = sum(self._pictures(stop)) + self._trash()
        found += self._measure(without_measures(self._database))
        if hourly:
            found += self._measure(without_thumbnails(self._database, self._store))
            self._empty_trash(stop)
            self._swept = time.monotonic()
        self._began = True
        return found

    def look_at(self, keys: Iterable[str]) -> int:
        """Compare keys of `uploads/` and `metadata/` that have changed; return what was to do."""
        found = 0
        for key in keys:
            self._asked.pop(key, None)  # it may have been away, and be as it was before
            found += self._send(self._one(key))
        return found

    def _pictures(self, stop: threading.Event) -> Iterator[int]:
        # Hashes instead of texts: a tenth of the memory in a library of a million pictures.
        documents = {hash(info.key): hash(info.etag) for info in self._store.list(METADATA)}
        last = ""
        pictures = (info for info in self._store.list(UPLOADS) if is_picture_key(info.key))
        for batch in chunks(pictures, _BATCH):
            if stop.is_set():
                return
            yield self._send(self._differences(batch, documents))
            yield self._send(self._vanished(last, batch[-1].key, {info.key for info in batch}))
            last = batch[-1].key
        if not stop.is_set():
            yield self._send(self._vanished(last, None, set()))
            yield self._send(self._half_restored(documents))

    def _half_restored(self, documents: Container[int]) -> Iterator[ObjectChange]:
        def has_document(key: str) -> bool:
            document = metadata_key(key)
            return hash(document) in documents and bool(self._etag(document))

        return half_restored(self._database, self._store, has_document)

    def _differences(
        self, batch: list[ObjectInfo], documents: dict[int, int]
    ) -> Iterator[ObjectChange]:
        with self._database.reading() as connection:
            known = writes.known(connection, [info.key for info in batch])
        for info in batch:
            document = documents.get(hash(metadata_key(info.key)), hash(""))
            stamp = known.get(info.key)
            same = stamp is not None and hash(self._document_in(stamp)) == document
            if same and not is_untagged(info, stamp):
                continue
            if self._settle and datetime.now(UTC) - info.modified < _UNSETTLED:
                self._settle([info.key])
            else:
                yield from self._one(info.key)

    def _one(self, key: str) -> Iterator[ObjectChange]:
        """Yield what is to do about one picture or document, as both are now."""
        if key.startswith(METADATA):
            yield from self._document(key)
            return
        if not is_picture_key(key):
            return
        with self._database.reading() as connection:
            stamp = writes.known(connection, [key]).get(key)
        try:
            info = self._store.head(key)
        except ObjectNotFoundError:
            yield from self._vanished(f"{key}/", f"{key}0", set())  # it may have been a folder
            if stamp is not None:
                yield ObjectChange("ObjectRemoved:Delete", key)
            return
        document = self._etag(metadata_key(key))
        if stamp is None or (stamp.etag, self._document_in(stamp)) != (info.etag, document):
            self._indexer.mark_pending(key)  # at once; with a document, this indexes it
        wanting = (
            not document
            or is_untagged(info, stamp)
            or lacks_thumbnails(self._database, self._store, key)
        )
        if wanting and self._is_new(key, info.etag, document):
            yield ObjectChange("ObjectCreated:Put", key, info.size, info.etag)

    def _document_in(self, stamp: Stamp) -> str:
        """Return the ETag of the document that a row speaks of.

        One that waits to be tagged once more is in step, unless the worker began only now: then
        its message may be lost, and the row is made anew.
        """
        return stamp.document_etag.removeprefix(AGAIN) if self._began else stamp.document_etag

    def _document(self, key: str) -> Iterator[ObjectChange]:
        """Yield the change of a document, unless the catalog knows it as it is."""
        try:
            info = self._store.head(key)
        except ObjectNotFoundError:
            yield ObjectChange("ObjectRemoved:Delete", key)
            return
        about = picture_key(key)
        with self._database.reading() as connection:
            stamp = writes.known(connection, [about]).get(about) if about else None
        if stamp is None or stamp.document_etag != info.etag:
            yield ObjectChange("ObjectCreated:Put", key, info.size, info.etag)

    def _vanished(self, after: str, until: str | None, there: set[str]) -> Iterator[ObjectChange]:
        for change in vanished(self._database, self._store, after, until, there):
            self._asked.pop(change.key, None)
            yield change

    def _measure(self, found: Iterable[Found]) -> int:
        """Have pictures measured, or their thumbnails made, that want it."""
        return self._send(
            change for change, document in found if self._is_new(change.key, change.etag, document)
        )

    def _trash(self) -> int:
        folders = discards.out_of_step(self._store, self._database)
        for folder in folders:
            self._indexer.index_trash(folder)
        return len(folders)

    def _empty_trash(self, stop: threading.Event) -> None:
        until = self._clock() - KEPT
        emptied = empty_trash(self._store, self._indexer, until, lambda: not stop.is_set())
        if emptied:
            log.info("%d deletions of %d days ago are now for good.", emptied, KEPT.days)

    def _send(self, changes: Iterable[ObjectChange]) -> int:
        added = 0
        for batch in chunks(changes, _BATCH):
            for queue in ("tag", "index"):
                bodies = [event_body(change) for change in batch if route(change) == queue]
                if bodies:
                    added += self._journal.send_many(
                        queue, bodies, priority=_BACKGROUND, unless_in_work=True
                    )
        return added

    def _is_new(self, key: str, etag: str, document: str) -> bool:
        """Tell whether this state was not sent before, where sending alone may change nothing."""
        if not document:
            return True  # still waiting: the message may be lost
        state = (etag, document)
        if self._asked.get(key) == state:
            return False
        self._asked[key] = state
        return True

    def _etag(self, key: str) -> str:
        try:
            return self._store.head(key).etag
        except ObjectNotFoundError:
            return ""
