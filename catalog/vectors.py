"""The packed facts of a picture, as image_vector keeps them for the arrays in memory.

A vector is a run of (label id, alias, confidence) in 16 bytes each: it is read by numpy in one
piece for the whole library, so a start takes a fraction of reading the rows.
"""

import struct
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from catalog.query import COLORS

ENTRY_FIELDS = [("label", "<i4"), ("alias", "<i4"), ("confidence", "<f8")]
_PARTS = 3

STATUSES = ("pending", "tagged", "failed")
FORMATS = ("", "jpeg", "png", "webp", "gif", "avif", "tiff", "bmp", "heic")
OTHER_FORMAT = 15
STATUS_BITS, FORMAT_BITS, COLOR_BITS = 2, 4, len(COLORS)
FORMAT_SHIFT = STATUS_BITS
COLOR_SHIFT = FORMAT_SHIFT + FORMAT_BITS
EDITED_SHIFT = COLOR_SHIFT + COLOR_BITS


def pack(entries: Sequence[Any]) -> bytes:
    """Pack (label id, alias, confidence in percent), one after the other without tuples."""
    return _run(len(entries) // _PARTS).pack(*entries)


@lru_cache(maxsize=256)
def _run(length: int) -> struct.Struct:
    return struct.Struct("<" + "iid" * length)


def facts(status: str, format: str, colors: int, edited: bool) -> int:
    """Pack what is searched by besides labels and time into one number."""
    kind = FORMATS.index(format) if format in FORMATS else OTHER_FORMAT
    number = STATUSES.index(status) | kind << FORMAT_SHIFT | colors << COLOR_SHIFT
    return number | int(edited) << EDITED_SHIFT
