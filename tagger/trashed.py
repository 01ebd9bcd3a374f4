"""Documents in the trash: where those go whose picture is gone, and from where they come back.

The index tells where to look, so that no picture costs a listing of the trash.
"""

import secrets
from datetime import datetime

from catalog.document import Document, read_document
from catalog.errors import DocumentError, ObjectNotFoundError, PreconditionFailedError
from catalog.keys import metadata_key, trash_folder, trash_key
from catalog.library import Index
from catalog.storage import ObjectStore
from catalog.trash import holding, move_document_to_trash
from tagger.composing import is_same_picture


def trashed_document(store: ObjectStore, index: Index, key: str, sha256: str) -> Document | None:
    """Return the latest document in the trash about a picture of this key with these bytes."""
    for _, info in holding(store, metadata_key(key), index.trashed(key)):
        try:
            document = read_document(store.read(info.key)[0])
        except (DocumentError, ObjectNotFoundError):
            continue
        if document.status == "tagged" and is_same_picture(document, sha256):
            return document
    return None


def throw_away_document(store: ObjectStore, index: Index, key: str, now: datetime) -> None:
    """Move the document of a picture that is gone to the trash, if there is one.

    A copy that an earlier call made before it was stopped is not made again.
    """
    try:
        etag = store.head(metadata_key(key)).etag
    except ObjectNotFoundError:
        return
    there = holding(store, metadata_key(key), index.trashed(key))
    if any(info.etag == etag and _alone(store, folder, key) for folder, info in there):
        try:
            store.delete(metadata_key(key), if_match=etag)
        except ObjectNotFoundError:
            return
        except PreconditionFailedError:  # changed meanwhile: the changed one goes there as well
            pass
        else:
            return
    folder = trash_folder(now, secrets.token_hex(4))
    index.note_trash(key, folder)
    move_document_to_trash(store, key, folder)


def _alone(store: ObjectStore, folder: str, key: str) -> bool:
    """Tell whether a folder of the trash holds the document only.

    Where the picture lies beside it, both may be on their way back (catalog/trash.py).
    """
    try:
        store.head(trash_key(folder, key))
    except ObjectNotFoundError:
        return True
    return False
