"""What is done about an event: tag, index, or clear away. The same on one machine and on AWS.

An event only says where to look: picture and document are read as they are now. What is to do
follows from the event itself, never from the queue it came through.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

from catalog.document import Document, read_document
from catalog.errors import (
    CatalogUnavailableError,
    DocumentError,
    ObjectNotFoundError,
    PreconditionFailedError,
    StoreUnavailableError,
    TaglightError,
)
from catalog.journeys import about
from catalog.keys import METADATA, is_picture_key, metadata_key, picture_key
from catalog.library import Index
from catalog.storage import ObjectStore
from catalog.storage.changes import ObjectChange
from tagger.composing import GAVE_UP
from tagger.events import ObjectChanged, parse_events
from tagger.pipeline import Tagger
from tagger.recognizers.errors import RecognizerUnavailableError

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
# Trouble that may pass: what met it is tried again later, which is no attempt.
PASSING: tuple[type[TaglightError], ...] = (
    StoreUnavailableError,
    CatalogUnavailableError,
    PreconditionFailedError,
    RecognizerUnavailableError,
)
_ROW_POLL_SECONDS = 0.02


class Handlers:
    """Handles changes of pictures and documents, as often as they come."""

    def __init__(
        self,
        store: ObjectStore,
        index: Index,
        tagger: Tagger,
        announce: Callable[[ObjectChange], None] | None = None,
        *,
        max_attempts: int = MAX_ATTEMPTS,
        row_seconds: float = 0.0,
    ) -> None:
        """Compose them.

        `announce` sends a change to the queue it belongs to; without it, all is done here and
        now. The web app is given `row_seconds` to write the row of a picture it received.
        """
        self._store = store
        self._index = index
        self._tagger = tagger
        self._announce = announce
        self._max_attempts = max_attempts
        self._row_seconds = row_seconds

    def handle_event(self, body: dict[str, Any], attempts: int) -> None:
        """Handle all changes that an event tells of. Raises EventError for what is none."""
        for change in parse_events(body):
            self.handle(change, attempts)

    def handle(self, change: ObjectChanged, attempts: int) -> bool:
        """Handle one change, received for the n-th time; tell whether it is any of our concern.

        The last attempt leaves an answer first. Raises what tagger/pipeline.py raises.
        """
        with about(picture_key(change.key) or change.key):
            if change.key.startswith(METADATA):
                self._index_document(change)
            elif not is_picture_key(change.key):
                return False
            elif change.kind == "removed":
                self._tagger.removed(change.key)
            else:
                self._tag(change, attempts)
        return True

    def _tag(self, change: ObjectChanged, attempts: int) -> None:
        if attempts > self._max_attempts:
            log.error("%r was tried %d times and never came to an end.", change.key, attempts - 1)
            self._tagger.fail(change.key, GAVE_UP)
            return
        if change.kind == "created":
            self._await_row(change.key)
        again, last = change.kind == "tag_again", attempts == self._max_attempts
        self._tagger.tag(change.key, again=again, last_attempt=last)

    def _index_document(self, change: ObjectChanged) -> None:
        document = self._read(change.key) if change.kind != "removed" else None
        key = picture_key(change.key)
        if key is None and document is not None:
            key = document.image.key  # a shortened key: the document holds the true one
        if not key or not is_picture_key(key) or metadata_key(key) != change.key:
            return
        foreign = document is not None and document.tagging is None
        known = self._index.document_etag(key)
        if not foreign and change.etag and known == change.etag:
            return  # our own tagger wrote document and row
        if known is not None and not self._is_there(key):
            self._tagger.removed(key)  # its row is the last trace of it, and would go now
            return
        self._index.index(key)
        if foreign:
            self._adopt(key)

    def _await_row(self, key: str) -> None:
        """Let the web app write the row, with the name the sender gave, of what it received.

        Its event is here some milliseconds earlier; the document would miss the name.
        """
        deadline = time.monotonic() + self._row_seconds
        while time.monotonic() < deadline and self._is_there(key):
            if self._index.document_etag(key) is not None:
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
        if self._announce is None:
            self._tagger.tag(key)
        else:
            self._announce(ObjectChange("ObjectCreated:Put", key, info.size, info.etag))
