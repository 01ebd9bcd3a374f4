"""Where pictures and documents live: the ObjectStore protocol.

Every store raises the same errors (catalog/errors.py) for the same mishaps; the suite in
tests/contract/ is run on each of them.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

__all__ = ["ObjectInfo", "ObjectStore"]


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What a store knows of one object: size in bytes, an opaque ETag without quotes, UTC time."""

    key: str
    size: int
    etag: str
    modified: datetime


class ObjectStore(Protocol):
    """A flat space of keys with conditional writes, as S3 has it.

    Keys are those of catalog/keys.py; an impossible key raises InvalidKeyError.
    Other mishaps raise StoreUnavailableError (StoreFullError when there is no space).
    """

    def head(self, key: str) -> ObjectInfo:
        """Tell about one object. Raises ObjectNotFoundError."""
        ...

    def read(self, key: str) -> tuple[bytes, ObjectInfo]:
        """Return all bytes of an object and what they are. Raises ObjectNotFoundError."""
        ...

    def open(self, key: str) -> AbstractContextManager[tuple[BinaryIO, ObjectInfo]]:
        """Open an object for streaming; the file is seekable. Raises ObjectNotFoundError."""
        ...

    def put(
        self,
        key: str,
        content: bytes | BinaryIO,
        *,
        content_type: str = "application/octet-stream",
        if_match: str | None = None,
        if_none_match: bool = False,
    ) -> ObjectInfo:
        """Write an object at once or not at all.

        With `if_match`, only over the object of that ETag; with `if_none_match`, only where
        there is none. Raises PreconditionFailedError (KeyTakenError where the key is there).
        """
        ...

    def copy(self, source: str, target: str, *, if_none_match: bool = True) -> ObjectInfo:
        """Copy an object and verify the copy. Raises ObjectNotFoundError, KeyTakenError."""
        ...

    def delete(self, key: str, *, if_match: str | None = None) -> None:
        """Remove an object. Raises ObjectNotFoundError, PreconditionFailedError."""
        ...

    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:
        """Yield the objects whose keys begin with `prefix`, in the order of their UTF-8 keys.

        Only those after the key `after`, so that a listing may go on where one has ended.
        """
        ...

    def obstacle(self, key: str) -> str:
        """Return what stands where an object of this key would lie, "" for nothing.

        Only a folder has one: a folder of that name, or a file where a folder is needed.
        """
        ...

    def check(self) -> None:
        """Return when the store answers. Raises StoreUnavailableError with what does not."""
        ...
