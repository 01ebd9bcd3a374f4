"""All that is made of a picture's bytes, in one go: so it can be made in another process."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import BinaryIO

from catalog.document import ImageProperties
from tagger.imaging.limits import Limits
from tagger.imaging.opening import open_picture
from tagger.imaging.picture import Picture
from tagger.imaging.properties import image_properties
from tagger.imaging.thumbnails import RenderedThumbnail, make_thumbnails


@dataclass(frozen=True, slots=True)
class Opened:
    """A picture that was read, its measures, and its thumbnails, narrowest first."""

    picture: Picture
    properties: ImageProperties
    thumbnails: list[RenderedThumbnail]


# Raises PictureError, and StoreUnavailableError where the file itself cannot be read.
Opener = Callable[[BinaryIO, Limits], Opened]


def open_here(file: BinaryIO, limits: Limits, short_side: int = 0) -> Opened:
    """Read a picture from a seekable file, in this process.

    With `short_side`, what the recogniser gets is divided by the largest whole number that leaves
    so many pixels on its shorter side: it has no use for more.
    """
    picture = open_picture(file, limits)
    thumbnails = make_thumbnails(picture)
    properties = image_properties(picture.image)
    factor = min(picture.image.size) // short_side if short_side else 1
    if factor > 1:
        picture = replace(picture, image=picture.image.reduce(factor))
    return Opened(picture, properties, thumbnails)
