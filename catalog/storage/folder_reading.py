"""The reading half of the folder store: single objects, streams and listings."""

import contextlib
import hashlib
import logging
import os
import stat as stat_module
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from catalog.errors import ObjectNotFoundError, StoreUnavailableError
from catalog.storage import ObjectInfo, mishaps, paths
from catalog.storage.etags import EtagCache, Signature, hash_file, is_settled, signature

log = logging.getLogger(__name__)

OURS = ".taglight"
_HASH_ATTEMPTS = 3
_CHUNK = 1 << 20
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class FolderReader:
    """Reads the objects of a folder; the ETag is the SHA-256 of the content."""

    def __init__(self, root: Path, ours: Path | None = None) -> None:
        self.root = root.resolve()
        self._root = str(self.root)
        self._prepared = False
        self._etags = EtagCache((ours or self.root / OURS) / "etags.sqlite")

    def head(self, key: str) -> ObjectInfo:
        """Tell about one object. Raises ObjectNotFoundError."""
        with self._opened(key) as descriptor:
            return self._info(key, descriptor)

    def read(self, key: str) -> tuple[bytes, ObjectInfo]:
        """Return all bytes of an object and what they are. Raises ObjectNotFoundError."""
        try:  # without the layers of _opened: rebuilding a catalog reads each document
            descriptor = self._open(key)
            try:
                stat = os.fstat(descriptor)
                if not stat_module.S_ISREG(stat.st_mode):
                    raise ObjectNotFoundError(key)
                content = _content(descriptor, stat.st_size)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise mishaps.read_error(self._root, key, error) from error
        etag = hashlib.sha256(content).hexdigest()  # of these very bytes, whatever happens beside
        return content, ObjectInfo(key, len(content), etag, modified(stat))

    @contextlib.contextmanager
    def open(self, key: str) -> Iterator[tuple[BinaryIO, ObjectInfo]]:
        """Open an object for streaming; the file is seekable. Raises ObjectNotFoundError."""
        with self._opened(key) as descriptor:
            info = self._info(key, descriptor)
            with open(descriptor, "rb", closefd=False) as file:
                yield file, info

    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:
        """Yield the objects whose keys begin with `prefix`, in the order of their UTF-8 keys."""
        if self._prepared and not self.root.is_dir():
            raise StoreUnavailableError(self._gone())
        folder, slash, start = prefix.rpartition("/")
        if slash and not paths.is_folder(self._root, folder):
            return
        found = self._walk(folder + slash, start)
        last = after.encode()
        yield from (info for info in found if info.key.encode() > last) if after else found

    def path(self, key: str) -> Path:
        """Return where the file of this key is or would be. Raises InvalidKeyError."""
        return Path(self._located(key))

    def key_of(self, path: str) -> str | None:
        """Return the key of a file's absolute path, or None where it is no part of the library."""
        return paths.key_of(self._root, path)

    def obstacle(self, key: str) -> str:
        """Return what stands where an object of this key would lie (see the protocol)."""
        above = key
        while above := above.rpartition("/")[0]:
            with contextlib.suppress(OSError):
                if not stat_module.S_ISDIR(os.lstat(f"{self._root}/{above}").st_mode):
                    return above
        return f"{key}/" if os.path.isdir(f"{self._root}/{key}") else ""

    def close(self) -> None:
        """Let go of the files held open."""
        self._etags.close()

    def _gone(self) -> str:
        return f"The library's folder {self._root} is gone. Is its disk connected?"

    def _located(self, key: str) -> str:
        return paths.locate(self._root, key)

    def _open(self, key: str) -> int:
        path = self._located(key)
        if paths.leads_elsewhere(self._root, key):
            raise ObjectNotFoundError(key)
        return os.open(path, _OPEN)

    @contextlib.contextmanager
    def _opened(self, key: str) -> Iterator[int]:
        """Open the file of a key; links and anything but a plain file count as not there."""
        with mishaps.reading(self._root, key):
            descriptor = self._open(key)
        try:
            if not stat_module.S_ISREG(os.fstat(descriptor).st_mode):
                raise ObjectNotFoundError(key)
            yield descriptor
        finally:
            os.close(descriptor)

    def _info(self, key: str, descriptor: int) -> ObjectInfo:
        with mishaps.reading(self._root, key):
            stat = os.fstat(descriptor)
            etag = self._etags.get(key, signature(stat))
            for _ in range(_HASH_ATTEMPTS):
                if etag is not None:
                    break
                before, found = stat, hash_file(descriptor)
                stat = os.fstat(descriptor)
                if signature(before) == signature(stat):
                    etag = found
                    if is_settled(stat):
                        self._etags.put(key, signature(stat), etag)
            # Written all the time we looked: the last we saw will do, a change follows anyway.
            return ObjectInfo(key, stat.st_size, etag or found, modified(stat))

    def _walk(self, prefix: str, start: str) -> Iterator[ObjectInfo]:
        """Yield what is below one folder, of names that begin with `start`."""
        try:
            with mishaps.reading(self._root, prefix):
                found = paths.entries(f"{self._root}/{prefix}".rstrip("/"), prefix)
        except ObjectNotFoundError:
            return  # removed while we walked
        known = self._etags.folder(prefix)
        if gone := known.keys() - {entry.name for entry in found}:
            self._etags.forget(prefix, gone)
        for entry in found:
            if not entry.name.startswith(start):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from self._walk(f"{prefix}{entry.name}/", "")
            elif info := self._listed(prefix + entry.name, entry, known.get(entry.name)):
                yield info

    def _listed(
        self,
        key: str,
        entry: os.DirEntry[str],
        known: tuple[Signature, str] | None,
    ) -> ObjectInfo | None:
        try:
            stat = entry.stat(follow_symlinks=False)
            if known and known[0] == signature(stat):
                return ObjectInfo(key, stat.st_size, known[1], modified(stat))
            return self.head(key)
        except (FileNotFoundError, ObjectNotFoundError):
            return None  # removed while we walked
        except StoreUnavailableError as error:
            log.warning("Left out of the listing: %s", error)  # one bad file stops nothing else
            return None


def _content(descriptor: int, size: int) -> bytes:
    """Read a file to its end; `size` is what it should have."""
    content = os.read(descriptor, size + 1)
    if len(content) == size:
        return content  # asked for one more, there was none
    parts = [content]
    while content:
        content = os.read(descriptor, _CHUNK)
        parts.append(content)
    return b"".join(parts)


def modified(stat: os.stat_result) -> datetime:
    """Return when a file was last written (UTC); a moment no calendar knows becomes 1970."""
    try:
        return datetime.fromtimestamp(stat.st_mtime, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(0, UTC)
