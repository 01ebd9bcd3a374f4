"""Open a picture by its content, within limits, and bring it upright to sRGB."""

import functools
import os
import warnings
from typing import Any, BinaryIO

import pillow_heif
from PIL import Image, ImageFile, UnidentifiedImageError

from catalog.errors import StoreUnavailableError, TaglightError
from tagger.errors import PictureError, out_of_memory
from tagger.imaging import modes, sniffing
from tagger.imaging.exif import CameraFacts, read_camera_facts
from tagger.imaging.limits import Limits
from tagger.imaging.picture import Picture
from tagger.imaging.strips import MANY_PIXELS, reduced_in_strips
from tagger.imaging.truncation import ends_early

# A JPEG is decoded at 1/2, 1/4 or 1/8 where that leaves enough for the wider thumbnail of an
# upright 3:4 picture (1,280 px wide, 1,707 px high): three quarters of the work is saved.
ENOUGH = 1707 / 2048

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_COMPRESSION, _ROWS_PER_STRIP, _TILE_WIDTH, _TILE_LENGTH = 259, 278, 322, 323
_DEFAULT_LIMITS = Limits()


def open_picture(file: BinaryIO, limits: Limits = _DEFAULT_LIMITS) -> Picture:
    """Read a picture from a seekable file; of an animated one, the first frame.

    Raises PictureError with a sentence for a person, StoreUnavailableError when reading fails.
    """
    limits.check_bytes(size_of(file))
    format_ = sniffing.identify(file.read(sniffing.HEAD_BYTES))
    file.seek(0)
    prepare_decoders()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what can be read in spite of a warning, is read
            return _read(file, format_, limits)
    except TaglightError:
        raise
    except MemoryError as error:
        raise out_of_memory() from error
    except Exception as error:  # decoders fail in many ways; each means the same to a person
        raise _unreadable(file, format_, error) from error


def size_of(file: BinaryIO) -> int:
    """Return the bytes of a seekable file, which is at its beginning afterwards."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    return size


def _read(file: BinaryIO, format_: sniffing.Format, limits: Limits) -> Picture:
    image, width, height, facts = _pixels(file, format_, limits)
    # From here on a large picture's own pixels are gone, and only these are held.
    profile = image.info.get("icc_profile")
    image = _shrink(image, limits.working_side)
    image = modes.to_srgb_on_white(image, profile if isinstance(profile, bytes) else None)
    return _upright(image, width, height, format_.content_type, facts)


def _pixels(
    file: BinaryIO, format_: sniffing.Format, limits: Limits
) -> tuple[Image.Image, int, int, CameraFacts]:
    """Return a picture of 8 bits, a large one reduced already, and its own width and height."""
    with Image.open(file, formats=[format_.decoder]) as source:
        width, height = source.size
        limits.check_size(width, height)
        _check_work(file, source, format_, limits)
        smaller = _draft(source, limits)
        _let_go_early(source)
        source.load()
        if not smaller:
            width, height = source.size  # decoders that turn a picture themselves swap its sides
        facts = read_camera_facts(source)
        factor = max(source.size) // limits.working_side
        if factor > 1 and source.width * source.height > MANY_PIXELS:
            image = reduced_in_strips(source, factor)
        else:
            image = modes.to_eight_bits(source)
        image.info = dict(source.info)
    return image, width, height, facts


def _upright(
    image: Image.Image, width: int, height: int, content_type: str, facts: CameraFacts
) -> Picture:
    turn = _UPRIGHT.get(facts.orientation)
    if turn is not None:  # one of them is 0
        image = image.transpose(turn)
    if facts.orientation >= 5:
        width, height = height, width
    return Picture(image, width, height, content_type, facts.taken_at, facts.camera)


def _check_work(
    file: BinaryIO, source: Image.Image, format_: sniffing.Format, limits: Limits
) -> None:
    """Refuse what would take too much memory or time to decode, before it is decoded."""
    progressive = bool(source.info.get("progressive"))
    if format_ is not sniffing.JPEG or progressive:
        limits.check_decoded(*source.size, format_.decoder)
    if format_ is sniffing.JPEG and progressive and _scans(file) > limits.max_scans:
        raise PictureError("damaged", "Could not read this picture: it has far too many layers.")
    if format_ is sniffing.TIFF:
        tags = getattr(source, "tag_v2", {})
        tile = int(tags.get(_TILE_WIDTH, 1)), int(tags.get(_TILE_LENGTH, 1))
        limits.check_decoded(*tile, format_.decoder)
        strip = _strip_bytes(source, tags)
        limits.check_decoded(*source.size, format_.decoder, beside=strip)


def _strip_bytes(source: Image.Image, tags: Any) -> int:
    """Return what one strip of a packed TIFF takes: often it is the whole picture once more."""
    if tags.get(_COMPRESSION, 1) == 1:
        return 0
    rows = min(int(tags.get(_ROWS_PER_STRIP, source.height)), source.height)
    return rows * source.width * len(source.getbands())


def _scans(file: BinaryIO) -> int:
    """Count the layers of a progressive JPEG: thousands of them can hold a decoder for minutes."""
    place = file.tell()
    file.seek(0)
    count = file.read().count(b"\xff\xda")
    file.seek(place)
    return count


def _draft(source: Image.Image, limits: Limits) -> bool:
    """Have a JPEG decoded at the smallest scale that is enough; tell whether it will be smaller."""
    if source.format not in ("JPEG", "MPO"):
        return False
    width, height = source.size
    enough = limits.working_side * ENOUGH
    scale = next((s for s in (8, 4, 2) if max(width, height) / s >= enough), 1)
    # Pillow takes the smaller of the two quotients, so a strip's short side asks for 1 at least.
    wanted = max(width // scale, 1), max(height // scale, 1)
    source.draft(None, wanted)
    return source.size != (width, height)


def _let_go_early(source: Image.Image) -> None:
    """Have the decoders of WebP and AVIF give their own pixels back as soon as they are read.

    They would hold 8 and 3 bytes a pixel until the end, beside the picture's own 4.
    """
    if source.format not in ("WEBP", "AVIF") or not isinstance(source, ImageFile.ImageFile):
        return
    prepare = source.load_prepare

    def prepare_alone() -> None:
        source._decoder = None  # type: ignore[attr-defined]  # there is no public way
        prepare()

    source.load_prepare = prepare_alone  # type: ignore[method-assign]


def _shrink(image: Image.Image, longest: int) -> Image.Image:
    """Return a picture whose longest side is at most `longest` pixels."""
    scale = longest / max(image.size)
    if scale >= 1:
        return image
    width, height = (max(round(side * scale), 1) for side in image.size)
    return image.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2.0)


def _unreadable(file: BinaryIO, format_: sniffing.Format, error: Exception) -> TaglightError:
    """Put what a decoder raised into words."""
    if isinstance(error, OSError) and error.errno and not isinstance(error, UnidentifiedImageError):
        return StoreUnavailableError(f"Reading the picture failed: {error.strerror}.")
    if ends_early(file, format_.decoder):
        return PictureError("truncated", "Could not read this picture: it ends in the middle.")
    if format_ is sniffing.TIFF and isinstance(error, UnidentifiedImageError):
        return PictureError("unsupported", "This variety of TIFF cannot be read.")
    return PictureError("damaged", "Could not read this picture: it is damaged.")


@functools.cache
def prepare_decoders() -> None:
    """Teach Pillow HEIC, and leave the counting of pixels to Limits, which knows the scale."""
    pillow_heif.register_heif_opener(thumbnails=False)
    Image.MAX_IMAGE_PIXELS = None
