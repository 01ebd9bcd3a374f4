"""What an operating system says went wrong, in the words of the catalog."""

import contextlib
import errno
import sqlite3
from collections.abc import Iterator

from catalog.errors import (
    InvalidKeyError,
    KeyTakenError,
    ObjectNotFoundError,
    StoreFullError,
    StoreReadOnlyError,
    StoreUnavailableError,
    TaglightError,
)

# A link, or a folder where the file should be: no object of this key.
_ABSENT = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENXIO}
_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM}
_IMPOSSIBLE = {errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL}
_OTHER_KIND = {errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY}

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def is_damage(error: BaseException | None) -> bool:
    """Tell whether an error of SQLite says that its file is no healthy database."""
    code = getattr(error, "sqlite_errorcode", 0)
    return code == sqlite3.SQLITE_IOERR_SHORT_READ or code & 0xFF in _DAMAGED


@contextlib.contextmanager
def reading(root: str, key: str) -> Iterator[None]:
    """Turn an OSError while reading `key` into the catalog's error for it."""
    try:
        yield
    except OSError as error:
        raise read_error(root, key, error) from error


def read_error(root: str, key: str, error: OSError) -> TaglightError:
    """Return the catalog's error for an OSError that came while reading `key`."""
    return ObjectNotFoundError(key) if error.errno in _ABSENT else _translate(root, key, error)


@contextlib.contextmanager
def writing(root: str, key: str) -> Iterator[None]:
    """Turn an OSError while writing or removing `key` into the catalog's error for it."""
    try:
        yield
    except OSError as error:
        raise _translate(root, key, error, writes=True) from error


def _translate(root: str, key: str, error: OSError, *, writes: bool = False) -> TaglightError:
    if error.errno in _OTHER_KIND:
        return KeyTakenError(key)
    if error.errno in _IMPOSSIBLE:
        return InvalidKeyError(key, "This name cannot be kept in a folder.")
    if error.errno in _FULL:
        return StoreFullError(
            f"There is no space left on the disk of the library {root}. Free some and try again."
        )
    if error.errno in _FORBIDDEN and not writes:
        return StoreUnavailableError(
            f"Taglight is not permitted to use {error.filename or root}. "
            "Give this user the right to read and write the library."
        )
    if error.errno in _FORBIDDEN:
        return StoreReadOnlyError(
            f"Taglight is not permitted to change {error.filename or root}. "
            "Give this user the right to write the library."
        )
    if error.errno == errno.EROFS:
        return StoreReadOnlyError(
            f"The library {root} is on a read-only disk. Nothing can be changed there."
        )
    return StoreUnavailableError(
        f"The library {root} does not answer: {error.strerror or error}. Is its disk connected?"
    )
