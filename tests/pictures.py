"""Makes the pictures that tests need, good and bad; finds photographs of installed packages.

`QUARTERS` is what the asymmetric picture shows when it is upright: a colour in each quarter.
"""

import importlib.util
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image, ImageCms

QUARTERS = {
    "top left": (220, 30, 30),
    "top right": (30, 160, 60),
    "bottom left": (30, 60, 200),
    "bottom right": (240, 220, 40),
}
FORMATS = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
    "avif": "image/avif",
    "tiff": "image/tiff",
    "bmp": "image/bmp",
    "heic": "image/heic",
}
# What turns an upright picture into the one that is stored with this EXIF orientation.
_STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
ORIENTATIONS = tuple(_STORED)
_PILLOW_NAMES = {"jpg": "JPEG", "heic": "HEIF"}


def asymmetric(width: int = 120, height: int = 80) -> Image.Image:
    """Return a picture whose four quarters have the colours of QUARTERS."""
    image = Image.new("RGB", (width, height), QUARTERS["top left"])
    half_x, half_y = width // 2, height // 2
    image.paste(QUARTERS["top right"], (half_x, 0, width, half_y))
    image.paste(QUARTERS["bottom left"], (0, half_y, half_x, height))
    image.paste(QUARTERS["bottom right"], (half_x, half_y, width, height))
    return image


