"""A store whose role may read and write objects, and nothing else: the seed's."""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import BinaryIO

from catalog.errors import ObjectNotFoundError, StoreRefusedError
from catalog.keys import UPLOADS
from catalog.storage import ObjectInfo, ObjectStore

log = logging.getLogger(__name__)


class ModestStore:
    """Implements ObjectStore; what may not be listed counts as not there.

    What was written here is remembered, as the role may not be allowed to look at it again.
    """

    def __init__(self, store: ObjectStore) -> None:
        """Take a store that says ObjectNotFoundError where the role is told 403 for nothing."""
        self._store = store
        self._written: dict[str, ObjectInfo] = {}

    def head(self, key: str) -> ObjectInfo:
        """Tell about one object. Raises ObjectNotFoundError."""
        try:
            return self._store.head(key)
        except ObjectNotFoundError:
            if key in self._written:
                return self._written[key]
            if key.startswith(UPLOADS):
                log.warning("%r is not there, or the role may not read it (s3:GetObject).", key)
            raise

    def read(self, key: str) -> tuple[bytes, ObjectInfo]:
        """Return all bytes of an object and what they are. Raises ObjectNotFoundError."""
        return self._store.read(key)

    def open(self, key: str) -> AbstractContextManager[tuple[BinaryIO, ObjectInfo]]:
        """Open an object for streaming. Raises ObjectNotFoundError."""
        return self._store.open(key)

    def put(
        self,
        key: str,
        content: bytes | BinaryIO,
        *,
        content_type: str = "application/octet-stream",
        if_match: str | None = None,
        if_none_match: bool = False,
    ) -> ObjectInfo:
        """Write an object at once or not at all. Raises PreconditionFailedError."""
        info = self._store.put(
            key,
            content,
            content_type=content_type,
            if_match=if_match,
            if_none_match=if_none_match,
        )
        if len(self._written) >= _REMEMBERED:
            self._written.clear()
        self._written[key] = info
        return info

    def copy(self, source: str, target: str, *, if_none_match: bool = True) -> ObjectInfo:
        """Copy an object and verify the copy. Raises ObjectNotFoundError, KeyTakenError."""
        return self._store.copy(source, target, if_none_match=if_none_match)

    def delete(self, key: str, *, if_match: str | None = None) -> None:
        """Remove an object. Raises ObjectNotFoundError, PreconditionFailedError."""
        self._store.delete(key, if_match=if_match)
        self._written.pop(key, None)

    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:
        """Yield the objects whose keys begin with `prefix`: none where that is refused."""
        try:
            yield from self._store.list(prefix, after=after)
        except StoreRefusedError:
            return

    def obstacle(self, key: str) -> str:
        """Return what stands where an object of this key would lie, "" for nothing."""
        return self._store.obstacle(key)

    def check(self) -> None:
        """Return when the store answers. Raises StoreUnavailableError."""
        self._store.check()


# A Lambda lives for hours: what is remembered must not grow with the library.
_REMEMBERED = 1000
