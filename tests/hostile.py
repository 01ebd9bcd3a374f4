"""Makes files that mean harm, or have come to it: every one is to end tagged, or failed in words.

`crafted()` are made by hand, one for each trick; `damaged()` are pictures of every format, cut and
changed at random from a seed. Where a trick needs a large file, it is one that packs well.
"""

import random
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import cache

from tests import pictures

Made = tuple[str, bytes]


def crafted() -> dict[str, Callable[[], bytes]]:
    """Return what makes each file, by its name: the extension is what it claims to be."""
    png, jpg, gif = (_good(extension) for extension in ("png", "jpg", "gif"))
    page = b"<!DOCTYPE html><html><script>alert(1)</script></html>"
    return {
        "empty.jpg": lambda: b"",
        "one byte.png": lambda: b"\x89",
        "zeros.heic": lambda: bytes(5000),
        "drawing.jpg": pictures.svg,
        "page.png": pictures.html,
        "words.webp": pictures.text,
        "program.gif": lambda: b"\x7fELF" + bytes(500),
        "archive.png": lambda: b"PK\x03\x04" + bytes(500),
        "film.heic": lambda: b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomavc1",
        "a png.jpg": lambda: png,
        "a jpeg.tiff": lambda: jpg,
        "jpeg and page.jpg": lambda: pictures.encode(pictures.asymmetric(), comment=page) + page,
        "gif and script.gif": lambda: gif[:-1] + _gif_comment(b"*/=1;alert(1)/*") + b";",
        "png and zip.png": lambda: png + b"PK\x05\x06" + bytes(18),
        "pixels.png": pictures.bomb,
        "pixels.jpg": lambda: _with_sides(jpg, jpg.index(b"\xff\xc0") + 5, ">HH"),
        "pixels.gif": lambda: _with_sides(gif, 6, "<HH"),
        "pixels.bmp": lambda: _with_sides(_good("bmp"), 18, "<ii", 2**30),
        "pixels.webp": lambda: b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0" + bytes(4) + b"\xff" * 6,
        "pixels.avif": lambda: _with_ispe(_good("avif")),
        "pixels.heic": lambda: _with_ispe(_good("heic")),
        "grid of grids.heic": _heif_grid,
        "tiles.tiff": lambda: _tiff({256: 100, 257: 100, 322: 2**20, 323: 2**20, 324: 8, 325: 9}),
        "pixels.tiff": lambda: _tiff({256: 2**31 - 1, 257: 2**31 - 1, 273: 8, 279: 2**31 - 1}),
        "strips.tiff": lambda: _tiff({256: 10_000, 257: 10_000, 278: 1, 273: 8, 279: 2**31 - 1}),
        "directory in itself.tiff": lambda: _tiff({256: 9, 257: 9, 330: 8, 34665: 8, 273: 8}, 8),
        "directories.tiff": lambda: _directories(3_000),
        "frames.gif": lambda: gif[:-1] + _gif_frame() * 20_000 + b";",
        "layers.jpg": _layers,
        "text.png": lambda: _with_chunks(png, *[(b"zTXt", b"a\0\0" + _zeros(20_000_000))] * 3),
        "texts.png": lambda: _with_chunks(png, *[(b"tEXt", b"a\0" + b"x" * 50)] * 20_000),
        "profile.png": lambda: _with_chunks(png, (b"iCCP", b"a\0\0" + _zeros(20_000_000))),
        "profile.jpg": lambda: pictures.encode(pictures.asymmetric(), icc_profile=_profile()),
        "exif in itself.jpg": lambda: pictures.encode(pictures.asymmetric(), exif=_exif_loop()),
        "exif of billions.jpg": lambda: pictures.encode(pictures.asymmetric(), exif=_exif_counts()),
        "exif.png": lambda: _with_chunks(png, (b"eXIf", _exif_loop()[6:] + b"\xff" * 500_000)),
    }  # fmt: skip


