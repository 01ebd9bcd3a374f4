"""Tell what a file is by its first bytes, never by its name."""

import codecs
import unicodedata
from dataclasses import dataclass

from tagger.errors import PictureError

HEAD_BYTES = 4096
READ = "JPEG, PNG, WebP, GIF, AVIF, TIFF, BMP and HEIC"


@dataclass(frozen=True, slots=True)
class Format:
    """A format that is read: the decoder's name for it and the content type."""

    decoder: str
    content_type: str


JPEG = Format("JPEG", "image/jpeg")
PNG = Format("PNG", "image/png")
WEBP = Format("WEBP", "image/webp")
GIF = Format("GIF", "image/gif")
AVIF = Format("AVIF", "image/avif")
TIFF = Format("TIFF", "image/tiff")
BMP = Format("BMP", "image/bmp")
HEIC = Format("HEIF", "image/heic")
HEIF = Format("HEIF", "image/heif")

_MAGIC = (
    (b"\xff\xd8", JPEG),
    (b"\x89PNG", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
    (b"II+\x00", TIFF),
    (b"MM\x00+", TIFF),
    (b"BM", BMP),
)
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_HEIF_BRANDS = {b"mif1", b"msf1", b"mif2"}
_AVIF_BRANDS = {b"avif", b"avis"}
_OTHERS = (
    (0, b"%PDF", "a PDF document"),
    (0, b"PK\x03\x04", "a ZIP archive or an office document"),
    (0, b"\x1f\x8b", "a compressed archive"),
    (0, b"Rar!", "an archive"),
    (0, b"7z\xbc\xaf", "an archive"),
    (0, b"\x7fELF", "a program"),
    (0, b"MZ", "a program"),
    (0, b"\x1aE\xdf\xa3", "a video"),
    (0, b"\x00\x00\x01\xba", "a video"),
    (0, b"OggS", "sound or video"),
    (0, b"ID3", "sound"),
    (0, b"fLaC", "sound"),
    (8, b"AVI ", "a video"),
    (8, b"WAVE", "sound"),
)
_OTHER_PICTURES = (
    (0, b"8BPS", "Photoshop drawings"),
    (0, b"\xff\x0a", "JPEG XL pictures"),
    (0, b"\x00\x00\x00\x0cJXL ", "JPEG XL pictures"),
    (0, b"\x00\x00\x00\x0cjP  ", "JPEG 2000 pictures"),
    (0, b"\xff\x4f\xff\x51", "JPEG 2000 pictures"),
    (0, b"\x00\x00\x01\x00", "icons"),
    (0, b"FUJIFILMCCD-RAW", "raw camera files"),
    (8, b"crx ", "raw camera files"),
)


def identify(head: bytes) -> Format:
    """Tell the format of a file by its first bytes. Raises PictureError where it is not read."""
    if text := _text(head):
        raise _not_text(text)
    for magic, format_ in _MAGIC:
        if head.startswith(magic):
            return format_
    if head[:4] == b"RIFF" and head[8:12] in (b"WEBP", b""):
        return WEBP
    if head[4:8] == b"ftyp" and (found := _by_brand(head)):
        return found
    raise _refusal(head)


def _by_brand(head: bytes) -> Format | None:
    """Tell HEIC, HEIF and AVIF apart by the brands in the file's first box."""
    length = int.from_bytes(head[:4], "big")
    major = head[8:12]
    brands = {major} | {head[at : at + 4] for at in range(16, min(length, len(head)), 4)}
    if major in _AVIF_BRANDS or (brands & _AVIF_BRANDS and major in _HEIF_BRANDS):
        return AVIF
    if major in _HEIC_BRANDS or (brands & _HEIC_BRANDS and major in _HEIF_BRANDS):
        return HEIC
    return HEIF if major in _HEIF_BRANDS else None


def _refusal(head: bytes) -> PictureError:
    for at, magic, what in _OTHER_PICTURES:
        if head[at : at + len(magic)] == magic:
            return _unsupported(f"{what[0].upper()}{what[1:]} cannot be read")
    if head[4:8] == b"ftyp":
        return _not_a_picture("a video")
    for at, magic, what in _OTHERS:
        if head[at : at + len(magic)] == magic:
            return _not_a_picture(what)
    return PictureError(
        "not_a_picture",
        f"This file is not a picture that can be read: it is none of {READ}.",
    )


def _not_text(text: str) -> PictureError:
    start = text.lstrip("\ufeff \t\r\n")[:1000].lower()
    if "<svg" in start:
        return _unsupported("SVG drawings cannot be read")
    if start.startswith(("<!doctype html", "<html", "<head", "<body", "<script")):
        return _not_a_picture("a web page")
    return _not_a_picture("text")


def _unsupported(problem: str) -> PictureError:
    return PictureError("unsupported", f"{problem}: only {READ} can.")


def _not_a_picture(what: str) -> PictureError:
    return PictureError("not_a_picture", f"This file is not a picture: it holds {what}.")


def _text(head: bytes) -> str:
    """Return the beginning of a file as text, or "" where it is not text."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = head[: len(head) // 2 * 2].decode("utf-16", "replace")
        return text if _printable(text) else ""
    if b"%PDF" in head[:8]:
        return ""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        text = head.decode("latin-1")
        plain = sum(byte < 0x7F for byte in head)
        return text if plain > 0.8 * len(head) and _printable(text) else ""
    return text if _printable(text) else ""


def _printable(text: str) -> bool:
    return bool(text) and not any(
        unicodedata.category(character) in ("Cc", "Cn") and character not in "\t\n\r\f\v\x1b"
        for character in text
    )
