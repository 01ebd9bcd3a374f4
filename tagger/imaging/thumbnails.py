"""Small WebP pictures for the pages, made from the working image in one pass."""

import io
from dataclasses import dataclass

from PIL import Image

from catalog.keys import THUMBNAIL_WIDTHS
from tagger.imaging.picture import Picture

QUALITY = 80
# The encoder's effort, 0 to 6: beyond 2 it takes twice as long for 3 % fewer bytes.
EFFORT = 2
# A very tall strip is also bounded in height, in widths of the thumbnail.
MAX_HEIGHTS = 4


@dataclass(frozen=True, slots=True)
class RenderedThumbnail:
    """A WebP picture of `width` x `height` pixels, filed under its nominal width."""

    nominal: int
    width: int
    height: int
    data: bytes


def make_thumbnails(picture: Picture) -> list[RenderedThumbnail]:
    """Make the thumbnails, narrowest first; a picture is never made larger than it is."""
    image = picture.image
    made = []
    for nominal in sorted(THUMBNAIL_WIDTHS, reverse=True):
        image = _fit(image, nominal)
        made.append(RenderedThumbnail(nominal, *image.size, _encode(image)))
    return made[::-1]


def _fit(image: Image.Image, nominal: int) -> Image.Image:
    width, height = image.size
    scale = min(nominal / width, nominal * MAX_HEIGHTS / height)
    if scale >= 1:
        return image
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    return image.resize(size, Image.Resampling.BICUBIC)


def _encode(image: Image.Image) -> bytes:
    target = io.BytesIO()
    image.save(target, "WEBP", quality=QUALITY, method=EFFORT, exif=b"", xmp=b"", icc_profile=b"")
    return target.getvalue()
