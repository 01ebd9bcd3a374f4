"""Keys as paths below one folder: which are safe, which are seen, and in which order.

Symbolic links are never followed below the library's folder: what is behind them is not seen, and
nothing is written through them. So nothing outside the folder can be read or changed by a key.
"""

import functools
import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from catalog.errors import InvalidKeyError
from catalog.keys import MAX_COMPONENT_BYTES, check_key, is_plain_key

log = logging.getLogger(__name__)

TEMPORARY_SUFFIX = ".taglight-tmp"

_HIDDEN_NAMES = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini"})
_HIDDEN_SUFFIXES = (".part", ".partial", ".crdownload", ".tmp", TEMPORARY_SUFFIX)


def is_hidden(name: str, *, folder: bool = False) -> bool:
    """Tell whether a file of this name is an operating system's or a half-finished one."""
    if name.startswith(".") or folder:
        return name.startswith(".")
    lower = name.lower()
    return lower in _HIDDEN_NAMES or lower.endswith(_HIDDEN_SUFFIXES)


def locate(root: str, key: str) -> str:
    """Return the path of a key below `root`. Raises InvalidKeyError for what no folder may hold."""
    if is_plain_key(key) and not is_hidden(key.rpartition("/")[2]):
        return f"{root}/{key}"
    check_key(key)
    *folders, name = key.split("/")
    if any(len(part.encode()) > MAX_COMPONENT_BYTES for part in (*folders, name)):
        raise InvalidKeyError(key, f"A name has at most {MAX_COMPONENT_BYTES} bytes.")
    if is_hidden(name) or any(is_hidden(part, folder=True) for part in folders):
        raise InvalidKeyError(key, "Hidden and temporary files are no part of a library.")
    return f"{root}/{key}"


def leads_elsewhere(root: str, key: str) -> bool:
    """Tell whether a folder between the root and the file of this key is a symbolic link."""
    end = key.find("/")
    while end >= 0:
        try:
            if stat.S_ISLNK(os.lstat(f"{root}/{key[:end]}").st_mode):
                return True
        except (FileNotFoundError, NotADirectoryError):
            return False  # nothing is there, or below it
        end = key.find("/", end + 1)
    return False


def is_folder(root: str, prefix: str) -> bool:
    """Tell whether a prefix (without its last slash) may have keys below it that we show."""
    try:
        check_key(prefix)
    except InvalidKeyError:
        return False
    return not leads_elsewhere(root, prefix + "/")


def key_of(root: str, path: str) -> str | None:
    """Return the key of a path below `root`, or None for one that is no part of the library."""
    key = path.removeprefix(root + "/")
    if key == path:
        return None
    try:
        locate(root, key)
    except InvalidKeyError:
        return None
    return key


def entries(folder: str, prefix: str) -> list[os.DirEntry[str]]:
    """Return what a listing shows of one folder: files and folders in the order of their keys.

    `prefix` is the folder's key with its slash ("" for the top). A folder sorts as its name with a
    slash, because that is how the keys below it compare with a file beside it: a-b, a/b, a0.
    """
    found: list[tuple[str, os.DirEntry[str]]] = []
    with os.scandir(folder) as scan:
        for entry in scan:
            is_folder = entry.is_dir(follow_symlinks=False)
            if not is_folder and not entry.is_file(follow_symlinks=False):
                continue
            if is_hidden(entry.name, folder=is_folder) or not _is_possible(prefix, entry.name):
                continue
            found.append((entry.name + "/" * is_folder, entry))
    return [entry for _, entry in sorted(found, key=lambda pair: pair[0])]


def temporary_files(root: str, tops: tuple[str, ...]) -> Iterator[Path]:
    """Yield the temporary files of unfinished writes below these folders of the root."""
    for top in tops:
        for folder, _, names in os.walk(f"{root}/{top}".rstrip("/")):
            yield from (Path(folder, name) for name in names if name.endswith(TEMPORARY_SUFFIX))


def _is_possible(prefix: str, name: str) -> bool:
    try:
        check_key(prefix + name)
    except InvalidKeyError as error:
        _say_once(str(error))
        return False
    return True


@functools.lru_cache(maxsize=1000)
def _say_once(sentence: str) -> None:
    """Log what each listing meets again, once."""
    log.warning("Not a part of the library: %s", sentence)
