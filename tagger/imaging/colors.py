"""The dominant colours of a picture, with names.

Pixels are counted in 4,096 bins and gathered around the most frequent ones in CIELAB, where
distance is what the eye sees. The simple names go by hue, as CIELAB calls a pure blue purple.
"""

import colorsys
import functools
from typing import Any

import numpy as np
from PIL import Image, ImageColor

from catalog.document import DominantColor

SIDE = 96
MAX_COLORS = 12
MIN_PERCENT = 0.5
SAME_COLOR = 18.0

Floats = np.ndarray[Any, np.dtype[np.float64]]
# Upper end of each hue in degrees. Brown and pink are shades of these, told apart below.
_HUES = (
    (12, "red"),
    (42, "orange"),
    (68, "yellow"),
    (163, "green"),
    (197, "cyan"),
    (258, "blue"),
    (305, "purple"),
    (340, "pink"),
    (361, "red"),
)


def dominant_colors(image: Image.Image) -> list[DominantColor]:
    """Return up to 12 colours of an RGB picture, most frequent first; shares in percent."""
    size = min(image.width, SIDE), min(image.height, SIDE)
    small = image if image.size == size else image.resize(size, Image.Resampling.BOX)
    pixels = np.asarray(small.convert("RGB")).reshape(-1, 3)
    counts, means = _bins(pixels)
    found = []
    for share, color in _gather(counts, means):
        percent = round(100 * share / len(pixels), 2)
        if percent >= MIN_PERCENT:
            red, green, blue = (int(value) for value in np.rint(color))
            found.append(
                DominantColor(
                    hex_code=f"#{red:02x}{green:02x}{blue:02x}",
                    css_color=css_name(red, green, blue),
                    simplified_color=simple_name(red, green, blue),
                    pixel_percent=percent,
                )
            )
    return sorted(found, key=lambda color: (-color.pixel_percent, color.hex_code))


def simple_name(red: int, green: int, blue: int) -> str:
    """Return the one of catalog.query.COLORS that a person would call this colour (0 to 255)."""
    hue, saturation, value = colorsys.rgb_to_hsv(red / 255, green / 255, blue / 255)
    hue *= 360
    chroma = saturation * value
    if value < 0.2 or (value < 0.24 and chroma < 0.08):
        return "black"
    if chroma < 0.11 or saturation < 0.13:
        return "white" if value > 0.88 else "grey"
    name = next(name for end, name in _HUES if hue < end)
    if name == "orange" and (value < 0.66 or (saturation < 0.5 and value < 0.8)):
        return "brown"
    if name == "red" and saturation < 0.55 and value > 0.75:
        return "pink"
    if name == "red" and value < 0.5 and saturation < 0.7:
        return "brown"
    return name


def css_name(red: int, green: int, blue: int) -> str:
    """Return the name of the CSS colour that looks most like this one."""
    names, places = _css_colors()
    here = _lab(np.array([[red, green, blue]], dtype=np.float64))[0]
    return names[int(((places - here) ** 2).sum(axis=1).argmin())]


def _bins(pixels: np.ndarray[Any, Any]) -> tuple[Floats, Floats]:
    """Count pixels in bins of 4 bits a channel; return counts and the mean colour of each."""
    high = (pixels >> 4).astype(np.int64)
    index = (high[:, 0] << 8) | (high[:, 1] << 4) | high[:, 2]
    counts = np.bincount(index, minlength=4096).astype(np.float64)
    sums = np.stack(
        [np.bincount(index, weights=pixels[:, channel], minlength=4096) for channel in range(3)],
        axis=1,
    )
    used = counts > 0
    return counts[used], sums[used] / counts[used][:, None]


def _gather(counts: Floats, means: Floats) -> list[tuple[float, Floats]]:
    """Gather bins around the most frequent ones; return the pixels and mean colour of each."""
    places = _lab(means)
    gathered: list[tuple[float, Floats]] = []
    while len(counts) and len(gathered) < MAX_COLORS:
        center = places[int(counts.argmax())]
        near = ((places - center) ** 2).sum(axis=1) <= SAME_COLOR**2
        total = float(counts[near].sum())
        gathered.append((total, (means[near] * counts[near][:, None]).sum(axis=0) / total))
        counts, means, places = counts[~near], means[~near], places[~near]
    return gathered


def _lab(rgb: Floats) -> Floats:
    """Convert sRGB (0 to 255) to CIELAB under daylight (D65)."""
    part = rgb / 255.0
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.072175],
            [0.0193339, 0.119192, 0.9503041],
        ]
    )
    xyz = linear @ to_xyz.T / np.array([0.95047, 1.0, 1.08883])
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = root[:, 0], root[:, 1], root[:, 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


@functools.cache
def _css_colors() -> tuple[list[str], Floats]:
    """Return the names of CSS's colours and their places in CIELAB."""
    names = sorted(name for name in ImageColor.colormap if "gray" not in name)
    colors = np.array([ImageColor.getrgb(name)[:3] for name in names], dtype=np.float64)
    return names, _lab(colors)
