"""Tell a file that ends in the middle from one that is damaged, after a decoder has failed."""

import os
import struct
from collections.abc import Callable, Iterator
from typing import BinaryIO

_MAX_PARTS = 100_000
_JPEG_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}
_TIFF_TYPE_SIZES = {1: 1, 3: 2, 4: 4}


def ends_early(file: BinaryIO, decoder: str) -> bool:
    """Tell whether a file of this format ends before its own structure says that it does."""
    check = _CHECKS.get(decoder)
    if check is None:
        return False
    try:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        return check(file, size)
    except (EOFError, struct.error):
        return True


def _take(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise EOFError
    return data


def _jpeg(file: BinaryIO, size: int) -> bool:
    """Walk the segments up to the pixels, then look for the end marker."""
    file.seek(2)
    for _ in range(_MAX_PARTS):
        if _take(file, 1) != b"\xff":
            return False
        marker = 0xFF
        while marker == 0xFF:
            marker = _take(file, 1)[0]
        if marker in _JPEG_WITHOUT_LENGTH:
            continue
        if marker == 0xD9:
            return False
        length = struct.unpack(">H", _take(file, 2))[0]
        if file.seek(max(length - 2, 0), os.SEEK_CUR) > size:
            return True
        if marker == 0xDA:
            return b"\xff\xd9" not in file.read()
    return False


def _png(file: BinaryIO, size: int) -> bool:
    """Walk the chunks up to IEND."""
    file.seek(8)
    for _ in range(_MAX_PARTS):
        length, kind = struct.unpack(">I4s", _take(file, 8))
        if kind == b"IEND":
            return False
        if file.seek(length + 4, os.SEEK_CUR) > size:
            return True
    return False


def _gif(file: BinaryIO, size: int) -> bool:
    """A GIF ends with a semicolon; some programs pad it with zeros."""
    file.seek(max(size - 1024, 0))
    return not file.read().rstrip(b"\x00").endswith(b";")


def _webp(file: BinaryIO, size: int) -> bool:
    return 8 + int(struct.unpack("<I", _take(file, 8)[4:])[0]) > size


def _bmp(file: BinaryIO, size: int) -> bool:
    length, _, pixels = struct.unpack("<III", _take(file, 14)[2:])
    return bool(max(length, pixels) > size)


def _boxes(file: BinaryIO, size: int) -> bool:
    """Walk the outermost boxes of a HEIF or AVIF file."""
    at = 0
    for _ in range(_MAX_PARTS):
        if at == size:
            return False
        file.seek(at)
        length = int(struct.unpack(">I", _take(file, 8)[:4])[0])
        if length == 1:
            length = int(struct.unpack(">Q", _take(file, 8))[0])
        if length == 0:
            return False
        if length < 8:
            return False
        at += length
        if at > size:
            return True
    return False


def _tiff(file: BinaryIO, size: int) -> bool:
    """Compare the places of the pixels, as the first directory names them, with the size."""
    order = "<" if _take(file, 2) == b"II" else ">"
    version, directory = struct.unpack(order + "HI", _take(file, 6))
    if version != 42:
        return False
    file.seek(directory)
    (count,) = struct.unpack(order + "H", _take(file, 2))
    entries = [struct.unpack(order + "HHI4s", _take(file, 12)) for _ in range(count)]
    values = {
        tag: list(_tiff_values(file, order, kind, number, inline))
        for tag, kind, number, inline in entries
        if tag in (273, 279, 324, 325)
    }
    starts = values.get(273) or values.get(324) or []
    lengths = values.get(279) or values.get(325) or [0] * len(starts)
    return any(start + length > size for start, length in zip(starts, lengths, strict=False))


def _tiff_values(file: BinaryIO, order: str, kind: int, count: int, inline: bytes) -> Iterator[int]:
    width = _TIFF_TYPE_SIZES.get(kind)
    if width is None or count > _MAX_PARTS:
        return
    data = inline
    if width * count > 4:
        file.seek(struct.unpack(order + "I", inline)[0])
        data = _take(file, width * count)
    letter = {1: "B", 2: "H", 4: "I"}[width]
    yield from struct.unpack(f"{order}{count}{letter}", data[: width * count])


_CHECKS: dict[str, Callable[[BinaryIO, int], bool]] = {
    "JPEG": _jpeg,
    "PNG": _png,
    "GIF": _gif,
    "WEBP": _webp,
    "BMP": _bmp,
    "AVIF": _boxes,
    "HEIF": _boxes,
    "TIFF": _tiff,
}
