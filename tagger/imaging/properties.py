"""Brightness, sharpness, contrast and the dominant colours of a picture."""

from typing import Any

import numpy as np
from PIL import Image

from catalog.document import ImageProperties
from tagger.imaging.colors import dominant_colors

MEASURED_SIDE = 512
_WHITE = 255

Integers = np.ndarray[Any, np.dtype[np.int64]]


def image_properties(image: Image.Image) -> ImageProperties:
    """Measure an RGB picture: quality figures from 0 to 100, and up to 12 dominant colours."""
    factor = -(-max(image.size) // MEASURED_SIDE)
    if factor > 1:
        image = image.reduce((min(factor, image.width), min(factor, image.height)))
    luma = np.asarray(image.convert("L"))
    counts = np.bincount(luma.ravel(), minlength=_WHITE + 1)
    contrast = _percentile(counts, 98) - _percentile(counts, 2)
    mean = float(counts @ np.arange(len(counts))) / luma.size
    return ImageProperties(
        brightness=_percent(mean / _WHITE * 100),
        sharpness=_percent(_sharpness(luma.astype(np.int16), contrast)),
        contrast=_percent(contrast / _WHITE * 100),
        dominant_colors=dominant_colors(image),
    )


def _sharpness(luma: np.ndarray[Any, np.dtype[np.int16]], contrast: int) -> float:
    """Compare the strongest edges (98th percentile of the Laplacian) with the contrast."""
    if contrast < 1 or min(luma.shape) < 3:
        return 0.0
    edges = 4 * luma[1:-1, 1:-1]
    edges -= luma[:-2, 1:-1]
    edges -= luma[2:, 1:-1]
    edges -= luma[1:-1, :-2]
    edges -= luma[1:-1, 2:]
    strongest = _percentile(np.bincount(np.abs(edges).ravel()), 98)
    return float(100 * (1 - np.exp(-2.2 * strongest / contrast)))


def _percentile(counts: Integers, percent: float) -> int:
    """Return the value below or at which this share of the counted pixels lies."""
    running = np.cumsum(counts)
    return int(np.searchsorted(running, running[-1] * percent / 100))


def _percent(value: float) -> float:
    return round(min(max(value, 0.0), 100.0), 2)
