"""A file that is written beside its place and appears there whole, or not at all.

Its writer holds a lock on it, which ends with the process, however that ends: so a file that was
left behind is told from one that is still being written, at once and by anybody.
"""

import contextlib
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from typing import BinaryIO

from catalog.errors import InvalidKeyError, KeyTakenError
from catalog.keys import THUMBS
from catalog.storage.paths import TEMPORARY_SUFFIX, leads_elsewhere

_ATTEMPTS = 20


class TemporaryFile:
    """A new file in the folder of `target`; leaving it without `publish` removes it.

    Raises OSError as the system does; the store translates.
    """

    def __init__(self, key: str, target: str) -> None:
        self._key = key
        self._target = target
        self._digest = hashlib.sha256()
        self.size = 0
        self._path, self._file = self._create()

    def __enter__(self) -> "TemporaryFile":
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            os.unlink(self._path)

    def write(self, chunk: bytes) -> None:
        """Append bytes."""
        self._file.write(chunk)
        self._digest.update(chunk)
        self.size += len(chunk)

    def flush_to_disk(self) -> None:
        """Return when the bytes would survive a power cut."""
        self._file.flush()
        os.fsync(self._file.fileno())

    @property
    def sha256(self) -> str:
        """The SHA-256 (hex) of what was written so far."""
        return self._digest.hexdigest()

    @property
    def stat(self) -> os.stat_result:
        """What the system says of the file, also after it was published."""
        return os.fstat(self._file.fileno())

    def publish_new(self) -> None:
        """Put the file in its place where nothing is yet. Raises KeyTakenError.

        A hard link fails where the name exists, whoever made it: no two writers can both win.
        """
        try:
            os.link(self._path, self._target)
        except FileExistsError as error:
            raise KeyTakenError(self._key) from error
        except OSError:  # a file system without hard links: the store's lock keeps ours apart
            if os.path.lexists(self._target):
                raise KeyTakenError(self._key) from None
            os.rename(self._path, self._target)
        else:
            os.unlink(self._path)

    def publish_over(self) -> None:
        """Put the file in its place, over what may be there."""
        os.replace(self._path, self._target)

    def _create(self) -> tuple[str, BinaryIO]:
        folder = os.path.dirname(self._target)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        for attempt in range(_ATTEMPTS):
            make_folders(self._key, self._target)
            path = f"{folder}/.{secrets.token_hex(8)}{TEMPORARY_SUFFIX}"
            try:
                descriptor = os.open(path, flags, 0o666)
            except FileNotFoundError:
                # Somebody deleted the last file beside us, and so the folder: make it again.
                if attempt == _ATTEMPTS - 1:
                    raise
                continue
            if _held(descriptor):
                return path, os.fdopen(descriptor, "wb")
            os.close(descriptor)  # swept away before it was locked
        raise AssertionError("unreachable")


def is_abandoned(path: str) -> bool:
    """Tell whether nobody writes this temporary file any more."""
    with _unless_written(path) as abandoned:
        return abandoned


def remove_abandoned(path: str) -> bool:
    """Remove a temporary file that nobody writes any more; tell whether it was removed."""
    with _unless_written(path) as abandoned:
        if abandoned:
            os.unlink(path)
        return abandoned


@contextlib.contextmanager
def _unless_written(path: str) -> Iterator[bool]:
    """Hold a file so that nobody begins to write it, or give False where somebody does."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        yield False  # published, removed, or not ours
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        abandoned = False
    else:
        abandoned = True
    try:
        yield abandoned
    finally:
        os.close(descriptor)


def _held(descriptor: int) -> bool:
    """Lock a new file for as long as it is open; tell whether it is still there."""
    with contextlib.suppress(OSError):  # a file system without locks has no sweeping either
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    return os.fstat(descriptor).st_nlink > 0


def make_folders(key: str, target: str) -> None:
    """Make the folders above `target`. Raises KeyTakenError, InvalidKeyError for a link."""
    if leads_elsewhere(target.removesuffix("/" + key), key):
        raise InvalidKeyError(key, "A folder on the way is a link out of the library.")
    missing = []
    folder = os.path.dirname(target)
    while not os.path.isdir(folder):
        missing.append(folder)
        folder = os.path.dirname(folder)
    for folder in reversed(missing):
        try:
            os.mkdir(folder)
        except FileExistsError:
            if not os.path.isdir(folder):
                raise KeyTakenError(key) from None
        except FileNotFoundError:
            return  # removed while we looked: the caller tries again
        else:
            sync_names(key, os.path.dirname(folder))


def sync_names(key: str, folder: str) -> None:
    """Return when the name of a new object would survive a power cut.

    That of a thumbnail need not: it is made again, and half of the waiting would be for those.
    """
    if not key.startswith(THUMBS):
        sync_folder(folder)


def sync_folder(folder: str) -> None:
    """Return when the names in this folder would survive a power cut."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return  # removed since, with all that was in it
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
