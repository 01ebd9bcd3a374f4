"""Cuts a picture into the views that the network looks at: 224 × 224 pixels each."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image, Resampling

from tagger.recognizers.local.graph import SIZE

__all__ = ["SHORT_SIDE", "centre_views", "crop_views", "shrink", "to_input"]

_CENTRES = (0.875, 1.0)  # sides of the two centre views, as parts of the shorter side
_CROP = 0.6  # side of a crop, likewise
_SMALLEST_CROP = SIZE // 2  # pixels; below this a crop is more blur than picture
_NEAR = 0.12  # a crop this close to SIZE is cut out as it is: resampling it would gain nothing
_STRIP = 2.0  # from this ratio of its sides a picture is looked at along its length
_GAP = 0.9  # pixels that `shrink` leaves a crop, as parts of SIZE: a little less costs nothing
SHORT_SIDE = math.ceil(SIZE * _GAP / _CROP)
"""Pixels on the shorter side of a picture that all views can be cut from."""


def shrink(image: Image) -> Image:
    """Return the picture reduced by a whole factor, with enough pixels left for every view.

    All views are cut from this one, so a large picture is read once and not six times.
    """
    factor = min(image.size) // SHORT_SIDE
    return image.reduce(factor) if factor > 1 else image


def centre_views(image: Image) -> Iterator[NDArray[np.float32]]:
    """Yield the network's input for the middle of the picture, a little tighter and in full."""
    width, height = image.size
    for part in _CENTRES:
        side = max(1.0, part * min(width, height))
        yield to_input(image, (width - side) / 2, (height - side) / 2, side)


def crop_views(image: Image) -> Iterator[NDArray[np.float32]]:
    """Yield the network's input for four parts of the picture, where it has pixels for that.

    The parts are the corners, or in a long strip four whole squares along it.
    """
    width, height = image.size
    short, long = sorted(image.size)
    strip = long >= _STRIP * short
    side = short if strip else _CROP * short
    if side < _SMALLEST_CROP:
        return
    if short >= SIZE and abs(side / SIZE - 1) <= _NEAR:
        side = SIZE
    steps = [(n / 3, n / 3) for n in range(4)] if strip else [(0, 0), (1, 0), (0, 1), (1, 1)]
    for x, y in steps:
        yield to_input(image, round(x * (width - side)), round(y * (height - side)), side)


def to_input(image: Image, left: float, top: float, side: float) -> NDArray[np.float32]:
    """Return the square of the picture as input: RGB planes, each number (value - 127) / 128."""
    box = (left, top, min(left + side, image.width), min(top + side, image.height))
    # Where a view shrinks, Hamming is as sharp as bicubic and takes half the time.
    filter_ = Resampling.HAMMING if side > SIZE else Resampling.BICUBIC
    view = image.resize((SIZE, SIZE), filter_, box)
    planes = np.asarray(view, np.float32).transpose(2, 0, 1)[None]
    return np.ascontiguousarray((planes - 127) / 128)
