"""The store of one machine: objects are files below a folder, seen and kept as S3 would.

The ETag is the SHA-256 of the content. A write is a temporary file in the same folder, synced and
then linked or renamed into place, so a reader sees all of it or nothing. Conditions are checked and
acted on under one lock per library, held across processes (tests/unit/catalog/storage/).
"""

import contextlib
import fcntl
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from catalog.errors import (
    ContentMismatchError,
    KeyTakenError,
    ObjectNotFoundError,
    PreconditionFailedError,
    StoreFullError,
    StoreUnavailableError,
    TaglightError,
)
from catalog.keys import METADATA, PREFIXES, THUMBS, TRASH, UPLOADS
from catalog.storage import ObjectInfo, mishaps, paths
from catalog.storage.changes import EventName, ObjectChange
from catalog.storage.etags import signature
from catalog.storage.folder_reading import OURS, FolderReader, modified
from catalog.storage.temporary import (
    TemporaryFile,
    make_folders,
    remove_abandoned,
    sync_folder,
    sync_names,
)

__all__ = ["FolderStore", "ObjectChange", "ObjectWriter"]

log = logging.getLogger(__name__)

_CHUNK = 1 << 20


class ObjectWriter(Protocol):
    """Receives an object piece by piece; nothing is visible before `commit`."""

    def write(self, chunk: bytes) -> None:
        """Append bytes. Raises ContentMismatchError at the first byte over the announced size."""
        ...

    def commit(self) -> ObjectInfo:
        """Check length and checksum, then show the object. Raises ContentMismatchError."""
        ...


