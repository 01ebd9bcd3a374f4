"""The picture as Rekognition takes it: a JPEG of at most 5 MB with sides of 80 to 2,048 pixels.

https://docs.aws.amazon.com/rekognition/latest/dg/limits.html
"""

import io
from dataclasses import dataclass

from PIL import Image

from catalog.document import BoundingBox

MAX_BYTES = 5 * 1024 * 1024
MIN_SIDE = 80
MAX_SIDE = 2048

_QUALITIES = (90, 80, 65, 50)
_SMALLER = 0.7


@dataclass(frozen=True, slots=True)
class Sent:
    """What is sent, and where in it the picture lies, in fractions of its width and height."""

    data: bytes
    place: tuple[float, float, float, float] | None

    def back(self, box: BoundingBox) -> BoundingBox | None:
        """Return a box of what was sent as one of the picture; None where it lies beside it."""
        if self.place is None:
            return box
        left, top, width, height = self.place
        start_x, start_y = max(box.left, left), max(box.top, top)
        end_x = min(box.left + box.width, left + width)
        end_y = min(box.top + box.height, top + height)
        if end_x <= start_x or end_y <= start_y:
            return None
        return BoundingBox(
            (start_x - left) / width,
            (start_y - top) / height,
            (end_x - start_x) / width,
            (end_y - start_y) / height,
            box.extra,
        )


def prepare(image: Image.Image) -> Sent:
    """Make what is sent from an upright picture."""
    image = image if image.mode == "RGB" else image.convert("RGB")
    longest = MAX_SIDE
    while True:
        canvas, place = _padded(_fitted(image, longest))
        for quality in _QUALITIES:
            data = _encode(canvas, quality)
            if len(data) <= MAX_BYTES:
                return Sent(data, place)
        longest = int(max(canvas.size) * _SMALLER)


def _fitted(image: Image.Image, longest: int) -> Image.Image:
    scale = longest / max(image.size)
    if scale >= 1:
        return image
    size = max(round(image.width * scale), 1), max(round(image.height * scale), 1)
    return image.resize(size, Image.Resampling.BICUBIC)


def _padded(
    image: Image.Image,
) -> tuple[Image.Image, tuple[float, float, float, float] | None]:
    """Give a picture that is too small a white border, and tell where it lies in that."""
    width, height = max(image.width, MIN_SIDE), max(image.height, MIN_SIDE)
    if image.size == (width, height):
        return image, None
    canvas = Image.new("RGB", (width, height), "white")
    left, top = (width - image.width) // 2, (height - image.height) // 2
    canvas.paste(image, (left, top))
    return canvas, (left / width, top / height, image.width / width, image.height / height)


def _encode(image: Image.Image, quality: int) -> bytes:
    target = io.BytesIO()
    image.save(target, "JPEG", quality=quality, exif=b"", comment=b"", icc_profile=None)
    return target.getvalue()
