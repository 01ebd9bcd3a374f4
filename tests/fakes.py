"""Fakes: short classes of the product's protocols that keep everything in memory."""

import hashlib
import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import BinaryIO

from PIL import Image

from catalog.document import Label
from catalog.errors import KeyTakenError, ObjectNotFoundError, PreconditionFailedError
from catalog.keys import UPLOADS, check_key, metadata_key, split_trash_key
from catalog.storage import ObjectInfo
from catalog.trash import folders_about
from tagger.recognizers import Recognition


class Stopped(BaseException):
    """Stands for a process that ends in the middle: nothing in the product catches it."""


class MemoryStore:
    """An ObjectStore in a dictionary.

    `modified` is the time that new objects get; None is the present. `before_effect` is called
    with the operation (put, copy, delete) and the key before anything changes: there a test may
    interfere or stop.
    """

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, ObjectInfo]] = {}
        self.modified: datetime | None = None
        self.before_effect: Callable[[str, str], None] | None = None
        self._lock = threading.RLock()

    def head(self, key: str) -> ObjectInfo:
        return self.read(key)[1]

    def read(self, key: str) -> tuple[bytes, ObjectInfo]:
        check_key(key)
        try:
            return self.objects[key]
        except KeyError:
            raise ObjectNotFoundError(key) from None

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
        check_key(key)
        data = content if isinstance(content, bytes) else content.read()
        self._before("put", key)
        return self._publish(key, data, if_match=if_match, if_none_match=if_none_match)

    def copy(self, source: str, target: str, *, if_none_match: bool = True) -> ObjectInfo:
        check_key(target)
        self._before("copy", target)
        data = self.read(source)[0]
        return self._publish(target, data, if_match=None, if_none_match=if_none_match)

    def delete(self, key: str, *, if_match: str | None = None) -> None:
        check_key(key)
        self._before("delete", key)
        with self._lock:
            if if_match not in (None, self.head(key).etag):
                raise PreconditionFailedError(key)
            del self.objects[key]

    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:
        for key in sorted(self.objects, key=str.encode):
            if key.encode() <= after.encode():
                continue
            if key.startswith(prefix) and key in self.objects:
                yield self.objects[key][1]

    def check(self) -> None:
        """Always well."""

    def obstacle(self, key: str) -> str:
        """Nothing: keys are no paths here."""
        return ""

    def keys(self, prefix: str = "") -> set[str]:
        return {info.key for info in self.list(prefix)}

    def _publish(
        self, key: str, data: bytes, *, if_match: str | None, if_none_match: bool
    ) -> ObjectInfo:
        with self._lock:
            there = self.objects.get(key)
            if if_none_match and there:
                raise KeyTakenError(key)
            if if_match is not None and (not there or there[1].etag != if_match):
                raise PreconditionFailedError(key)
            modified = self.modified or datetime.now(UTC)
            info = ObjectInfo(key, len(data), hashlib.sha256(data).hexdigest(), modified)
            self.objects[key] = (data, info)
            return info

    def _before(self, operation: str, key: str) -> None:
        if self.before_effect:
            self.before_effect(operation, key)


class FakeIndex:
    """An Index that remembers, of each picture, the bytes of picture and document it saw."""

    def __init__(self, store: MemoryStore) -> None:
        self.rows: dict[str, tuple[bytes, bytes | None]] = {}
        self.trash: dict[str, set[str]] = {}
        self.names: dict[str, str] = {}
        self.again: list[str] = []
        self._store = store

    def index(self, key: str) -> None:
        try:
            picture = self._store.read(key)[0]
        except ObjectNotFoundError:
            self.rows.pop(key, None)
            return
        document = metadata_key(key)
        there = document in self._store.objects
        self.rows[key] = (picture, self._store.read(document)[0] if there else None)

    def index_trash(self, folder: str) -> None:
        split = [split_trash_key(info.key) for info in self._store.list(folder)]
        pictures = {parts[1] for parts in split if parts and parts[1].startswith(UPLOADS)}
        self.trash[folder] = pictures
        if not pictures:
            del self.trash[folder]

    def note_trash(self, key: str, folder: str) -> None:
        """Nothing to remember: `trashed` looks."""

    def trashed(self, key: str) -> list[str]:
        return folders_about(self._store, key)

    def mark_pending(
        self, key: str, *, name: str = "", sha256: str = "", size: int | None = None
    ) -> None:
        self.names.setdefault(key, name)
        self.index(key)

    def mark_again(self, key: str) -> None:
        self.again.append(key)

    def name_of(self, key: str) -> str:
        return self.names.get(key, "")

    def same_bytes(self, sha256: str) -> list[str]:
        seen = sorted(key for key, (_, document) in self.rows.items() if document)
        return [key for key in seen if hashlib.sha256(self.rows[key][0]).hexdigest() == sha256]

    def document_etag(self, key: str) -> str | None:
        if key not in self.rows:
            return None
        document = self.rows[key][1]
        return hashlib.sha256(document).hexdigest() if document else ""


class FakeQueue:
    """A TagQueue that remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def tag_again(self, key: str) -> None:
        self.asked.append(key)


class FakeRecognizer:
    """A Recognizer that names the colour in the middle of a picture; `raises` comes instead."""

    name = "fake"

    def __init__(self) -> None:
        self.asked = 0
        self.raises: BaseException | None = None

    def recognize(
        self, image: Image.Image, *, min_confidence: float, max_labels: int
    ) -> Recognition:
        self.asked += 1
        if self.raises is not None:
            raise self.raises
        red, green, blue = image.getpixel((image.width // 2, image.height // 2))
        name = "Red" if red > max(green, blue) else "Green" if green > blue else "Blue"
        labels = [Label(name, 90.0), Label("Colour", 60.0), Label("Faint", 10.0)]
        found = [label for label in labels if label.confidence >= min_confidence]
        return Recognition(found[:max_labels], "fake-1")


class ToldRecognizer:
    """A Recognizer that always sees the same labels; `before` may interfere with each picture."""

    name = "local"
    model_version = "fake 1"

    def __init__(self, **labels: float) -> None:
        self.labels = labels or {"Dog": 97.5}
        self.seen = 0
        self.before: Callable[[], None] | None = None

    def recognize(
        self, image: Image.Image, *, min_confidence: float, max_labels: int
    ) -> Recognition:
        self.seen += 1
        if self.before:
            self.before()
        sure = sorted(self.labels.items(), key=lambda item: -item[1])
        found = [Label(name, percent) for name, percent in sure if percent >= min_confidence]
        return Recognition(found[:max_labels], self.model_version)
