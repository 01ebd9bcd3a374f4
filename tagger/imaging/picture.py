"""What is known of a picture once it is open."""

from dataclasses import dataclass

from PIL import Image


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was read.

    `image` is upright, RGB in sRGB, its longest side at most `Limits.working_side` pixels, and
    carries no metadata. `width` and `height` are the original's in upright pixels. `taken_at` is
    the camera's wall time, "YYYY-MM-DDTHH:MM:SS" or ""; `camera` is its maker and model, or "".
    """

    image: Image.Image
    width: int
    height: int
    content_type: str
    taken_at: str = ""
    camera: str = ""
