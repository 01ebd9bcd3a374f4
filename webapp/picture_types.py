"""Which files are offered as pictures: their extensions and content types, before any byte is read.

What a file really is, the tagger finds out from its content.
"""

import re
from pathlib import PurePosixPath

# The first extension of each type is the one given to a file that has none.
EXTENSIONS: dict[str, tuple[str, ...]] = {
    "image/jpeg": ("jpg", "jpeg", "jpe", "jfif"),
    "image/png": ("png", "apng"),
    "image/webp": ("webp",),
    "image/gif": ("gif",),
    "image/avif": ("avif",),
    "image/tiff": ("tif", "tiff"),
    "image/bmp": ("bmp", "dib"),
    "image/heic": ("heic",),
    "image/heif": ("heif", "hif"),
}
TYPE_OF_EXTENSION = {ext: name for name, extensions in EXTENSIONS.items() for ext in extensions}
OTHER_NAMES = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/jfif": "image/jpeg",
    "image/apng": "image/png",
    "image/x-png": "image/png",
    "image/tif": "image/tiff",
    "image/x-tiff": "image/tiff",
    "image/x-bmp": "image/bmp",
    "image/x-ms-bmp": "image/bmp",
    "image/heic-sequence": "image/heic",
    "image/heif-sequence": "image/heif",
    "image/avif-sequence": "image/avif",
}
# Types that every browser shows, and that cannot carry a script.
SHOWN_BY_BROWSERS = frozenset(
    {"image/jpeg", "image/png", "image/webp", "image/gif", "image/avif", "image/bmp"}
)
NOT_TELLING = ("", "application/octet-stream", "binary/octet-stream")
KINDS = "JPEG, PNG, WebP, GIF, AVIF, TIFF, BMP and HEIC"

_EXTENSION = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,9}")


def normal_type(content_type: str) -> str:
    """Return a content type by its usual name, without parameters; "" if it tells nothing."""
    bare = content_type.split(";", 1)[0].strip().lower()
    return "" if bare in NOT_TELLING else OTHER_NAMES.get(bare, bare)


def extension(name: str) -> str:
    """Return the extension of a file name, lower case without dot; "" where what follows is none.

    "Screenshot 12.30.15" and "Holiday no. 5 in Rome" have none.
    """
    leaf = name.replace("\\", "/").rsplit("/", 1)[-1]
    suffix = PurePosixPath(leaf).suffix[1:] if leaf not in ("", ".", "..") else ""
    return suffix.lower() if _EXTENSION.fullmatch(suffix) else ""


def picture_type(name: str, content_type: str) -> tuple[str, str] | None:
    """Return (content type, extension) of a file by name and type, None for no picture.

    An empty type is guessed from the name; a name without extension gets its type's.
    """
    kind, suffix = normal_type(content_type), extension(name)
    if suffix and suffix not in TYPE_OF_EXTENSION:
        return None
    kind = kind or TYPE_OF_EXTENSION.get(suffix, "")
    if kind not in EXTENSIONS:
        return None
    return kind, suffix or EXTENSIONS[kind][0]
