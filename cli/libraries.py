"""What a LIBRARY argument means: a folder, or a bucket with a folder here for what is ours."""

import os
import re
from pathlib import Path

from catalog.errors import TaglightError

SCHEME = "s3://"
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]")


class LibraryError(TaglightError):
    """This is no library that Taglight can open; the message says why."""


def bucket_of(library: str) -> str:
    """Return the bucket that a LIBRARY argument names, "" for a folder. Raises LibraryError."""
    if not library.lower().startswith(SCHEME):
        return ""
    bucket = library[len(SCHEME) :].rstrip("/")
    if not _BUCKET.fullmatch(bucket):
        raise LibraryError(
            f"{library}: a library in a bucket is the whole bucket. Give it as s3://its-name"
        )
    return bucket


def library_folder(library: str) -> Path:
    """Return the folder of a LIBRARY argument. Raises LibraryError for what is no folder."""
    if library.lower().startswith(SCHEME):
        raise LibraryError(f"{library} is a bucket. Give the path of a folder.")
    if not library.strip() or "\x00" in library:
        raise LibraryError("Give the path of the library's folder.")
    try:
        folder = Path(library).expanduser()
    except RuntimeError as error:
        raise LibraryError(f"{library}: there is no such home folder.") from error
    return Path(os.path.abspath(folder))  # noqa: PTH100 - the store follows a link at the top


def state_folder(bucket: str, state: str = "") -> Path:
    """Return the folder on this machine that belongs to a bucket: catalog, work to do, secret.

    `state` is where such folders are; else it is as the desktop's rules say (XDG_STATE_HOME).
    """
    home = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    above = Path(state) if state else Path(home) / "taglight"
    try:
        return above.expanduser().absolute() / bucket
    except RuntimeError as error:
        raise LibraryError("There is no home folder: set TAGLIGHT_STATE to a folder.") from error
