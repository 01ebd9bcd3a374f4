"""A client of Rekognition that answers what it has recorded, throttles, fails and lies on command.

It looks at what it is sent as strictly as the service does, and more strictly where nobody would
notice: a picture that still says where it was taken fails the test.
"""

import copy
import io
import json
from collections import deque
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from PIL import Image

RECORDED = Path(__file__).parent / "events" / "rekognition"
RECORDINGS = sorted(path.stem for path in RECORDED.glob("*.json"))

# Every error of the service's model, with the status that goes with it.
STATUS = {
    "InvalidS3ObjectException": 400,
    "InvalidParameterException": 400,
    "ImageTooLargeException": 400,
    "AccessDeniedException": 400,
    "InternalServerError": 500,
    "ThrottlingException": 400,
    "ProvisionedThroughputExceededException": 400,
    "InvalidImageFormatException": 400,
}
MAX_BYTES = 5_242_880


def recorded(name: str) -> dict[str, Any]:
    """Return a recorded answer."""
    answer: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text("utf-8"))
    return answer


def refusal(code: str, status: int | None = None) -> ClientError:
    """Return the error that boto3 raises for a code of the service."""
    return ClientError(
        {
            "Error": {"Code": code, "Message": "as the test has it"},
            "ResponseMetadata": {"HTTPStatusCode": status or STATUS[code], "RetryAttempts": 0},
        },
        "DetectLabels",
    )


class FakeRekognition:
    """Stands for boto3's client; `answer` is what it sees, `next` is what comes before that."""

    def __init__(self, answer: Any = "v3-hydrant") -> None:
        self.answer = answer
        self.next: deque[Any] = deque()
        self.requests: list[dict[str, Any]] = []

    def fails(self, *errors: str | Exception) -> None:
        """Have the next calls fail, by codes of the service or as they are."""
        self.next += [refusal(each) if isinstance(each, str) else each for each in errors]

    def says(self, *answers: Any) -> None:
        """Have the next calls answered so, whatever was asked: also with lies."""
        self.next += answers

    @property
    def asked(self) -> int:
        """How often it was called."""
        return len(self.requests)

    def detect_labels(
        self,
        *,
        Image: dict[str, Any],  # noqa: N803 - the service's names
        Features: list[str],  # noqa: N803
        MinConfidence: float,  # noqa: N803
        MaxLabels: int,  # noqa: N803
    ) -> dict[str, Any]:
        """Answer as the service does."""
        assert set(Image) == {"Bytes"}
        _look_at(Image["Bytes"])
        assert "GENERAL_LABELS" in Features and set(Features) <= {
            "GENERAL_LABELS",
            "IMAGE_PROPERTIES",
        }
        self.requests.append(
            {
                "Bytes": Image["Bytes"],
                "Features": Features,
                "MinConfidence": MinConfidence,
                "MaxLabels": MaxLabels,
            }
        )
        if self.next:
            said = self.next.popleft()
            if isinstance(said, BaseException):
                raise said
            return said
        if not 0 <= MinConfidence <= 100 or MaxLabels < 0:
            raise refusal("InvalidParameterException")
        answer = (
            recorded(self.answer) if isinstance(self.answer, str) else copy.deepcopy(self.answer)
        )
        answer["Labels"] = [
            label for label in answer["Labels"] if label["Confidence"] >= MinConfidence
        ][:MaxLabels]
        if "IMAGE_PROPERTIES" not in Features:
            answer.pop("ImageProperties", None)
        return answer


def _look_at(data: bytes) -> None:
    assert isinstance(data, bytes)
    assert len(data) <= MAX_BYTES, "more than 5 MB"
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.format == "JPEG"
        assert min(picture.size) >= 80 and max(picture.size) <= 2048, picture.size
        assert not picture.getexif(), "nothing about the camera or the place is sent"
        assert "icc_profile" not in picture.info and not picture.info.get("comment")


__all__ = ["RECORDINGS", "STATUS", "BotoCoreError", "FakeRekognition", "recorded", "refusal"]
