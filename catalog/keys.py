"""Keys: the layout of the bucket and of the folder. The only place that knows it.

    uploads/<path>                                   the original
    metadata/<path>.json                             the document about it
    thumbs/<path>/<width>.webp                       derived
    trash/<UTC stamp>-<8 hex>/uploads/<path>         a deleted original, …/metadata/<path>.json beside it

Limits: a key is at most 1,024 bytes of UTF-8 (S3), a component at most 255 (file systems).
A derived key beyond them has its tail replaced by `~` and 32 hex digits of its SHA-256.
"""

import base64
import hashlib
import re
import unicodedata
from datetime import UTC, datetime
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

_TRASH_KEY = re.compile(r"trash/(\d{8}T\d{6}Z-[0-9a-f]{8})/(.+)", re.DOTALL)
_NOT_IN_A_STEM = re.compile(r"[^\w.()+-]+")


def image_id(key: str) -> str:
    """Return the id of the picture of this key: 26 characters, stable, safe in any URL.

    It is the first 16 bytes of the key's SHA-256 in lower-case base32 without padding.
    """
    digest = hashlib.sha256(key.encode()).digest()[:16]
    return base64.b32encode(digest).decode().rstrip("=").lower()


def check_key(key: str) -> None:
    """Raise InvalidKeyError for a key that no store may hold."""
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


def is_picture_key(key: str) -> bool:
    """Tell whether this is the key of an original (and not a folder marker)."""
    return key.startswith(UPLOADS) and len(key) > len(UPLOADS) and not key.endswith("/")


def upload_path(key: str) -> str:
    """Return the part of a picture's key after `uploads/`. Raises InvalidKeyError for other keys."""
    if not is_picture_key(key):
        raise InvalidKeyError(key, "This is not the key of a picture.")
    return key[len(UPLOADS) :]


def file_name(key: str) -> str:
    """Return the last component of a key."""
    return key.rsplit("/", 1)[-1]


def metadata_key(key: str) -> str:
    """Return the key of the document about the picture of this key."""
    return _fit(METADATA + upload_path(key), ".json")


def thumbnail_key(key: str, width: int) -> str:
    """Return the key of the thumbnail of this width in pixels."""
    return _fit(THUMBS + upload_path(key), f"/{width}.webp")


def thumbnail_prefix(key: str) -> str:
    """Return the prefix that all thumbnails of this picture share."""
    return thumbnail_key(key, THUMBNAIL_WIDTHS[0]).rsplit("/", 1)[0] + "/"


def picture_key(document_key: str) -> str | None:
    """Return the picture's key for a document's key, or None where it cannot be told.

    It cannot be told from a shortened key: there the document itself holds the true key.
    """
    if not (document_key.startswith(METADATA) and document_key.endswith(".json")):
        return None
    path = document_key[len(METADATA) : -len(".json")]
    key = UPLOADS + path
    if not path or not is_picture_key(key) or metadata_key(key) != document_key:
        return None
    return None if _SHORTENED.search(path) else key


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
    stem = _NOT_IN_A_STEM.sub("_", stem.replace("+", "_")).strip("._-")
    return _cut(stem, MAX_STEM_BYTES) or "picture"


def trash_folder(now: datetime, token: str) -> str:
    """Return a new folder in the trash, `trash/<UTC stamp>-<8 hex>/`; `token` is 8 hex digits."""
    return f"{TRASH}{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{token}/"


def split_trash_key(key: str) -> tuple[str, str] | None:
    """Split a key in the trash into its folder (with the slash) and the key it had before."""
    match = _TRASH_KEY.fullmatch(key)
    return (f"{TRASH}{match[1]}/", match[2]) if match else None


def trash_time(folder: str) -> datetime:
    """Return the UTC moment at which a folder of the trash was made."""
    stamp = folder.removeprefix(TRASH)[:16]
    return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


_SHORTENED = re.compile(r"~[0-9a-f]{32}$")


def _fit(base: str, suffix: str) -> str:
    """Append the suffix; replace the tail of `base` where the result passes a limit."""
    key = base + suffix
    ending = suffix if "/" not in suffix else ""
    folder, _, last = base.rpartition("/")
    too_long = len(key.encode()) > MAX_KEY_BYTES
    if not too_long and len((last + ending).encode()) <= MAX_COMPONENT_BYTES:
        return key
    mark = "~" + hashlib.sha256(key.encode()).hexdigest()[:32]
    if too_long:
        room = MAX_KEY_BYTES - len((mark + suffix).encode())
        base = _cut(base, room)
        folder, _, last = base.rpartition("/")
    last = _cut(last, MAX_COMPONENT_BYTES - len((mark + ending).encode()))
    return f"{folder}/{last}{mark}{suffix}"


def _cut(text: str, size: int) -> str:
    """Cut a text to at most `size` bytes of UTF-8 without breaking a character."""
    return text.encode()[:size].decode("utf-8", "ignore")
