"""The SHA-256 of what a store holds, where it can tell without reading it."""

import re
from typing import Protocol, runtime_checkable

from catalog.storage import ObjectStore

_SHA256 = re.compile(r"[0-9a-f]{64}")


@runtime_checkable
class Summing(Protocol):
    """A store that keeps checksums beside its ETags."""

    def sha256(self, key: str) -> str:
        """Return the SHA-256 (hex) of an object, "" where none is kept."""
        ...


def sha256_of(store: ObjectStore, key: str) -> str:
    """Return the SHA-256 (hex) of an object, "" where it is not known without reading.

    Raises ObjectNotFoundError.
    """
    if isinstance(store, Summing):
        return store.sha256(key)
    etag = store.head(key).etag
    return etag if _SHA256.fullmatch(etag) else ""
