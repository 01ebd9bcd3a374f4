"""Keys: the layout of the bucket and of the folder. The only place that knows it.

    uploads/<path>                                   the original
    metadata/<path>.json                             the document about it
    thumbs/<path>/<width>.webp                       derived
    trash/<UTC stamp>-<8 hex>/uploads/<path>         a deleted original; beside it
    trash/<UTC stamp>-<8 hex>/metadata/<path>.json   its document, and …/thumbs/<path>/<width>.webp

Limits: a key is at most 1,024 bytes of UTF-8 (S3), a component at most 255 (file systems).
A derived key beyond them has its tail replaced by `~` and 32 hex digits of a SHA-256. So has one
whose tail looks like that by itself: no two pictures ever share a derived key.
"""

import base64
import hashlib
import re
import unicodedata
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import PurePosixPath

from catalog.errors import InvalidKeyError

UPLOADS = "uploads/"
METADATA = "metadata/"
THUMBS = "thumbs/"
TRASH = "trash/"
PREFIXES = (UPLOADS, METADATA, THUMBS, TRASH)

MAX_KEY_BYTES = 1024
MAX_COMPONENT_BYTES = 255
MAX_STEM_BYTES = 120
THUMBNAIL_WIDTHS = (320, 1280)

# Reindexing asks several times for the ids of each thousand pictures.
_REMEMBERED = 4096
_TRASH_KEY = re.compile(r"trash/(\d{8}T\d{6}Z-[0-9a-f]{8})/(.+)", re.DOTALL)
_SHORTENED = re.compile(r"~[0-9a-f]{32}$")
# Room for the file name of a thumbnail of any width, so that all widths share one folder.
_THUMBNAIL_ROOM = len("/99999.webp")


@lru_cache(maxsize=_REMEMBERED)
def image_id(key: str) -> str:
    """Return the id of the picture of this key: 26 characters, stable, safe in any URL.

    It is the first 16 bytes of the key's SHA-256 in lower-case base32 without padding.
    """
    digest = hashlib.sha256(key.encode()).digest()[:16]
    return base64.b32encode(digest).decode().rstrip("=").lower()


def check_key(key: str) -> None:
    """Raise InvalidKeyError for a key that no store may hold."""
    if is_plain_key(key):
        return
    try:
        size = len(key.encode())
    except UnicodeEncodeError as error:
        raise InvalidKeyError(key, "The name is not valid Unicode.") from error
    if not key or size > MAX_KEY_BYTES:
        raise InvalidKeyError(key, f"A key has 1 to {MAX_KEY_BYTES} bytes.")
    if "\x00" in key:
        raise InvalidKeyError(key, "A key cannot hold a NUL character.")
    if any(part in ("", ".", "..") for part in key.split("/")):
        raise InvalidKeyError(key, "A key cannot hold empty parts, '.' or '..'.")


def is_plain_key(key: str) -> bool:
    """Tell, fast, that a key surely can be held, and no part of it is hidden; most keys are so."""
    return (
        key.isascii()
        and 0 < len(key) <= MAX_COMPONENT_BYTES
        and key[0] not in "./"
        and key[-1] != "/"
        and "//" not in key
        and "/." not in key
        and "\x00" not in key
    )


def is_picture_key(key: str) -> bool:
    """Tell whether this is the key of an original (and not a folder marker)."""
    return key.startswith(UPLOADS) and len(key) > len(UPLOADS) and not key.endswith("/")


def upload_path(key: str) -> str:
    """Return a picture's key without `uploads/`. Raises InvalidKeyError for other keys."""
    if not is_picture_key(key):
        raise InvalidKeyError(key, "This is not the key of a picture.")
    return key[len(UPLOADS) :]


def file_name(key: str) -> str:
    """Return the last component of a key."""
    return key.rsplit("/", 1)[-1]


def metadata_key(key: str) -> str:
    """Return the key of the document about the picture of this key."""
    return _fit(METADATA + upload_path(key), ending=".json")


def thumbnail_key(key: str, width: int) -> str:
    """Return the key of the thumbnail of this width in pixels."""
    return f"{thumbnail_prefix(key)}{width}.webp"


def thumbnail_prefix(key: str) -> str:
    """Return the folder of this picture's thumbnails, with the slash.

    Those of other pictures may lie deeper in it (of `uploads/a/b` in `thumbs/a/`).
    """
    return _fit(THUMBS + upload_path(key), room=_THUMBNAIL_ROOM) + "/"


