"""The metadata document: types, tolerant reader, strict writer (docs/metadata-format.md).

Rekognition's own fields keep Rekognition's own names and shape. Unknown fields are kept on rewrite.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

SCHEMA_VERSION = 1

Status = Literal["pending", "tagged", "failed"]
Source = Literal["recognizer", "person"]


@dataclass(slots=True)
class BoundingBox:
    """A box on the upright picture, as fractions (0 to 1) of its width and height."""

    left: float
    top: float
    width: float
    height: float


@dataclass(slots=True)
class Instance:
    """One place in the picture where a label was seen; confidence in percent."""

    box: BoundingBox
    confidence: float
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Label:
    """What a recogniser saw; confidence in percent (0 to 100)."""

    name: str
    confidence: float
    parents: list[str] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    instances: list[Instance] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class ShownLabel(Label):
    """A label as people see it: the machine's, or a person's (then the confidence is 100)."""

    source: Source = "recognizer"


@dataclass(slots=True)
class ImageFacts:
    """What is known of the file: size in bytes, width and height in upright pixels.

    `uploaded_at` is UTC ISO 8601 with Z; `taken_at` the camera's wall time without zone.
    """

    key: str = ""
    name: str = ""
    content_type: str = ""
    size: int | None = None
    sha256: str = ""
    etag: str = ""
    width: int | None = None
    height: int | None = None
    uploaded_at: str = ""
    taken_at: str = ""
    camera: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class TaggingError:
    """Why a picture has no labels: a stable code and a sentence for a person."""

    code: str
    message: str


@dataclass(slots=True)
class Tagging:
    """How the labels came about; `min_confidence` in percent."""

    status: Literal["tagged", "failed"]
    recognizer: str = ""
    min_confidence: float | None = None
    max_labels: int | None = None
    tagged_at: str = ""
    error: TaggingError | None = None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class DominantColor:
    """A colour of the picture: `hex_code` with leading #, its share in percent of the pixels."""

    hex_code: str
    css_color: str
    simplified_color: str
    pixel_percent: float
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class ImageProperties:
    """Quality (each 0 to 100) and dominant colours, most frequent first."""

    brightness: float | None = None
    sharpness: float | None = None
    contrast: float | None = None
    dominant_colors: list[DominantColor] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Thumbnail:
    """A derived picture in the store; width and height in pixels."""

    key: str
    width: int
    height: int


@dataclass(slots=True)
class Edit:
    """One correction by a person."""

    name: str
    by: str
    at: str


@dataclass(slots=True)
class Document:
    """All that is written about one picture.

    `tagging` is None in a document that another tool wrote; it is then adopted (tagger/pipeline.py).
    """

    image: ImageFacts = field(default_factory=ImageFacts)
    tagging: Tagging | None = None
    labels: list[Label] = field(default_factory=list)
    label_model_version: str = ""
    properties: ImageProperties | None = None
    thumbnails: list[Thumbnail] = field(default_factory=list)
    added: list[Edit] = field(default_factory=list)
    removed: list[Edit] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> Literal["tagged", "failed"]:
        """Tell whether the picture is tagged or failed; adopted labels count as tagged."""
        return self.tagging.status if self.tagging else "tagged"

    def shown_labels(self) -> list[ShownLabel]:
        """Return (labels - removed) + added, surest first, then by name; letter case is ignored."""
        raise NotImplementedError


def read_document(data: bytes) -> Document:
    """Read a document, ours or another tool's. Raises DocumentError for what makes no sense."""
    raise NotImplementedError


def write_document(document: Document) -> bytes:
    """Write a document as UTF-8 JSON, always the same bytes for the same content."""
    raise NotImplementedError
