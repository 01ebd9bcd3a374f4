"""What people do to pictures: delete, restore, tag again, correct labels.

Each is seen by the very next request: the index is brought up to date before it returns.
"""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from catalog import emptying
from catalog.clock import utc_now, utc_text
from catalog.document import Document
from catalog.documents_io import change_document
from catalog.edits import apply_edits, clean_names
from catalog.errors import (
    ImageNotFoundError,
    NotInTrashError,
    NotTaggedYetError,
    ObjectNotFoundError,
)
from catalog.journeys import note
from catalog.keys import image_id, is_picture_key, trash_folder, trash_key
from catalog.storage import ObjectStore
from catalog.trash import latest_in_trash, move_to_trash, restore_from_trash


class TagQueue(Protocol):
    """Where work for the tagger is put."""

    def tag_again(self, key: str) -> None:
        """Ask for a picture to be tagged, whether or not it is tagged already."""
        ...


class Index(Protocol):
    """What keeps the catalog in step with the store."""

    def index(self, key: str) -> None:
        """Read picture and document as they are now, and write or remove the row."""
        ...

    def index_trash(self, folder: str) -> None:
        """Do the same for one folder of the trash (`trash/<stamp>/`)."""
        ...

    def note_trash(self, key: str, folder: str) -> None:
        """Remember that a folder of the trash will hold what is of this key, before it is moved."""
        ...

    def trashed(self, key: str) -> list[str]:
        """Return the folders of the trash that may hold something of this key, latest first."""
        ...

    def mark_pending(
        self, key: str, *, name: str = "", sha256: str = "", size: int | None = None
    ) -> None:
        """Show a picture as waiting to be tagged."""
        ...

    def mark_again(self, key: str) -> None:
        """Show a picture as waiting to be tagged once more, until it is indexed again."""
        ...

    def name_of(self, key: str) -> str:
        """Return the name that is known for a picture, or nothing."""
        ...

    def same_bytes(self, sha256: str) -> list[str]:
        """Return keys of tagged pictures of these bytes, as far as is known; a few are enough."""
        ...

    def document_etag(self, key: str) -> str | None:
        """Return the ETag of the document a picture is known by ("" for none), None if unknown."""
        ...


class Library:
    """The pictures of one store, as people handle them; `key` is always `uploads/…`."""

    def __init__(
        self,
        store: ObjectStore,
        index: Index,
        queue: TagQueue,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._index = index
        self._queue = queue
        self._clock = clock

    def delete(self, key: str) -> None:
        """Move a picture with its document to the trash. Raises ImageNotFoundError."""
        self._require_picture_key(key)
        folder = trash_folder(self._clock(), secrets.token_hex(4))
        self._index.note_trash(key, folder)
        try:
            move_to_trash(self._store, key, folder)
        finally:
            self._index.index_trash(folder)
            self._index.index(key)
        note("deleted", key)

    def restore(self, key: str, folder: str | None = None) -> None:
        """Put back what was deleted last under this key, or what lies in this folder of the trash.

        Raises NotInTrashError, and KeyTakenError where there is a picture of this key.
        """
        self._require_picture_key(key)
        folder = folder or latest_in_trash(self._store, key, self._index.trashed(key))
        restore_from_trash(self._store, key, folder)
        self._index.index(key)
        self._index.index_trash(folder)
        note("restored", key)

    def delete_for_good(self, key: str, folder: str) -> None:
        """Delete what this folder of the trash holds of a picture. Raises NotInTrashError."""
        self._require_picture_key(key)
        try:
            self._store.head(trash_key(folder, key))
        except ObjectNotFoundError as error:
            raise NotInTrashError(image_id(key)) from error
        emptying.delete_for_good(self._store, self._index, key, folder)
        note("deleted for good", key)

    def empty_trash(self, until: datetime, goes_on: Callable[[], bool]) -> None:
        """Delete for good what was deleted up to a moment, the oldest first, while `goes_on`."""
        emptying.empty_trash(self._store, self._index, until, goes_on)

    def retry(self, key: str) -> None:
        """Ask for a picture to be tagged again, also if it is tagged. Raises ImageNotFoundError."""
        self._require_picture(key)
        self._index.mark_again(key)
        self._queue.tag_again(key)
        note("asked again", key)

    def edit_labels(self, key: str, add: list[str], remove: list[str], by: str) -> Document:
        """Add and reject labels of a picture and return its document as it now is.

        `by` says who. Raises ImageNotFoundError, NotTaggedYetError while there is no document,
        DocumentError for a name that cannot be one or a document that makes no sense, and
        PreconditionFailedError where others keep changing the document.
        """
        self._require_picture(key)
        names_in, names_out = clean_names(add), clean_names(remove)
        at = utc_text(self._clock())

        def edited(document: Document | None) -> Document:
            if document is None:
                raise NotTaggedYetError
            apply_edits(document, names_in, names_out, by=by, at=at)
            return document

        document = change_document(self._store, key, edited)
        self._index.index(key)
        if document is None:
            raise NotTaggedYetError
        note("corrected", key)
        return document

    def _require_picture(self, key: str) -> None:
        self._require_picture_key(key)
        try:
            self._store.head(key)
        except ObjectNotFoundError as error:
            self._index.index(key)  # removed by a hand, of which nobody has told: it still shows
            raise ImageNotFoundError(image_id(key)) from error

    def _require_picture_key(self, key: str) -> None:
        if not is_picture_key(key):
            raise ImageNotFoundError(image_id(key))
