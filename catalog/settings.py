"""What an operator may set about tagging, from the environment; docs/ shows each sentence."""

from typing import Literal

from pydantic import Field, ValidationError

from catalog.environment import Environment
from catalog.errors import SettingsError

MAX_UPLOAD_BYTES = 50 * 1024 * 1024


class TaggingEnvironment(Environment):
    """How pictures are tagged."""

    min_confidence: float = Field(
        default=30.0,
        ge=0,
        le=100,
        validation_alias="MIN_CONFIDENCE",
        description="Labels below this confidence (percent) are not stored at all; keep it low.",
    )
    max_labels: int = Field(
        default=100,
        ge=1,
        le=1000,
        validation_alias="MAX_LABELS",
        description="At most so many labels are stored for a picture, the surest ones.",
    )
    recognizer: Literal["local", "rekognition"] = Field(
        default="local",
        validation_alias="RECOGNIZER",
        description="What finds the labels: local (on this machine) or rekognition (Amazon's).",
    )
    image_properties: bool = Field(
        default=False,
        validation_alias="IMAGE_PROPERTIES",
        description="Ask Rekognition for brightness, sharpness and contrast too; it costs extra.",
    )
    max_upload_bytes: int = Field(
        default=MAX_UPLOAD_BYTES,
        ge=1,
        validation_alias="MAX_UPLOAD_BYTES",
        description="The largest picture that is sent or read, in bytes.",
    )
    state: str = Field(
        default="",
        validation_alias="TAGLIGHT_STATE",
        description="Where folders are for what is kept here of libraries in buckets.",
    )
    catalog_url: str = Field(
        default="",
        validation_alias="CATALOG_URL",
        description="Where the catalog is: sqlite:////path, postgresql://… or dsql://<endpoint>.",
    )


def tagging_environment() -> TaggingEnvironment:
    """Read the settings. Raises SettingsError, whose sentences name what to change."""
    try:
        return TaggingEnvironment()
    except ValidationError as error:
        raise settings_error(error) from error


def settings_error(error: ValidationError) -> SettingsError:
    """Say what is wrong with which variable of the environment."""
    wrong = [_said(each["loc"], each["input"], each["msg"]) for each in error.errors()]
    return SettingsError(" ".join([*wrong, "Change it in the environment, or unset it."]))


def _said(place: tuple[int | str, ...], value: object, reason: str) -> str:
    """Say what is wrong with one setting; the value of a secret is not shown."""
    name = str(place[0]) if place else "A setting"
    secret = any(word in name for word in ("SECRET", "PASSWORD"))
    return f"{name} is {'wrong' if secret else repr(value)}: {reason}."
