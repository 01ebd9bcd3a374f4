"""A store whose objects have the times of the story, not those of the machine it is told on.

Catalog rows hold the second in which a picture came: whether it is written anew when the same
bytes come again would else depend on how busy the machine is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import BinaryIO

from catalog.storage import ObjectInfo, ObjectStore

# So that now and then two come within one second.
_BETWEEN = timedelta(seconds=0.4)


class DatedStore:
    """An ObjectStore in which some time passes with each object that is written."""

    def __init__(self, store: ObjectStore, start: datetime) -> None:
        self._store = store
        self._now = start.replace(microsecond=0)
        self._times: dict[str, datetime] = {}

    def head(self, key: str) -> ObjectInfo:
        return self._dated(self._store.head(key))

    def read(self, key: str) -> tuple[bytes, ObjectInfo]:
        content, info = self._store.read(key)
        return content, self._dated(info)

    @contextmanager
    def open(self, key: str) -> Iterator[tuple[BinaryIO, ObjectInfo]]:
        with self._store.open(key) as (file, info):
            yield file, self._dated(info)

    def put(
        self,
        key: str,
        content: bytes | BinaryIO,
        *,
        content_type: str = "application/octet-stream",
        if_match: str | None = None,
        if_none_match: bool = False,
    ) -> ObjectInfo:
        return self._written(
            self._store.put(
                key,
                content,
                content_type=content_type,
                if_match=if_match,
                if_none_match=if_none_match,
            )
        )

    def copy(self, source: str, target: str, *, if_none_match: bool = True) -> ObjectInfo:
        return self._written(self._store.copy(source, target, if_none_match=if_none_match))

    def delete(self, key: str, *, if_match: str | None = None) -> None:
        self._store.delete(key, if_match=if_match)

    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:
        return map(self._dated, self._store.list(prefix, after=after))

    def obstacle(self, key: str) -> str:
        return self._store.obstacle(key)

    def check(self) -> None:
        self._store.check()

    def _written(self, info: ObjectInfo) -> ObjectInfo:
        self._now += _BETWEEN
        self._times[info.key] = self._now
        return self._dated(info)

    def _dated(self, info: ObjectInfo) -> ObjectInfo:
        return replace(info, modified=self._times[info.key])