class FolderStore(FolderReader):
    """The ObjectStore of a folder; `on_change` hears of what was written to and removed from it.

    With `ours`, what it remembers is kept there, and the folder may be one that can only be read.
    """

    def __init__(
        self,
        root: Path,
        on_change: Callable[[ObjectChange], None] | None = None,
        ours: Path | None = None,
    ) -> None:
        super().__init__(root, ours)
        self._on_change = on_change
        self._only_read = ours is not None

    # --- writing ---

    def put(
        self,
        key: str,
        content: bytes | BinaryIO,
        *,
        content_type: str = "application/octet-stream",  # noqa: ARG002 - a folder keeps no types
        if_match: str | None = None,
        if_none_match: bool = False,
    ) -> ObjectInfo:
        """Write an object at once or not at all (see the protocol)."""
        with self._temporary(key) as file:
            with mishaps.writing(self._root, key):
                for chunk in _chunks(content):
                    file.write(chunk)
            return self.publish(key, file, if_match=if_match, if_none_match=if_none_match)

    @contextlib.contextmanager
    def writer(
        self, key: str, *, size: int, sha256: str | None, if_none_match: bool = True
    ) -> Iterator[ObjectWriter]:
        """Receive an object of `size` bytes and this SHA-256 (hex; None: any).

        Leaving without `commit` leaves nothing. Raises KeyTakenError at once for a taken key.
        """
        if if_none_match and os.path.lexists(self._located(key)):
            raise KeyTakenError(key)
        with self._temporary(key) as file:
            yield _Writer(self, file, key, size, sha256, if_none_match)

    def copy(self, source: str, target: str, *, if_none_match: bool = True) -> ObjectInfo:
        """Copy an object and verify the copy. Raises ObjectNotFoundError, KeyTakenError.

        On a full disk the copy is a second name of the same file: deleting must still work there.
        """
        try:
            info = self._copy_bytes(source, target, if_none_match)
        except StoreFullError:
            if not if_none_match:
                raise
            info = self._copy_name(source, target)
        return self._changed("ObjectCreated:Copy", info)

    def delete(self, key: str, *, if_match: str | None = None) -> None:
        """Remove an object and the folders left empty. Raises as the protocol says."""
        path = self._located(key)
        with mishaps.writing(self._root, key), self._lock():
            with self._opened(key) as descriptor:
                if if_match is not None and self._info(key, descriptor).etag != if_match:
                    raise PreconditionFailedError(key)
            os.unlink(path)
            sync_folder(os.path.dirname(path))
        folder, slash, name = key.rpartition("/")
        self._etags.forget(folder + slash, [name])
        self._remove_empty_folders(path)
        self._emit(ObjectChange("ObjectRemoved:Delete", key))

    # --- the folder itself ---

    def prepare(self) -> None:
        """Make the library's folders where they are missing. Raises StoreUnavailableError."""
        with mishaps.writing(self._root, ""):
            if self.root.exists() and not self.root.is_dir():
                raise StoreUnavailableError(f"{self._root} is a file; a library is a folder.")
            for name in (*PREFIXES, OURS):
                (self.root / name).mkdir(parents=True, exist_ok=True)
        self._prepared = True

    def check(self) -> None:
        """Return when the store answers. Raises StoreUnavailableError with what does not."""
        if not self._prepared and not self._only_read:
            self.prepare()
        if not self.root.is_dir():
            raise StoreUnavailableError(self._gone())
        if self._only_read:
            if not os.access(f"{self._root}/{UPLOADS}", os.R_OK | os.X_OK):
                raise StoreUnavailableError(f"The folder {self._root}/{UPLOADS} cannot be read.")
            return
        for name in (THUMBS, TRASH):  # what may be thrown away while we run
            with mishaps.writing(self._root, name):
                os.makedirs(f"{self._root}/{name}", exist_ok=True)
        for name in (*PREFIXES, OURS):
            if not os.access(f"{self._root}/{name}", os.R_OK | os.W_OK | os.X_OK):
                raise StoreUnavailableError(
                    f"The folder {self._root}/{name} is missing or may not be written."
                )

    def space(self) -> tuple[int, int]:
        """Return how many bytes may be written to the disk, and how many it has altogether."""
        with mishaps.reading(self._root, ""):
            found = os.statvfs(self._root)
        return found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize

    def remove_abandoned_temporary_files(self) -> int:
        """Remove what interrupted writes left behind; return how many files that were."""
        removed = 0
        for path in paths.temporary_files(self._root, PREFIXES):
            with contextlib.suppress(OSError):
                if remove_abandoned(str(path)):
                    removed += 1
                    self._remove_empty_folders(str(path))
        return removed

    def publish(
        self,
        key: str,
        file: TemporaryFile,
        *,
        if_match: str | None = None,
        if_none_match: bool = False,
    ) -> ObjectInfo:
        """Show a finished temporary file as the object of this key, under these conditions."""
        info = self._publish(key, file, if_match, if_none_match)
        return self._changed("ObjectCreated:Put", info)

    @contextlib.contextmanager
    def _temporary(self, key: str) -> Iterator[TemporaryFile]:
        path = self._located(key)
        prepared = self._prepared  # first: another thread may make the folder meanwhile
        if not self.root.is_dir():
            if prepared:
                raise StoreUnavailableError(self._gone())
            self.prepare()
        with mishaps.writing(self._root, key):
            file = TemporaryFile(key, path)
        with file:
            yield file

    def _publish(
        self, key: str, file: TemporaryFile, if_match: str | None, if_none_match: bool
    ) -> ObjectInfo:
        with mishaps.writing(self._root, key):
            return self._publish_locked(key, file, if_match, if_none_match)

    def _publish_locked(
        self, key: str, file: TemporaryFile, if_match: str | None, if_none_match: bool
    ) -> ObjectInfo:
        file.flush_to_disk()
        with self._lock():
            if if_match is not None and self._etag_or_none(key) != if_match:
                raise PreconditionFailedError(key)
            if if_none_match:
                file.publish_new()
            else:
                file.publish_over()
            stat = file.stat
        sync_names(key, os.path.dirname(self._located(key)))
        self._etags.put(key, signature(stat), file.sha256)
        return ObjectInfo(key, file.size, file.sha256, modified(stat))

    def _etag_or_none(self, key: str) -> str | None:
        try:
            return self.head(key).etag
        except ObjectNotFoundError:
            return None

    def _copy_bytes(self, source: str, target: str, if_none_match: bool) -> ObjectInfo:
        with self.open(source) as (original, info), self._temporary(target) as file:
            with mishaps.writing(self._root, target):
                for chunk in _chunks(original):
                    file.write(chunk)
            if file.sha256 != info.etag:
                raise ContentMismatchError(target, "checksum")
            return self._publish(target, file, None, if_none_match)

    def _copy_name(self, source: str, target: str) -> ObjectInfo:
        path = self._located(target)
        with mishaps.writing(self._root, target), self._lock():
            with self._opened(source):
                pass
            make_folders(target, path)
            try:
                os.link(self._located(source), path, follow_symlinks=False)
            except FileExistsError as error:
                raise KeyTakenError(target) from error
        return self.head(target)

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """Hold the library's lock: it keeps threads and processes apart alike."""
        folder = f"{self._root}/{OURS}"
        os.makedirs(folder, exist_ok=True)
        descriptor = os.open(f"{folder}/store.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _remove_empty_folders(self, path: str) -> None:
        """Remove the folders above `path` that are empty now, but none of the top ones."""
        folder = os.path.dirname(path)
        while folder.count("/") > self._root.count("/") + 1:
            try:
                os.rmdir(folder)
            except OSError:
                return
            folder = os.path.dirname(folder)

    def _changed(self, event: EventName, info: ObjectInfo) -> ObjectInfo:
        self._emit(ObjectChange(event, info.key, info.size, info.etag))
        return info

    def _emit(self, change: ObjectChange) -> None:
        if self._on_change is None or not change.key.startswith((UPLOADS, METADATA)):
            return
        try:
            self._on_change(change)
        except TaglightError as error:
            # The effect has happened; what compares store and catalog will find it.
            log.warning("A change of %r was not announced: %s", change.key, error)


class _Writer:
    """The ObjectWriter of a folder: one temporary file."""

    def __init__(
        self,
        store: FolderStore,
        file: TemporaryFile,
        key: str,
        size: int,
        sha256: str | None,
        if_none_match: bool,
    ) -> None:
        self._store = store
        self._file = file
        self._key = key
        self._size = size
        self._sha256 = sha256
        self._if_none_match = if_none_match

    def write(self, chunk: bytes) -> None:
        if self._file.size + len(chunk) > self._size:
            raise ContentMismatchError(self._key, "length")
        with mishaps.writing(str(self._store.root), self._key):
            self._file.write(chunk)

    def commit(self) -> ObjectInfo:
        if self._file.size != self._size:
            raise ContentMismatchError(self._key, "length")
        if self._sha256 is not None and self._file.sha256 != self._sha256.lower():
            raise ContentMismatchError(self._key, "checksum")
        return self._store.publish(self._key, self._file, if_none_match=self._if_none_match)


def _chunks(content: bytes | BinaryIO) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    while chunk := content.read(_CHUNK):
        yield chunk