def picture_key(document_key: str) -> str | None:
    """Return the picture's key for a document's key, or None where it cannot be told.

    It cannot be told from a shortened key: there the document itself holds the true key.
    """
    if not (document_key.startswith(METADATA) and document_key.endswith(".json")):
        return None
    path = document_key[len(METADATA) : -len(".json")]
    key = UPLOADS + path
    return key if is_picture_key(key) and metadata_key(key) == document_key else None


def new_upload_key(name: str, digest: str, extension: str, now: datetime) -> str:
    """Return the key for a new upload: uploads/<yyyy>/<mm>/<stem>-<8 hex>.<ext>.

    `digest` is hex (the SHA-256 of the bytes, or random), `extension` without dot.
    """
    moment = now.astimezone(UTC)
    return f"{UPLOADS}{moment:%Y/%m}/{safe_stem(name)}-{digest[:8].lower()}.{extension}"


def safe_stem(name: str) -> str:
    """Return the stem of a file name with nothing in it that a shell, URL or file system minds.

    Letters of every script stay; at most 120 bytes; never empty.
    """
    leaf = name.replace("\\", "/").rsplit("/", 1)[-1]
    stem = PurePosixPath(leaf).stem if leaf not in ("", ".", "..") else ""
    stem = unicodedata.normalize("NFC", stem.encode("utf-8", "ignore").decode())
    kept = "".join(c if _stays_in_a_stem(c) else "_" for c in stem)
    stem = re.sub("__+", "_", kept).strip("._-")
    return _cut(stem, MAX_STEM_BYTES) or "picture"


def trash_folder(now: datetime, token: str) -> str:
    """Return a new folder in the trash, `trash/<UTC stamp>-<8 hex>/`; `token` is 8 hex digits."""
    return f"{TRASH}{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{token}/"


def trash_stamp(folder: str) -> str:
    """Return what tells a folder of the trash from all others, as it stands in addresses."""
    return folder.removeprefix(TRASH).rstrip("/")


def folder_of_stamp(stamp: str) -> str:
    """Return the folder of the trash that a stamp means, "" for a text that is none.

    There need be no such folder, nor such a time.
    """
    folder = f"{TRASH}{stamp}/"
    return folder if _TRASH_KEY.fullmatch(f"{folder}x") else ""


def trash_key(folder: str, key: str) -> str:
    """Return where an object of this key lies in this folder of the trash."""
    return _fit(folder + key)


def split_trash_key(key: str) -> tuple[str, str] | None:
    """Split a key in the trash into its folder (with the slash) and the key it had before.

    Of a key that was too long for the trash, what is left of it: compare with `trash_key`.
    """
    match = _TRASH_KEY.fullmatch(key)
    if not match:
        return None
    folder = f"{TRASH}{match[1]}/"
    try:
        trash_time(folder)
    except ValueError:
        return None
    return folder, match[2]


def trash_time(folder: str) -> datetime:
    """Return the UTC moment at which a folder of the trash was made."""
    stamp = folder.removeprefix(TRASH)[:16]
    return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def is_shortened(key: str) -> bool:
    """Tell whether the tail of a derived key (without its ending) was replaced by a hash."""
    return _SHORTENED.search(key) is not None


def _fit(base: str, *, ending: str = "", room: int = 0) -> str:
    """Append the ending; replace the tail of `base` where a limit would be passed.

    `room` is how many bytes the caller will append to the result.
    """
    most = MAX_KEY_BYTES - len(ending) - room
    last = base.rpartition("/")[2]
    fits = len(base.encode()) <= most and len((last + ending).encode()) <= MAX_COMPONENT_BYTES
    if fits and not is_shortened(base):
        return base + ending
    mark = "~" + hashlib.sha256(base.encode()).hexdigest()[:32]
    folder, _, last = _cut(base, most - len(mark)).rpartition("/")
    last = _cut(last, MAX_COMPONENT_BYTES - len(mark + ending))
    return f"{folder}/{last}{mark}{ending}"


def _stays_in_a_stem(character: str) -> bool:
    """Tell whether a character may stay: letters and marks of every script, digits, a few signs."""
    return (
        character.isalnum()
        or character in "_.()-"
        or unicodedata.category(character).startswith("M")
    )


def _cut(text: str, size: int) -> str:
    """Cut a text to at most `size` bytes of UTF-8 without breaking a character."""
    return text.encode()[:size].decode("utf-8", "ignore")
