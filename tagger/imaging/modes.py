"""Every way of storing pixels, brought to one: 8 bits, RGB, sRGB, on white."""

import functools
import io
from collections.abc import Iterable
from typing import Any

import numpy as np
from PIL import Image, ImageCms

WHITE = (255, 255, 255)
# The lowest and the highest value of a picture; None where its type says what they can be.
Span = tuple[float, float] | None
_SPACES = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK", "LAB": "Lab"}


def value_span(image: Image.Image) -> Span:
    """Return the lowest and the highest value of a picture of 32 bits a pixel."""
    if image.mode not in ("I", "F"):
        return None
    values = _finite(image)
    return float(values.min()), float(values.max())


def joined(spans: Iterable[Span]) -> Span:
    """Return the span of a picture from those of its parts."""
    known = [span for span in spans if span is not None]
    return (min(low for low, _ in known), max(high for _, high in known)) if known else None


def to_eight_bits(image: Image.Image, span: Span = None) -> Image.Image:
    """Return a loaded picture as L, LA, RGB, RGBA, CMYK or LAB, scaled to 8 bits, not clipped.

    Of a part of a picture, `span` is that of the whole.
    """
    mode = image.mode
    if mode.startswith(("I", "F")):
        return _scaled(image, span)
    if mode in ("P", "PA"):
        see_through = mode == "PA" or "transparency" in image.info
        return image.convert("RGBA" if see_through else "RGB")
    if mode in ("1", "L", "RGB") and "transparency" in image.info:
        return image.convert("RGBA" if mode == "RGB" else "LA")
    if mode == "1":
        return image.convert("L")
    if mode in ("La", "RGBa"):
        return image.convert("LA" if mode == "La" else "RGBA")
    if mode in ("L", "LA", "RGB", "RGBA", "CMYK", "LAB"):
        return image
    return image.convert("RGB")


def to_srgb_on_white(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return an 8-bit picture as RGB in sRGB, transparent parts on white, without metadata."""
    alpha = image.getchannel("A") if image.mode in ("LA", "RGBA") else None
    if alpha is not None:
        image = image.convert(image.mode[:-1])
    if image.mode == "LAB" and not profile:
        profile = _lab_profile()
    color = _through_profile(image, profile) if profile else None
    if color is None:
        color = image.convert("RGB") if image.mode != "RGB" else image
    if alpha is not None and alpha.getextrema() != (255, 255):
        ground = Image.new("RGB", color.size, WHITE)
        ground.paste(color, mask=alpha)
        color = ground
    elif color is image:
        color = image.copy()
    color.info = {}
    return color


def _through_profile(image: Image.Image, profile: bytes) -> Image.Image | None:
    """Convert by a colour profile; None where there is nothing to do or the profile is unusable."""
    try:
        transform = _transform(profile, image.mode)
        return transform.apply(image) if transform else None
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


@functools.lru_cache(maxsize=8)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Build the way from a profile to sRGB. Cached, as one camera's pictures share a profile."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    if source.profile.xcolor_space.strip() != _SPACES.get(mode):
        return None
    description = (source.profile.profile_description or "").lower()
    if mode == "RGB" and description.startswith("srgb"):
        return None
    return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")


@functools.cache
def _lab_profile() -> bytes:
    """Return the profile of pixels in CIELAB, which need none in a file to be understood."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


def _finite(image: Image.Image) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.nan_to_num(np.asarray(image).astype(np.float32), posinf=0.0, neginf=0.0)


def _scaled(image: Image.Image, span: Span) -> Image.Image:
    """Return a picture of 16 or 32 bits a pixel as 8 bits: the range of its type, not clipped."""
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    values = _finite(image)
    low, high = span or (float(values.min()), float(values.max()))
    if low >= 0 and image.mode == "F" and high <= 1:
        low, high = 0.0, 1.0
    elif low >= 0 and high <= 255:
        low, high = 0.0, 255.0
    elif low >= 0 and high <= 65535 and image.mode == "I":
        low, high = 0.0, 65535.0
    width = (high - low) or 1.0
    return Image.fromarray(((values - low) * (255.0 / width) + 0.5).astype(np.uint8))
