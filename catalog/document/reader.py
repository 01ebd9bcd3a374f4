"""The tolerant reader: takes what anyone writes into `metadata/` and fills in what it can."""

import json
import math
import re
from typing import Any

from catalog.document import fields
from catalog.document.fields import Shape
from catalog.document.label_reader import read_labels, scale_fractions
from catalog.document.model import (
    SCHEMA_VERSION,
    Document,
    DominantColor,
    Edit,
    ImageFacts,
    ImageProperties,
    Tagging,
    TaggingError,
    Thumbnail,
    fold_name,
)
from catalog.errors import DocumentError
from catalog.keys import THUMBS

MAX_DOCUMENT_BYTES = 16 * 1024 * 1024

_DOCUMENT = Shape(
    "SchemaVersion",
    "Image",
    "Tagging",
    "Labels",
    "LabelModelVersion",
    "ImageProperties",
    "Thumbnails",
    "Edits",
    objects=("Image", "Tagging", "ImageProperties", "Edits"),
    lists=("Thumbnails",),
)
_IMAGE = Shape(
    "Key",
    "Name",
    "ContentType",
    "Size",
    "SHA256",
    "ETag",
    "Width",
    "Height",
    "UploadedAt",
    "TakenAt",
    "Camera",
)
_TAGGING = Shape("Status", "Recognizer", "MinConfidence", "MaxLabels", "TaggedAt", "Error")
_ERROR = Shape("Code", "Message")
_PROPERTIES = Shape("Quality", "DominantColors")
_QUALITY = Shape("Brightness", "Sharpness", "Contrast")
_COLOR = Shape("HexCode", "CSSColor", "SimplifiedColor", "PixelPercent")
_THUMBNAIL = Shape("Key", "Width", "Height")
_EDITS = Shape("Added", "Removed")
_EDIT = Shape("Name", "By", "At")

# What JSON can spell, but no file or database can hold: NUL and halves of surrogate pairs.
_UNSTORABLE_ESCAPE = re.compile(r"\\u(?:0000|d[89a-f])", re.IGNORECASE)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def read_document(data: bytes) -> Document:
    """Read a document, ours or another tool's. Raises DocumentError for what makes no sense."""
    return document_of(parse_document(data))


def parse_document(data: bytes) -> Any:
    """Return what JSON a document holds. Raises DocumentError where it is none."""
    if len(data) > MAX_DOCUMENT_BYTES:
        raise DocumentError("This document is larger than 16 MB.")
    try:
        return _parse(data)
    except RecursionError as error:
        raise DocumentError("This document is nested too deeply.") from error


def document_of(content: Any) -> Document:
    """Return the document that a JSON value is. Raises DocumentError for what makes no sense."""
    if isinstance(content, list):
        content = {"Labels": content}
    if not isinstance(content, dict):
        raise DocumentError("This document holds neither an object nor a list of labels.")
    try:
        return _document(content)
    except RecursionError as error:
        raise DocumentError("This document is nested too deeply.") from error


def _parse(data: bytes) -> Any:
    try:
        # Tells UTF-8, with or without a byte order mark, from UTF-16 and UTF-32.
        text = data.decode(json.detect_encoding(data))
    except UnicodeDecodeError as error:
        raise DocumentError("This document is not valid UTF-8 text.") from error
    if not text or text.isspace():
        raise DocumentError("This document is empty.")
    try:
        content = _decode(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise DocumentError(f"This document is not valid JSON: see {place}.") from error
    except ValueError as error:
        raise DocumentError("This document holds a number that is too long.") from error
    escapes = "\\u" in text and _UNSTORABLE_ESCAPE.search(text)
    return _storable(content) if escapes else content


def _no_number(_: str) -> float:
    """Stand for NaN and Infinity, which some tools write though JSON has none.

    Infinite either way: that equals itself, so an unchanged document is seen to be one.
    """
    return math.inf


_decode = json.JSONDecoder(parse_constant=_no_number).decode


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(content) for name, content in value.items()}
    return value


