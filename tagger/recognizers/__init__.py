"""What finds labels in a picture: the Recognizer protocol and its implementations."""

from dataclasses import dataclass
from typing import Protocol

from PIL.Image import Image

from catalog.document import ImageProperties, Label

__all__ = ["Recognition", "Recognizer"]


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a recogniser answered: labels, surest first, and the version of its model.

    `properties` are its own measures of the picture, where it was asked for them.
    """

    labels: list[Label]
    model_version: str
    properties: ImageProperties | None = None


class Recognizer(Protocol):
    """Finds labels in a picture."""

    @property
    def name(self) -> str:
        """The recogniser's name in documents: `local` or `rekognition`."""
        ...

    def recognize(self, image: Image, *, min_confidence: float, max_labels: int) -> Recognition:
        """Label an upright RGB picture (longest side at most 2,048 px).

        Returns at most `max_labels` labels of at least `min_confidence` percent, surest first.
        """
        ...
