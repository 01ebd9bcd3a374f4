"""A store in memory: an ObjectStore for tests of what stands on one."""

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import BinaryIO

from catalog.errors import KeyTakenError, ObjectNotFoundError, PreconditionFailedError
from catalog.storage import ObjectInfo

DAY_ONE = datetime(2026, 1, 1, tzinfo=UTC)


class MemoryStore:
    """Objects in a dictionary; `modified` is what the test says (DAY_ONE where it does not)."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, ObjectInfo]] = {}
        self.modified = DAY_ONE
        self.reads = 0

    def head(self, key: str) -> ObjectInfo:
        if key not in self.objects:
            raise ObjectNotFoundError(key)
        return self.objects[key][1]

    def read(self, key: str) -> tuple[bytes, ObjectInfo]:
        self.reads += 1
        self.head(key)
        return self.objects[key]

    @contextmanager
    def open(self, key: str) -> Iterator[tuple[BinaryIO, ObjectInfo]]:
        data, info = self.read(key)
        yield io.BytesIO(data), info

    def put(
        self,
        key: str,
        content: bytes | BinaryIO,
        *,
        content_type: str = "application/octet-stream",
        if_match: str | None = None,
        if_none_match: bool = False,
    ) -> ObjectInfo:
        if if_none_match and key in self.objects:
            raise KeyTakenError(key)
        if if_match is not None and (
            key not in self.objects or self.objects[key][1].etag != if_match
        ):
            raise PreconditionFailedError(key)
        data = content if isinstance(content, bytes) else content.read()
        info = ObjectInfo(key, len(data), hashlib.sha256(data).hexdigest(), self.modified)
        self.objects[key] = (data, info)
        return info

    def copy(self, source: str, target: str, *, if_none_match: bool = True) -> ObjectInfo:
        return self.put(target, self.read(source)[0], if_none_match=if_none_match)

    def delete(self, key: str, *, if_match: str | None = None) -> None:
        if if_match not in (None, self.head(key).etag):
            raise PreconditionFailedError(key)
        del self.objects[key]

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        for key in sorted(self.objects):
            if key.startswith(prefix):
                yield self.objects[key][1]

    def check(self) -> None:
        return None
