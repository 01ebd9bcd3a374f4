"""What the environment says about tagging, as the tagger takes it: the same in both homes."""

from catalog.settings import TaggingEnvironment
from tagger.imaging import Limits
from tagger.pipeline import TaggingSettings


def tagging_settings(environment: TaggingEnvironment) -> TaggingSettings:
    """Return what to ask of a recogniser, and how much of a picture to read."""
    return TaggingSettings(
        min_confidence=environment.min_confidence,
        max_labels=environment.max_labels,
        image_properties=environment.image_properties,
        limits=Limits(max_bytes=environment.max_upload_bytes),
    )
