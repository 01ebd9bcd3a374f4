"""The strict writer: one spelling for one content, and nothing that the schema does not allow."""

import json
import math
from typing import Any

from catalog.document import fields
from catalog.document.model import (
    SCHEMA_VERSION,
    Document,
    DominantColor,
    Edit,
    ImageFacts,
    ImageProperties,
    Instance,
    Label,
    Tagging,
    Thumbnail,
    fold_name,
)
from catalog.errors import DocumentError


def write_document(document: Document) -> bytes:
    """Write a document as UTF-8 JSON, always the same bytes for the same content.

    Raises DocumentError for what the format does not allow: a confidence outside 0 to 100, a
    label without a name or twice, a failure without a reason, a moment that is not UTC.
    """
    text = json.dumps(as_json(document), ensure_ascii=False, indent=2, allow_nan=False)
    return text.encode() + b"\n"


def as_json(document: Document) -> dict[str, Any]:
    """Return a document as plain JSON values, in the order of the format. Raises DocumentError."""
    _once("label", [label.name for label in document.labels])
    written: dict[str, Any] = {
        "SchemaVersion": SCHEMA_VERSION,
        "Image": _image(document.image),
    }
    if document.tagging:
        written["Tagging"] = _tagging(document.tagging)
    written |= {
        "Labels": [_label(label) for label in document.labels],
        "LabelModelVersion": document.label_model_version,
        "ImageProperties": _properties(document.properties),
        "Thumbnails": [_thumbnail(thumbnail) for thumbnail in document.thumbnails],
        "Edits": {
            "Added": _edits(document.added),
            "Removed": _edits(document.removed),
            **_others(document.edits_extra),
        },
    }
    version = document.extra.get("SchemaVersion")
    if type(version) is int and version > SCHEMA_VERSION:
        written["SchemaVersion"] = version
    return written | _others(document.extra, written)


def _image(image: ImageFacts) -> dict[str, Any]:
    written = {
        "Key": image.key,
        "Name": image.name,
        "ContentType": image.content_type,
        "Size": _whole("size", image.size),
        "SHA256": image.sha256,
        "ETag": image.etag,
        "Width": _whole("width", image.width, least=1),
        "Height": _whole("height", image.height, least=1),
        "UploadedAt": _utc(image.uploaded_at),
        "TakenAt": image.taken_at,
        "Camera": image.camera,
    }
    if image.taken_at != fields.wall_time(image.taken_at):
        raise DocumentError(f"{image.taken_at!r} is not a wall time to the second.")
    if image.sha256 != image.sha256.lower():
        raise DocumentError("A SHA-256 is written in lower case.")
    return written | _others(image.extra, written)


def _tagging(tagging: Tagging) -> dict[str, Any]:
    if tagging.status not in ("tagged", "failed"):
        raise DocumentError(f"There is no status {tagging.status!r}.")
    if (tagging.status == "failed") != (tagging.error is not None):
        raise DocumentError("A failure needs a reason, and success has none.")
    error = None
    if tagging.error:
        if not tagging.error.code or not tagging.error.message:
            raise DocumentError("A failure needs a code and a sentence.")
        error = {"Code": tagging.error.code, "Message": tagging.error.message}
        error |= _others(tagging.error.extra, error)
    floor = tagging.min_confidence
    written = {
        "Status": tagging.status,
        "Recognizer": tagging.recognizer,
        "MinConfidence": None if floor is None else _percent("minimum", floor),
        "MaxLabels": _whole("number of labels", tagging.max_labels),
        "TaggedAt": _utc(tagging.tagged_at),
        "Error": error,
    }
    return written | _others(tagging.extra, written)


def _label(label: Label) -> dict[str, Any]:
    written = {
        "Name": _name(label.name),
        "Confidence": _percent(label.name, label.confidence),
        "Parents": _names(label, "Parents", label.parents),
        "Aliases": _names(label, "Aliases", label.aliases),
        "Categories": _names(label, "Categories", label.categories),
        "Instances": [_instance(label.name, instance) for instance in label.instances],
    }
    return written | _others(label.extra, written)


