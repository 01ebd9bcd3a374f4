"""Documents in the trash: where those go whose picture is gone, and from where they come back."""

import secrets
from collections.abc import Iterator
from datetime import datetime

from catalog.document import Document, read_document
from catalog.errors import DocumentError, ObjectNotFoundError, PreconditionFailedError
from catalog.keys import TRASH, metadata_key, split_trash_key, trash_folder, trash_key, trash_time
from catalog.storage import ObjectInfo, ObjectStore
from catalog.trash import move_document_to_trash
from tagger.composing import is_same_picture


def trashed_document(store: ObjectStore, key: str, sha256: str) -> Document | None:
    """Return the latest document in the trash about a picture of this key with these bytes."""
    for _, info in _trashed(store, key):
        try:
            document = read_document(store.read(info.key)[0])
        except (DocumentError, ObjectNotFoundError):
            continue
        if document.status == "tagged" and is_same_picture(document, sha256):
            return document
    return None


def throw_away_document(store: ObjectStore, key: str, now: datetime) -> None:
    """Move the document of a picture that is gone to the trash, if there is one.

    A copy that an earlier call made before it was stopped is not made again.
    """
    try:
        etag = store.head(metadata_key(key)).etag
    except ObjectNotFoundError:
        return
    if any(
        info.etag == etag for folder, info in _trashed(store, key) if _alone(store, folder, key)
    ):
        try:
            store.delete(metadata_key(key), if_match=etag)
        except ObjectNotFoundError:
            return
        except PreconditionFailedError:  # changed meanwhile: the changed one goes there as well
            pass
        else:
            return
    move_document_to_trash(store, key, trash_folder(now, secrets.token_hex(4)))


def _trashed(store: ObjectStore, key: str) -> Iterator[tuple[str, ObjectInfo]]:
    """Yield folders of the trash with the document they hold about this key, latest first."""
    document = metadata_key(key)
    found = []
    for info in store.list(TRASH):
        parts = split_trash_key(info.key)
        if parts and info.key == trash_key(parts[0], document):
            found.append((trash_time(parts[0]), info.modified, parts[0], info))
    for _, _, folder, info in sorted(found, key=lambda each: each[:3], reverse=True):
        yield folder, info


def _alone(store: ObjectStore, folder: str, key: str) -> bool:
    """Tell whether a folder of the trash holds the document only.

    Where the picture lies beside it, both may be on their way back (catalog/trash.py).
    """
    try:
        store.head(trash_key(folder, key))
    except ObjectNotFoundError:
        return True
    return False
