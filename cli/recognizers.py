"""The recogniser that the settings name, made only when it is needed: each takes a moment."""

import logging
from typing import Any

from catalog.settings import TaggingEnvironment, tagging_environment
from cli.tagging.plan import KnownRecognizer
from tagger.decoding import Decoder
from tagger.recognizers.errors import RecognizerUnavailableError

log = logging.getLogger(__name__)


def recognizer_of(environment: TaggingEnvironment | None = None) -> KnownRecognizer:
    """Return the recogniser of RECOGNIZER. Raises SettingsError."""
    environment = environment or tagging_environment()
    if environment.recognizer == "rekognition":
        from tagger.recognizers.rekognition import RekognitionRecognizer

        class Rekognition(RekognitionRecognizer):
            """Amazon tells the version of its model only with its answers."""

            model_version = ""

        return Rekognition(image_properties=environment.image_properties)
    from tagger.recognizers.local import LocalRecognizer

    return LocalRecognizer()


def prepare(recognizer: Any) -> None:
    """Load a recogniser before the first picture needs it. Raises RecognizerUnavailableError."""
    preparing = getattr(recognizer, "prepare", None)
    if preparing:
        preparing()


def prepare_early(recognizer: Any) -> None:
    """Load a recogniser; what stands in the way is said again with the first picture."""
    try:
        prepare(recognizer)
    except RecognizerUnavailableError as error:
        log.warning("%s", error)


def decoder_for(recognizer: Any, count: int = 1) -> Decoder:
    """Return what opens pictures for a recogniser, `count` at once at most."""
    return Decoder(
        count,
        short_side=getattr(recognizer, "short_side", 0),
        rest=getattr(recognizer, "rest", lambda: None),
    )