def _document(content: dict[str, Any]) -> Document:
    known, extra = _DOCUMENT.split(content)
    tagging = _tagging(known.get("Tagging"))
    if tagging is None and "Labels" not in known:
        raise DocumentError("This document has no labels.")
    labels = read_labels(known.get("Labels"))
    model_version = fields.text(known.get("LabelModelVersion"))
    version = known.get("SchemaVersion")
    if tagging is None and version is None and not model_version:
        scale_fractions(labels)
    if type(version) is int and version > SCHEMA_VERSION:
        extra["SchemaVersion"] = version  # a newer Taglight's: not taken back by a rewrite
    edits, edits_extra = _split(known.get("Edits"), _EDITS)
    return Document(
        _image(known.get("Image")),
        tagging,
        labels,
        model_version,
        _properties(known.get("ImageProperties")),
        _thumbnails(known.get("Thumbnails")),
        _edits(edits.get("Added")),
        _edits(edits.get("Removed")),
        extra,
        edits_extra,
    )


def _split(value: Any, shape: Shape) -> tuple[dict[str, Any], dict[str, Any]]:
    return shape.split(value) if isinstance(value, dict) else ({}, {})


def _image(value: Any) -> ImageFacts:
    known, extra = _split(value, _IMAGE)
    get = known.get
    return ImageFacts(
        fields.text(get("Key")),
        fields.text(get("Name")),
        fields.text(get("ContentType")),
        fields.whole(get("Size")),
        fields.text(get("SHA256")).lower(),
        fields.text(get("ETag")),
        fields.whole(get("Width")) or None,
        fields.whole(get("Height")) or None,
        fields.utc(get("UploadedAt")),
        fields.wall_time(get("TakenAt")),
        fields.text(get("Camera")),
        extra,
    )


def _tagging(value: Any) -> Tagging | None:
    """Read our own mark; what has another shape is another tool's, and no mark."""
    known, extra = _split(value, _TAGGING)
    status = fields.text(known.get("Status")).lower()
    if status != "tagged" and status != "failed":
        return None
    return Tagging(
        "failed" if status == "failed" else "tagged",
        fields.text(known.get("Recognizer")),
        fields.percent(known.get("MinConfidence")),
        fields.whole(known.get("MaxLabels")),
        fields.utc(known.get("TaggedAt")),
        _error(known.get("Error")) if status == "failed" else None,
        extra,
    )


def _error(value: Any) -> TaggingError:
    known, extra = _split(value, _ERROR)
    message = fields.text(known.get("Message")) or fields.text(value)
    return TaggingError(
        fields.text(known.get("Code")) or "unknown",
        message or "Tagging failed, and no reason was given.",
        extra,
    )


def _properties(value: Any) -> ImageProperties | None:
    if not isinstance(value, dict):
        return None
    known, extra = _PROPERTIES.split(value)
    quality, quality_extra = _split(known.get("Quality"), _QUALITY)
    return ImageProperties(
        fields.percent(quality.get("Brightness")),
        fields.percent(quality.get("Sharpness")),
        fields.percent(quality.get("Contrast")),
        [color for item in fields.objects(known.get("DominantColors")) if (color := _color(item))],
        extra,
        quality_extra,
    )


def _color(value: dict[str, Any]) -> DominantColor | None:
    known, extra = _COLOR.split(value)
    code, share = fields.hex_color(known.get("HexCode")), fields.percent(known.get("PixelPercent"))
    if not code or share is None:
        return None
    css, simplified = fields.text(known.get("CSSColor")), fields.text(known.get("SimplifiedColor"))
    return DominantColor(code, css, simplified.lower(), share, extra)


def _thumbnails(value: Any) -> list[Thumbnail]:
    found = []
    for item in fields.objects(value):
        known, extra = _THUMBNAIL.split(item)
        key = fields.text(known.get("Key"))
        width, height = fields.whole(known.get("Width")), fields.whole(known.get("Height"))
        # Only what is a thumbnail may be shown as one, whatever a document says.
        if key.startswith(THUMBS) and width and height:
            found.append(Thumbnail(key, width, height, extra))
    return found


def _edits(value: Any) -> list[Edit]:
    found: dict[str, Edit] = {}
    for item in value if isinstance(value, list) else []:
        known, extra = ({"Name": item}, {}) if isinstance(item, str) else _split(item, _EDIT)
        name = fields.name(known.get("Name"))
        if name:
            edit = Edit(name, fields.text(known.get("By")), fields.utc(known.get("At")), extra)
            found.setdefault(fold_name(name), edit)
    return list(found.values())