def _names(label: Label, field: str, names: list[str]) -> list[dict[str, Any]]:
    extras = label.name_extras.get(field, {})
    return [{"Name": _name(name), **_others(extras.get(name, {}), ("Name",))} for name in names]


def _instance(name: str, instance: Instance) -> dict[str, Any]:
    box = instance.box
    sides = {"Left": box.left, "Top": box.top, "Width": box.width, "Height": box.height}
    written = {
        "BoundingBox": {side: _number(side, value) for side, value in sides.items()}
        | _others(box.extra, sides),
        "Confidence": _percent(name, instance.confidence),
    }
    return written | _others(instance.extra, written)


def _properties(properties: ImageProperties | None) -> dict[str, Any] | None:
    if properties is None:
        return None
    measures = {
        "Brightness": properties.brightness,
        "Sharpness": properties.sharpness,
        "Contrast": properties.contrast,
    }
    quality = {
        what: None if value is None else _percent(what, value) for what, value in measures.items()
    }
    written = {
        "Quality": quality | _others(properties.quality_extra, quality),
        "DominantColors": [_color(color) for color in properties.dominant_colors],
    }
    return written | _others(properties.extra, written)


def _color(color: DominantColor) -> dict[str, Any]:
    code = fields.hex_color(color.hex_code)
    if not code:
        raise DocumentError(f"{color.hex_code!r} is not a colour as in #a1b2c3.")
    written = {
        "HexCode": code,
        "CSSColor": color.css_color,
        "SimplifiedColor": color.simplified_color.lower(),
        "PixelPercent": _percent(code, color.pixel_percent),
    }
    return written | _others(color.extra, written)


def _thumbnail(thumbnail: Thumbnail) -> dict[str, Any]:
    written = {
        "Key": thumbnail.key,
        "Width": _whole("width", thumbnail.width, least=1),
        "Height": _whole("height", thumbnail.height, least=1),
    }
    return written | _others(thumbnail.extra, written)


def _edits(edits: list[Edit]) -> list[dict[str, Any]]:
    _once("correction", [edit.name for edit in edits])
    return [
        {"Name": _name(edit.name), "By": edit.by, "At": _utc(edit.at)}
        | _others(edit.extra, ("Name", "By", "At"))
        for edit in edits
    ]


def _name(name: str) -> str:
    if not name or fields.name(name) != name:
        raise DocumentError(f"{name[:50]!r} cannot be the name of a label.")
    return name


def _once(what: str, names: list[str]) -> None:
    if len({fold_name(name) for name in names}) < len(names):
        raise DocumentError(f"A {what} stands there twice.")


def _number(what: str, value: float) -> float:
    if not math.isfinite(value):
        raise DocumentError(f"The {what} is not a number.")
    return float(value) + 0.0  # -0.0 and 0 are written as 0.0, as what equals them


def _percent(what: str, value: float) -> float:
    if not 0 <= value <= 100:
        raise DocumentError(f"{what}: {value} is not between 0 and 100.")
    return _number(what, value)


def _whole(what: str, value: int | None, least: int = 0) -> int | None:
    if value is not None and (fields.whole(value) != value or value < least):
        raise DocumentError(f"The {what} cannot be {value}.")
    return value


def _utc(moment: str) -> str:
    if moment and fields.utc(moment) != moment:
        raise DocumentError(f"{moment!r} is not a UTC moment as in 2026-11-22T16:04:56Z.")
    return moment


def _others(extra: dict[str, Any], known: Any = ()) -> dict[str, Any]:
    """Return the unknown fields in one order; a known field is never overwritten by them."""
    return {name: _plain(extra[name]) for name in sorted(extra) if name not in known}


def _plain(value: Any) -> Any:
    """Return JSON values with sorted fields and without the numbers that JSON does not have."""
    if isinstance(value, dict):
        return {str(name): _plain(value[name]) for name in sorted(value)}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
