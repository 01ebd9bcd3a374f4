"""Documents in `metadata/` that are about no picture."""

from collections.abc import Iterable, Iterator

from catalog.document import read_document
from catalog.errors import (
    DocumentError,
    InvalidKeyError,
    ObjectNotFoundError,
    StoreUnavailableError,
)
from catalog.keys import METADATA, is_picture_key, is_shortened, metadata_key, picture_key
from catalog.storage import ObjectInfo, ObjectStore


def documents_without_picture(store: ObjectStore, pictures: Iterable[str]) -> Iterator[ObjectInfo]:
    """Yield the documents of which none of these pictures, nor a newer one, is the subject."""
    # Hashes instead of texts: a tenth of the memory in a library of a million pictures.
    known = {hash(metadata_key(key)) for key in pictures}
    for info in store.list(METADATA):
        if hash(info.key) in known or not info.key.endswith(".json"):
            continue
        key = subject_of(store, info.key)
        if key is None or not is_there(store, key):
            yield info


def subject_of(store: ObjectStore, document_key: str) -> str | None:
    """Return the key of the picture a document is about, None where it cannot be told."""
    key = picture_key(document_key)
    if key is not None or not is_shortened(document_key.removesuffix(".json")):
        return key
    try:
        told = read_document(store.read(document_key)[0]).image.key
    except (DocumentError, ObjectNotFoundError, StoreUnavailableError):
        return None
    return told if is_picture_key(told) and metadata_key(told) == document_key else None


def is_there(store: ObjectStore, key: str) -> bool:
    """Tell whether there is an object of this key, or may be: it cannot be read."""
    try:
        store.head(key)
    except (ObjectNotFoundError, InvalidKeyError):
        return False
    except StoreUnavailableError:
        pass
    return True