def large() -> dict[str, Callable[[], bytes]]:
    """Return what makes pictures as large as are read, or a little larger: these take seconds."""
    return {
        "98 megapixels of grey.png": lambda: _flat_png(9_900, 9_900, 8, 0),
        "99 megapixels in colour.png": lambda: _flat_png(11_000, 9_000, 8, 2),
        "99 megapixels, see-through.png": lambda: _flat_png(11_000, 9_000, 8, 6),
        "99 megapixels of 16 bits.png": lambda: _flat_png(11_000, 9_000, 16, 2),
        "one strip of 64 megapixels.tiff": lambda: _deflated_tiff(8_000, 8_000),
    }


def damaged(count: int, seed: int) -> Iterator[Made]:
    """Yield so many damaged pictures, of each format in turn; a seed always gives the same."""
    numbers = random.Random(seed)
    extensions = sorted(pictures.FORMATS)
    for number in range(count):
        extension = extensions[number % len(extensions)]
        data = bytearray(_good(extension))
        for _ in range(numbers.choice((1, 1, 2, 5, 20))):
            numbers.choice(_DAMAGES)(data, numbers)
        yield f"damaged {number} of {seed}.{extension}", bytes(data)


@cache
def _good(extension: str) -> bytes:
    return pictures.encode(pictures.noise(96, 64), extension)


def _change(data: bytearray, numbers: random.Random) -> None:
    for _ in range(numbers.randint(1, 10)):
        if data:
            data[numbers.randrange(len(data))] = numbers.randrange(256)


def _change_near_the_start(data: bytearray, numbers: random.Random) -> None:
    if data:
        data[numbers.randrange(min(len(data), 300))] = numbers.choice((0, 1, 0x7F, 0x80, 0xFF))


