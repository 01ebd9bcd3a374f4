"""The types of the metadata document (docs/metadata-format.md)."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

SCHEMA_VERSION = 1

Status = Literal["pending", "tagged", "failed"]
Source = Literal["recognizer", "person"]


@dataclass(slots=True)
class BoundingBox:
    """A box on the upright picture, as fractions of its width and height.

    It may reach a little beyond the picture, as Rekognition's own boxes do.
    """

    left: float
    top: float
    width: float
    height: float
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Instance:
    """One place in the picture where a label was seen; confidence in percent."""

    box: BoundingBox
    confidence: float
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Label:
    """What a recogniser saw; confidence in percent (0 to 100).

    `name_extras` holds what else stood beside the name of a parent, alias or category:
    {"Parents": {"Animal": {"Id": 7}}}.
    """

    name: str
    confidence: float
    parents: list[str] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    instances: list[Instance] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    name_extras: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)


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
    extra: dict[str, Any] = field(default_factory=dict)


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
    quality_extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Thumbnail:
    """A derived picture in the store; width and height in pixels."""

    key: str
    width: int
    height: int
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Edit:
    """One correction by a person; `at` is UTC ISO 8601 with Z."""

    name: str
    by: str
    at: str
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Document:
    """All that is written about one picture.

    `tagging` is None in a document that another tool wrote; the tagger then adopts it.
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
    edits_extra: dict[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> Literal["tagged", "failed"]:
        """Tell whether the picture is tagged or failed; adopted labels count as tagged."""
        return self.tagging.status if self.tagging else "tagged"

    def surest_labels(self) -> Sequence[Label]:
        """Return what `shown_labels` does, for who only reads: usually not copies."""
        if self.added or self.removed:
            return self.shown_labels()
        labels = {fold_name(label.name): label for label in reversed(self.labels)}
        if len(labels) == len(self.labels):
            return sorted(self.labels, key=_surest_first)
        return sorted(labels.values(), key=_surest_first)

    def shown_labels(self) -> list[ShownLabel]:
        """Return (labels - removed) + added, surest first, then by name; letter case is ignored."""
        removed = {fold_name(edit.name) for edit in self.removed}
        shown: dict[str, ShownLabel] = {}
        for label in self.labels:
            folded = fold_name(label.name)
            if folded not in removed and folded not in shown:
                shown[folded] = _shown(label)
        machine = {fold_name(label.name): label for label in self.labels} if self.added else {}
        for edit in self.added:
            folded = fold_name(edit.name)
            seen = machine.get(folded)
            known = _shown(seen) if seen else ShownLabel(edit.name, 100.0)
            known.confidence, known.source = 100.0, "person"
            shown[folded] = known
        return sorted(shown.values(), key=_surest_first)


def fold_name(name: str) -> str:
    """Return a label's name as it is compared: without letter case, composed (NFC)."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _shown(label: Label) -> ShownLabel:
    return ShownLabel(
        label.name,
        label.confidence,
        label.parents,
        label.aliases,
        label.categories,
        label.instances,
        label.extra,
        label.name_extras,
    )


def _surest_first(label: Label) -> tuple[float, str, str]:
    return -label.confidence, fold_name(label.name), label.name
