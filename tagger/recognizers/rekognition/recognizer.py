"""Amazon Rekognition, asked with the bytes of a picture."""

import threading
from typing import Any

from PIL.Image import Image

from catalog.storage.s3_address import region_of_environment
from catalog.storage.s3_client import make_client
from tagger.recognizers import Recognition
from tagger.recognizers.errors import RecognizerUnavailableError
from tagger.recognizers.rekognition import refusals
from tagger.recognizers.rekognition.answers import read_answer
from tagger.recognizers.rekognition.sending import prepare

CONNECT_SECONDS, READ_SECONDS = 3, 20
# Altogether, within the time a Lambda has; what still fails then is put off and tried later.
ATTEMPTS = 3


class RekognitionRecognizer:
    """Labels pictures with `DetectLabels`; the client is made when the first picture comes."""

    def __init__(self, client: Any = None, *, image_properties: bool = False) -> None:
        """Take a boto3 client (default: one of the environment's region and credentials).

        With `image_properties` brightness, sharpness and contrast are asked for as well, which
        costs extra.
        """
        self._client = client
        self._lock = threading.Lock()
        self._features = ["GENERAL_LABELS"] + ["IMAGE_PROPERTIES"] * image_properties

    @property
    def name(self) -> str:
        """The recogniser's name in documents."""
        return "rekognition"

    def recognize(self, image: Image, *, min_confidence: float, max_labels: int) -> Recognition:
        """Label an upright RGB picture.

        Returns at most `max_labels` labels of at least `min_confidence` percent, surest first.
        Raises RecognizerUnavailableError (RecognizerBusyError for too many requests) where
        trying later may help, and RecognitionError with a sentence where it will not.
        """
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        sent = prepare(image)
        try:
            answer = self._made().detect_labels(
                Image={"Bytes": sent.data},
                Features=self._features,
                MinConfidence=float(min_confidence),
                MaxLabels=max_labels,
            )
        except ClientError as error:
            raise refusals.of_answer(error) from error
        except BotoCoreError as error:
            raise refusals.of_silence(error) from error
        except ResponseParserError as error:
            raise RecognizerUnavailableError(
                "What came from Amazon Rekognition was no answer at all."
            ) from error
        return read_answer(answer, sent, min_confidence=min_confidence, max_labels=max_labels)

    def _made(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = make_client(
                    "rekognition",
                    region_name=_region(),
                    config={
                        "connect_timeout": CONNECT_SECONDS,
                        "read_timeout": READ_SECONDS,
                        "retries": {"mode": "standard", "total_max_attempts": ATTEMPTS},
                    },
                )
            return self._client


def _region() -> str:
    """Return where to ask: never a region that nobody named, as pictures go there."""
    from boto3.session import Session

    region = region_of_environment() or Session().region_name
    if not region:
        raise RecognizerUnavailableError(
            "It is not known where to ask Amazon Rekognition: set AWS_REGION."
        )
    return str(region)
