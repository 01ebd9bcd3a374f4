"""Compares the bucket with the catalog and sends what is missing to the queues.

Nothing depends on an event arriving: what was there before the first deploy, what a lost message
was about, what another tool wrote, is found here. It goes through listings from key to key, and
where its time ends a message says where to go on.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from catalog import discards, writes
from catalog.chunks import chunks
from catalog.database import Database
from catalog.document import read_document
from catalog.errors import DocumentError, ObjectNotFoundError
from catalog.indexer import Indexer
from catalog.keys import METADATA, UPLOADS, is_picture_key, picture_key
from catalog.storage import ObjectInfo, ObjectStore
from catalog.storage.changes import ObjectChange
from tagger.aws.queues import WorkQueues
from tagger.comparing import half_restored, is_untagged, vanished
from tagger.derived import without_measures

log = logging.getLogger(__name__)

NAME = "reconcile"
# While so many pictures wait to be tagged, no more are sent: people's own come behind them.
MOST_WAITING = 1000
GO_ON_SECONDS = 30
# What one portion may take, and sending the message that goes on.
RESERVE_SECONDS = 30.0
_PORTION = 500
Portion = tuple[list[ObjectChange], str]


def is_reconcile(body: object) -> bool:
    """Tell whether an event asks for a comparison: {"taglight": "reconcile"}."""
    return isinstance(body, Mapping) and body.get("taglight") == NAME


class Reconcile:
    """One comparison, in as many portions as there is time for."""

    def __init__(
        self, store: ObjectStore, database: Database, indexer: Indexer, queues: WorkQueues
    ) -> None:
        self._store = store
        self._database = database
        self._indexer = indexer
        self._queues = queues
        self._steps: dict[str, Callable[[str], Iterator[Portion]]] = {
            "pictures": self._pictures,
            "documents": self._documents,
            "trash": self._trash,
            "measures": self._measures,
        }

    def run(self, body: Mapping[str, Any], seconds_left: Callable[[], float]) -> int:
        """Go on where the event says and return how many changes were sent.

        Raises StoreUnavailableError and CatalogUnavailableError: then it comes again.
        """
        names = list(self._steps)
        step, after = body.get("step"), body.get("after")
        begin = names.index(step) if step in names else 0
        if begin == 0 and not after:
            self._store.check()  # a bucket that is not there must not look like an empty one
        sent = 0
        for name in names[begin:]:
            place = after if name == step and isinstance(after, str) else ""
            portions = self._steps[name](place)
            while True:
                if seconds_left() < RESERVE_SECONDS or self._is_busy():
                    self._go_on(name, place)
                    return sent
                portion = next(portions, None)
                if portion is None:
                    break
                changes, place = portion
                sent += self._queues.announce_many(changes)
        self._database.set_needs_reindex(False)
        log.info("The bucket was compared with the catalog; the last %d changes were sent.", sent)
        return sent

    def _is_busy(self) -> bool:
        return self._queues.waiting("tag") > MOST_WAITING

    def _go_on(self, step: str, after: str) -> None:
        body = {"taglight": NAME, "step": step, "after": after}
        self._queues.send("tag", body, delay_seconds=GO_ON_SECONDS)
        log.info("The comparison goes on later, with the %s after %r.", step, after)

    def _pictures(self, after: str) -> Iterator[Portion]:
        """Find pictures that the catalog does not know as they are, and those that are gone."""
        listed = self._store.list(UPLOADS, after=after)
        for batch in chunks((info for info in listed if is_picture_key(info.key)), _PORTION):
            keys = [info.key for info in batch]
            with self._database.reading() as connection:
                known = writes.known(connection, keys)
            changes = [_created(info) for info in batch if is_untagged(info, known.get(info.key))]
            gone = vanished(self._database, self._store, after, keys[-1], set(keys))
            after = keys[-1]
            yield [*changes, *gone], after
        yield list(vanished(self._database, self._store, after, None, set())), after

    def _documents(self, after: str) -> Iterator[Portion]:
        """Find documents that the rows of their pictures were not written from.

        A picture without a row was found before. A row that waits to be tagged once more is out
        of step too: after a day its message may be lost.
        """
        for batch in chunks(self._store.list(METADATA, after=after), _PORTION):
            about = {info.key: self._key_of(info) for info in batch}
            with self._database.reading() as connection:
                known = writes.known(connection, [key for key in about.values() if key])
            changes = []
            for info in batch:
                stamp = known.get(about[info.key])
                if stamp is not None and stamp.document_etag != info.etag:
                    changes.append(_created(info))
            alone = {key for key in about.values() if key and key not in known}
            if alone:
                changes += half_restored(self._database, self._store, alone.__contains__)
            yield changes, batch[-1].key

    def _trash(self, after: str) -> Iterator[Portion]:
        """Have the catalog know the folders of the trash that are there, and forget the others."""
        for folder in discards.out_of_step(self._store, self._database):
            if folder > after:
                self._indexer.index_trash(folder)
                yield [], folder

    def _measures(self, after: str) -> Iterator[Portion]:
        """Find pictures whose documents, by another tool, name no size or no thumbnails."""
        found = sorted(
            (change for change, _ in without_measures(self._database) if change.key > after),
            key=lambda change: change.key,
        )
        for batch in chunks(found, _PORTION):
            yield batch, batch[-1].key

    def _key_of(self, document: ObjectInfo) -> str:
        """Return the key of the picture a document is about; a shortened one holds the true key."""
        key = picture_key(document.key)
        if key is not None:
            return key
        try:
            key = read_document(self._store.read(document.key)[0]).image.key
        except (DocumentError, ObjectNotFoundError):
            return ""
        return key if is_picture_key(key) else ""


def _created(info: ObjectInfo) -> ObjectChange:
    return ObjectChange("ObjectCreated:Put", info.key, info.size, info.etag)
