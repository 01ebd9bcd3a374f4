"""Shrinks large pictures strip by strip, so that no second one of their size is ever in memory."""

from PIL import Image

from tagger.imaging import modes

# Over so many pixels it is worth it: a copy of fewer takes 64 MB at most.
MANY_PIXELS = 16_000_000
_STRIP_PIXELS = 250_000


def reduced_in_strips(image: Image.Image, factor: int) -> Image.Image:
    """Return a loaded picture as 8 bits, each side divided by a whole factor (rounded up)."""
    width, height = image.size
    rows = max(_STRIP_PIXELS // (width * factor), 1) * factor
    strips = [(0, top, width, min(top + rows, height)) for top in range(0, height, rows)]
    span = modes.joined(modes.value_span(image.crop(box)) for box in strips)
    made: Image.Image | None = None
    for box in strips:
        strip = modes.to_eight_bits(image.crop(box), span)
        small = strip.reduce((min(factor, strip.width), min(factor, strip.height)))
        if made is None:
            made = Image.new(small.mode, (small.width, -(-height // factor)))
        made.paste(small, (0, box[1] // factor))
    assert made is not None  # noqa: S101 - a picture has at least one row
    return made