def quarters(image: Image.Image) -> dict[str, tuple[int, ...]]:
    """Return the colours in the middle of the four quarters of a picture."""
    width, height = image.size
    return {
        "top left": image.getpixel((width // 4, height // 4)),
        "top right": image.getpixel((3 * width // 4, height // 4)),
        "bottom left": image.getpixel((width // 4, 3 * height // 4)),
        "bottom right": image.getpixel((3 * width // 4, 3 * height // 4)),
    }


def noise(width: int, height: int, seed: int = 1) -> Image.Image:
    """Return a picture of soft coloured blobs and fine noise, as hard to pack as a photograph."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (12, 16, 3), dtype=np.uint8))
    base = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), dtype=np.int16)
    grain = random.integers(-12, 13, (height, width, 1), dtype=np.int16)
    return Image.fromarray(np.clip(base + grain, 0, 255).astype(np.uint8))


def encode(image: Image.Image, extension: str = "jpg", **options: object) -> bytes:
    """Encode a picture in the format of an extension (a key of FORMATS)."""
    pillow_heif.register_heif_opener(thumbnails=False)
    name = _PILLOW_NAMES.get(extension, extension.upper())
    if extension in ("jpg", "webp", "avif", "heic"):
        options.setdefault("quality", 95)
    if extension == "jpg" and image.mode == "RGB":
        options.setdefault("subsampling", 0)
    target = io.BytesIO()
    image.save(target, name, **options)
    return target.getvalue()


def oriented(orientation: int, extension: str = "jpg") -> bytes:
    """Return the asymmetric picture as a camera held this way stores it."""
    image = asymmetric()
    turn = _STORED[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encode(image if turn is None else image.transpose(turn), extension, exif=exif.tobytes())


def with_exif(
    *,
    taken: str | None = "2026:11:21 09:12:03",
    make: str | None = "Canon",
    model: str | None = "Canon EOS R6",
    gps: bool = True,
    extension: str = "jpg",
) -> bytes:
    """Return a picture with a date, a camera and (unless told otherwise) a place in its EXIF."""
    exif = Image.Exif()
    if make is not None:
        exif[0x010F] = make
    if model is not None:
        exif[0x0110] = model
    if taken is not None:
        exif.get_ifd(0x8769)[0x9003] = taken
    if gps:
        exif.get_ifd(0x8825).update({1: "N", 2: (47.0, 22.0, 10.0), 3: "E", 4: (8.0, 32.0, 11.0)})
    return encode(asymmetric(), extension, exif=exif.tobytes())


def animated_gif() -> bytes:
    """Return an animation whose first frame is the asymmetric picture, the second one black."""
    second = Image.new("RGB", (120, 80))
    return encode(asymmetric(), "gif", save_all=True, append_images=[second], duration=50, loop=0)


def cmyk(profile: bytes | None = None) -> bytes:
    """Return the asymmetric picture as a CMYK JPEG."""
    options = {"icc_profile": profile} if profile else {}
    return encode(asymmetric().convert("CMYK"), "jpg", **options)


def deep_grey(extension: str) -> bytes:
    """Return 16-bit grey bands (0, 1/4, 1/2, 3/4, full) as a PNG or TIFF."""
    row = np.repeat(np.array([0, 16384, 32768, 49152, 65535], dtype=np.uint16), 20)
    return encode(Image.fromarray(np.tile(row, (60, 1))), extension)


def deep_color_png() -> bytes:
    """Return a PNG of 16 bits a channel, all pixels (0x8000, 0x4000, 0xFFFF)."""
    rows = b"".join(b"\x00" + struct.pack(">3H", 0x8000, 0x4000, 0xFFFF) * 40 for _ in range(30))
    return _png(40, 30, 16, 2, zlib.compress(rows))


def palette_with_transparency() -> bytes:
    """Return a palette PNG: left half red, right half fully transparent."""
    image = Image.new("P", (40, 20), 0)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.paste(1, (20, 0, 40, 20))
    return encode(image, "png", transparency=b"\xff\x00")


def half_transparent(mode: str) -> bytes:
    """Return a black PNG in LA or RGBA: left half opaque, right half fully transparent."""
    image = Image.new(mode, (40, 20), 0)
    alpha = Image.new("L", (40, 20), 0)
    alpha.paste(255, (0, 0, 20, 20))
    image.putalpha(alpha)
    return encode(image, "png")


def lab_profile() -> bytes:
    """Return a colour profile that does not fit an RGB picture."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


def swapped_profile() -> bytes:
    """Return an RGB profile whose red and blue are exchanged, so that its use can be seen."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for at in range(132, 132 + 12 * struct.unpack(">I", data[128:132])[0], 12):
        tag = bytes(data[at : at + 4])
        data[at : at + 4] = {b"rXYZ": b"bXYZ", b"bXYZ": b"rXYZ"}.get(tag, tag)
    return bytes(data).replace("sRGB".encode("utf-16-be"), "Swap".encode("utf-16-be"))


def bomb(width: int = 40_000, height: int = 10_000) -> bytes:
    """Return a small valid PNG that declares far more pixels than anyone sends (1 bit each)."""
    packer = zlib.compressobj(9)
    row = b"\x00" * (1 + (width + 7) // 8)
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    return _png(width, height, 1, 0, data)


def truncated(extension: str = "jpg") -> bytes:
    """Return the first 60 % of a picture."""
    data = encode(noise(320, 240), extension)
    return data[: len(data) * 6 // 10]


def hundred_bytes() -> bytes:
    """Return the first 100 bytes of a JPEG."""
    return encode(asymmetric(), "jpg")[:100]


def polyglot() -> bytes:
    """Return a JPEG that is a ZIP archive as well, and has a script in its comment."""
    archive = b"PK\x05\x06" + b"\x00" * 18
    return encode(asymmetric(), "jpg", comment=b"<script>alert(1)</script>") + archive


def text() -> bytes:
    """Return what a text file named .jpg holds."""
    return "Dear diary, today I took no picture. Não faz mal.\n".encode() * 3


def svg() -> bytes:
    """Return a drawing with a script in it."""
    return b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script/></svg>'


def html() -> bytes:
    """Return a web page with a script in it."""
    return b"<!DOCTYPE html>\n<html><script>alert(1)</script></html>"


def photographs() -> dict[str, Path]:
    """Return photographs by name: those that scikit-image and scikit-learn bring along."""
    found = {}
    for package, folder in (("skimage", "data"), ("sklearn", "datasets/images")):
        spec = importlib.util.find_spec(package)
        assert spec and spec.origin, f"{package} is not installed: run make setup"
        for path in sorted((Path(spec.origin).parent / folder).iterdir()):
            if path.suffix in (".jpg", ".png", ".gif", ".tif"):
                found[path.stem] = path
    return found


def photograph(name: str) -> bytes:
    """Return the bytes of one of those photographs: chelsea, coffee, rocket, flower, china ..."""
    return photographs()[name].read_bytes()


def _png(width: int, height: int, depth: int, kind: int, data: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