def _make_huge(data: bytearray, numbers: random.Random) -> None:
    at = numbers.randrange(len(data) + 1)
    value = numbers.choice(
        (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", bytes(4))
    )
    data[at : at + 4] = value


def _cut(data: bytearray, numbers: random.Random) -> None:
    del data[numbers.randrange(len(data) + 1) :]


def _take_out(data: bytearray, numbers: random.Random) -> None:
    at = numbers.randrange(len(data) + 1)
    del data[at : at + numbers.randint(1, 200)]


def _double(data: bytearray, numbers: random.Random) -> None:
    at = numbers.randrange(len(data) + 1)
    data[at:at] = data[at : at + numbers.randint(1, 2000)]


def _graft(data: bytearray, numbers: random.Random) -> None:
    other = _good(numbers.choice(sorted(pictures.FORMATS)))
    at = numbers.randrange(len(data) + 1)
    start = numbers.randrange(len(other))
    data[at : at + 100] = other[start : start + 100]


_DAMAGES = (_change, _change, _change_near_the_start, _make_huge, _cut, _take_out, _double, _graft)


def _zeros(count: int) -> bytes:
    packer = zlib.compressobj(9)
    part = bytes(1_000_000)
    return b"".join(packer.compress(part) for _ in range(count // len(part))) + packer.flush()


def _with_sides(data: bytes, at: int, form: str, side: int = 65_535) -> bytes:
    sides = struct.pack(form, side, side)
    return data[:at] + sides + data[at + len(sides) :]


def _with_ispe(data: bytes) -> bytes:
    """Return a HEIF or AVIF file that says it is 100,000 pixels wide and high."""
    return _with_sides(data, data.index(b"ispe") + 8, ">II", 100_000)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _with_chunks(png: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    """Return a PNG with chunks behind its first one."""
    return png[:33] + b"".join(_chunk(kind, data) for kind, data in chunks) + png[33:]


def _flat_png(width: int, height: int, bits: int, kind: int) -> bytes:
    """Return a PNG of one colour, of any size: colour type 0 is grey, 2 RGB, 6 RGBA."""
    head = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    row = bytes(1 + width * bits // 8 * {0: 1, 2: 3, 6: 4}[kind])
    packer = zlib.compressobj(1)
    pixels = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    chunks = ((b"IHDR", head), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _gif_comment(text: bytes) -> bytes:
    return b"\x21\xfe" + bytes([len(text)]) + text + b"\x00"


def _gif_frame() -> bytes:
    return b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"


def _layers() -> bytes:
    data = pictures.encode(pictures.noise(64, 64), "jpg", progressive=True)
    at = data.rindex(b"\xff\xda")
    return data[:at] + data[at:-2] * 1000 + data[-2:]


def _entries(tags: dict[int, int]) -> bytes:
    entries = b"".join(
        struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags.items())
    )
    return struct.pack("<H", len(tags)) + entries


def _tiff(tags: dict[int, int], following: int = 0) -> bytes:
    """Return a TIFF of one directory, at byte 8, which names another one as the next."""
    usual = {258: 8, 259: 1, 262: 1, 277: 1}
    return b"II*\x00\x08\x00\x00\x00" + _entries(usual | tags) + struct.pack("<I", following)


def _directories(count: int) -> bytes:
    """Return a TIFF of many directories, each naming the one before it as one below."""
    data = b"II*\x00\x08\x00\x00\x00"
    for _ in range(count):
        entries = _entries({256: 4, 257: 4, 273: 8, 279: 16, 330: max(len(data) - 42, 8)})
        data += entries + struct.pack("<I", len(data) + len(entries) + 4)
    return data


def _deflated_tiff(width: int, height: int) -> bytes:
    """Return an RGB TIFF whose pixels are one deflated strip."""
    pixels = _zeros(width * height * 3)
    tags = {256: width, 257: height, 258: 8, 259: 8, 262: 2, 273: 8, 277: 3, 278: height}
    size = 2 + 12 * (len(tags) + 1) + 4
    return _tiff(tags | {273: 8 + size, 279: len(pixels)}) + pixels


def _exif_loop() -> bytes:
    """Return EXIF whose directory names itself as the one below it, and as the next."""
    entries = _entries({0x8769: 8, 0x8825: 8, 0xA005: 8, 0x0112: 6})
    return b"Exif\0\0II*\x00\x08\x00\x00\x00" + entries + struct.pack("<I", 8)


def _exif_counts() -> bytes:
    """Return EXIF whose texts and numbers are billions long."""
    entries = b"".join(
        struct.pack("<HHII", tag, kind, 0xFFFFFFFF, 8)
        for tag, kind in ((0x010F, 2), (0x0110, 2), (0x0112, 3), (0x0132, 12))
    )
    return b"Exif\0\0II*\x00\x08\x00\x00\x00\x04\x00" + entries + bytes(4)


def _profile() -> bytes:
    """Return a colour profile that says it has four billion parts."""
    data = bytearray(pictures.swapped_profile())
    data[128:132] = b"\xff\xff\xff\xff"
    return bytes(data) + bytes(500_000)


def _box(kind: bytes, *parts: bytes) -> bytes:
    data = b"".join(parts)
    return struct.pack(">I", 8 + len(data)) + kind + data


def _heif_grid() -> bytes:
    """Return a HEIC whose picture is a grid of 65,536 times itself."""
    whole = struct.pack(">BBBBII", 0, 1, 255, 255, 100_000, 100_000)
    refs = struct.pack(">HH", 1, 1000) + struct.pack(">H", 1) * 1000
    meta = _box(
        b"meta",
        bytes(4),
        _box(b"hdlr", bytes(8), b"pict", bytes(13)),
        _box(b"pitm", bytes(4), struct.pack(">H", 1)),
        _box(b"iinf", bytes(4), struct.pack(">H", 1), _box(
            b"infe", b"\x02\0\0\0", struct.pack(">HH", 1, 0), b"grid", b"\0")),
        _box(b"iref", bytes(4), _box(b"dimg", refs)),
        _box(b"iprp",
             _box(b"ipco", _box(b"ispe", bytes(4), struct.pack(">II", 100_000, 100_000))),
             _box(b"ipma", bytes(4), struct.pack(">IHBB", 1, 1, 1, 1))),
        _box(b"idat", whole),
        _box(b"iloc", b"\x01\0\0\0", b"\x44\x00",
             struct.pack(">HHHHHII", 1, 1, 1, 0, 1, 0, len(whole))),
    )  # fmt: skip
    return _box(b"ftyp", b"heic", bytes(4), b"mif1heic") + meta
