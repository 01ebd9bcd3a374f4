"""What an operator may set about the tagger's Lambda, from the environment."""

from typing import Literal

from pydantic import Field, ValidationError

from catalog.errors import SettingsError
from catalog.settings import TaggingEnvironment, settings_error
from tagger.handlers import MAX_ATTEMPTS


class LambdaEnvironment(TaggingEnvironment):
    """The tagger's Lambda; without a catalog it does what the seed did, and no more."""

    bucket_name: str = Field(
        default="",
        validation_alias="BUCKET_NAME",
        description="The bucket that holds pictures and metadata. Events of others are ignored.",
    )
    recognizer: Literal["local", "rekognition"] = Field(
        default="rekognition",
        validation_alias="RECOGNIZER",
        description="What finds the labels; on Lambda Amazon's, where nothing else is said.",
    )
    tag_queue_url: str = Field(
        default="",
        validation_alias="TAG_QUEUE_URL",
        description="The queue of pictures to tag; work that has to wait is sent back to it.",
    )
    index_queue_url: str = Field(
        default="",
        validation_alias="INDEX_QUEUE_URL",
        description="The queue of documents to index and of pictures that are gone.",
    )
    max_attempts: int = Field(
        default=MAX_ATTEMPTS,
        ge=1,
        validation_alias="MAX_ATTEMPTS",
        description="The maxReceiveCount of both queues: the last attempt leaves an answer first.",
    )
    longest_wait_hours: float = Field(
        default=24.0,
        gt=0,
        validation_alias="LONGEST_WAIT_HOURS",
        description="So long is work put off that meets trouble; then it fails with the reason.",
    )


def lambda_environment() -> LambdaEnvironment:
    """Read the settings. Raises SettingsError, whose sentences name what to change."""
    try:
        environment = LambdaEnvironment()
    except ValidationError as error:
        raise settings_error(error) from error
    if not environment.bucket_name:
        raise SettingsError("BUCKET_NAME is missing: set it to the name of the pictures' bucket.")
    return environment
