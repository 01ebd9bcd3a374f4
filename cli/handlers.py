"""What the worker does with an event: tag, index, or clear away. The same as on AWS.

An event only says where to look: picture and document are read as they are now.
"""

import logging
import time
from typing import Any

from catalog import writes
from catalog.database import Database
from catalog.document import Document, read_document
from catalog.errors import DocumentError, ObjectNotFoundError
from catalog.indexer import Indexer
from catalog.keys import METADATA, is_picture_key, metadata_key, picture_key
from catalog.storage import ObjectStore
from catalog.storage.journal import Journal, ObjectChange
from cli.consumer import MAX_ATTEMPTS
from tagger.events import ObjectChanged, parse_events
from tagger.pipeline import Tagger

log = logging.getLogger(__name__)

_ROW_SECONDS = 1.0
_ROW_POLL_SECONDS = 0.02


class Handlers:
    """The two queues' handlers; adopting other tools' documents is sent on to the tag queue."""

    def __init__(
        self,
        store: ObjectStore,
        journal: Journal,
        database: Database,
        indexer: Indexer,
        tagger: Tagger,
    ) -> None:
        self._store = store
        self._journal = journal
        self._database = database
        self._indexer = indexer
        self._tagger = tagger

    def tag(self, body: dict[str, Any], attempts: int) -> None:
        """Handle a message of the tag queue; the last attempt leaves an answer first."""
        for change in parse_events(body):
            if attempts > MAX_ATTEMPTS:
                log.error("%r was given up: it has ended the worker each time.", change.key)
            elif is_picture_key(change.key):
                if change.kind == "created":
                    self._await_row(change.key)
                self._tagger.tag(
                    change.key,
                    again=change.kind == "tag_again",
                    last_attempt=attempts >= MAX_ATTEMPTS,
                )

    def index(self, body: dict[str, Any], attempts: int) -> None:  # noqa: ARG002 - as `tag`
        """Handle a message of the index queue."""
        for change in parse_events(body):
            if is_picture_key(change.key):
                self._tagger.removed(change.key)
            elif change.key.startswith(METADATA):
                self._index_document(change)

    def _index_document(self, change: ObjectChanged) -> None:
        document = self._read(change.key) if change.kind != "removed" else None
        key = picture_key(change.key)
        if key is None and document is not None:
            key = document.image.key  # a shortened key: the document holds the true one
        if not key or not is_picture_key(key) or metadata_key(key) != change.key:
            return
        foreign = document is not None and document.tagging is None
        with self._database.reading() as connection:
            known = writes.known(connection, [key]).get(key)
        if not foreign and known and change.etag and known.document_etag == change.etag:
            return  # our own tagger wrote document and row
        self._indexer.index(key)
        if foreign:
            self._adopt(key)

    def _await_row(self, key: str) -> None:
        """Let the web app write the row, with the name the sender gave, of what it received.

        Its event is here some milliseconds earlier; the document would miss the name.
        """
        deadline = time.monotonic() + _ROW_SECONDS
        while time.monotonic() < deadline and self._is_there(key):
            with self._database.reading() as connection:
                if writes.known(connection, [key]):
                    return
            time.sleep(_ROW_POLL_SECONDS)

    def _is_there(self, key: str) -> bool:
        try:
            self._store.head(key)
        except ObjectNotFoundError:
            return False
        return True

    def _read(self, key: str) -> Document | None:
        try:
            return read_document(self._store.read(key)[0])
        except (ObjectNotFoundError, DocumentError):
            return None

    def _adopt(self, key: str) -> None:
        """Have the picture of another tool's document measured and given thumbnails."""
        try:
            info = self._store.head(key)
        except ObjectNotFoundError:
            return
        change = ObjectChange("ObjectCreated:Put", key, info.size, info.etag)
        self._journal.announce(change, priority=1)
