"""Pictures: open safely, turn upright, measure, shrink, tell the colours."""

from tagger.imaging.limits import Limits
from tagger.imaging.opened import Opened, Opener, open_here
from tagger.imaging.opening import open_picture
from tagger.imaging.picture import Picture
from tagger.imaging.properties import image_properties
from tagger.imaging.thumbnails import RenderedThumbnail, make_thumbnails

__all__ = [
    "Limits",
    "Opened",
    "Opener",
    "Picture",
    "RenderedThumbnail",
    "image_properties",
    "make_thumbnails",
    "open_here",
    "open_picture",
]
