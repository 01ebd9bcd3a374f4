"""Documents in a store: read them by picture, change them without losing anybody's change."""

from collections.abc import Callable

from catalog.document import Document, read_document, write_document
from catalog.errors import ObjectNotFoundError, PreconditionFailedError
from catalog.keys import metadata_key
from catalog.storage import ObjectInfo, ObjectStore

# Who meets this many conflicts in a row does not meet chance.
MAX_ATTEMPTS = 8


def document_of(store: ObjectStore, key: str) -> tuple[Document, ObjectInfo] | None:
    """Return the document about the picture of this key, and what the store knows of it.

    Raises DocumentError for a document that makes no sense.
    """
    try:
        data, info = store.read(metadata_key(key))
    except ObjectNotFoundError:
        return None
    return read_document(data), info


def put_document(
    store: ObjectStore, key: str, document: Document, *, replaces: str | None
) -> ObjectInfo:
    """Write the document about a picture over the one of the ETag `replaces`, or a first one.

    Raises PreconditionFailedError where another was written meanwhile: read again and merge.
    """
    target, content = metadata_key(key), write_document(document)
    kind = "application/json"
    if replaces is None:
        return store.put(target, content, content_type=kind, if_none_match=True)
    try:
        return store.put(target, content, content_type=kind, if_match=replaces)
    except ObjectNotFoundError as error:  # S3 says so where the object is gone
        raise PreconditionFailedError(target) from error


def change_document(
    store: ObjectStore, key: str, change: Callable[[Document | None], Document | None]
) -> Document | None:
    """Read a picture's document, change it and write it, again from the start on a conflict.

    `change` gets the document as it is now (None where there is none) and returns what to
    write, or None to leave all as it is. What would change nothing is not written. Returns
    the document that now holds. Raises PreconditionFailedError after MAX_ATTEMPTS conflicts.
    """
    target = metadata_key(key)
    for _ in range(MAX_ATTEMPTS):
        try:
            data, info = store.read(target)
        except ObjectNotFoundError:
            before, changed, etag = None, change(None), None
        else:
            # Read twice: `change` may change what it is given, and `before` is compared with.
            before, changed, etag = read_document(data), change(read_document(data)), info.etag
        if changed is None or changed == before:
            return before
        try:
            put_document(store, key, changed, replaces=etag)
        except PreconditionFailedError:
            continue
        return changed
    raise PreconditionFailedError(target)
