"""The row of a document as our own writer writes it, straight from its JSON.

Nearly all documents are such, and a reindex reads every one: without the objects in between it
takes a third of the time. Whatever is unusual in any way is left to the tolerant reader. Where
this answers, both say the same (tests/unit/catalog/test_usual_rows.py).
"""

import re
from datetime import datetime
from functools import lru_cache
from json.encoder import encode_basestring as quoted
from operator import itemgetter
from typing import Any, NamedTuple

from catalog.cards import card_line
from catalog.document import fields, fold_name
from catalog.keys import THUMBS
from catalog.rows import Entry, ImageRow, alias_entries, derive, sha256_of, values_of
from catalog.storage import ObjectInfo
from catalog.terms import (
    MIN_COLOR_PERCENT,
    clean,
    color_bit,
    fold,
    indexed,
    indexed_label,
    microseconds,
)

_REMEMBERED = 8192
_MOST_LABELS = 1000
_LARGEST_WHOLE = 2**53
_HEX = re.compile(r"#[0-9a-f]{6}")

_DOCUMENT = {
    "SchemaVersion", "Image", "Tagging", "Labels", "LabelModelVersion", "ImageProperties",
    "Thumbnails", "Edits",
}  # fmt: skip
_IMAGE = {
    "Key", "Name", "ContentType", "Size", "SHA256", "ETag", "Width", "Height", "UploadedAt",
    "TakenAt", "Camera",
}  # fmt: skip
_TAGGING = {"Status", "Recognizer", "MinConfidence", "MaxLabels", "TaggedAt", "Error"}
_LABEL = {"Name", "Confidence", "Parents", "Aliases", "Categories", "Instances"}
_INSTANCE = {"BoundingBox", "Confidence"}
_BOX = {"Left", "Top", "Width", "Height"}
_PROPERTIES = {"Quality", "DominantColors"}
_QUALITY = {"Brightness", "Sharpness", "Contrast"}
_COLOR = {"HexCode", "CSSColor", "SimplifiedColor", "PixelPercent"}
_THUMBNAIL = {"Key", "Width", "Height"}
_UNSURE = (0.0, "")
_NO_EDITS: dict[str, list[Any]] = {"Added": [], "Removed": []}
_texts = itemgetter("Name", "ContentType", "SHA256", "ETag", "UploadedAt", "TakenAt", "Camera")
_label = itemgetter("Name", "Confidence", "Parents", "Aliases", "Categories", "Instances")


class _UnusualError(Exception):
    """This is nothing that our writer writes."""


class _Name(NamedTuple):
    """A label's name in all the spellings that a row needs."""

    name: str
    folded: str
    stored: str
    quoted: str


def usual_row(
    picture: ObjectInfo, content: Any, document_etag: str, name: str = "", sha256: str = ""
) -> ImageRow | None:
    """Make the row that `document_row` makes of a usual document, None for any other.

    `content` is the document's JSON; `name` and `sha256` are used where it does not say.
    """
    if type(content) is not dict or content.keys() != _DOCUMENT:
        return None
    try:
        return _row(picture, content, document_etag, name, sha256)
    except _UnusualError:
        return None


def _row(
    picture: ObjectInfo, content: dict[str, Any], document_etag: str, name: str, sha256: str
) -> ImageRow:
    image = _object(content["Image"], _IMAGE)
    texts = _texts(image)
    for text in texts:
        if type(text) is not str:
            raise _UnusualError
    own_name, content_type, own_sha256, etag, uploaded_at, taken_at, camera = texts
    tagging = _object(content["Tagging"], _TAGGING)
    tagged = tagging["Status"] == "tagged" and tagging["Error"] is None
    if not tagged or type(content["SchemaVersion"]) is not int or content["Edits"] != _NO_EDITS:
        raise _UnusualError
    sha256 = sha256_of(picture, own_sha256.lower() or sha256, etag)
    values = values_of(picture, picture.key, "", own_name or name, sha256, _moment(uploaded_at))
    values["status"] = "tagged"
    values["content_type"] = clean(content_type)
    values["width"] = _side(image["Width"])
    values["height"] = _side(image["Height"])
    values["taken_at"] = indexed(_wall_time(taken_at))
    values["camera"] = clean(camera)
    values["document_etag"] = document_etag
    values["thumbnails"] = _thumbnails(content["Thumbnails"])
    values["color"], values["colors"] = _colors(content["ImageProperties"])
    return ImageRow(values, _labels(values, content["Labels"]))


def _labels(values: dict[str, Any], labels: Any) -> list[Entry]:
    """Return the entries of the labels; add what columns say of them."""
    if type(labels) is not list or len(labels) > _MOST_LABELS:
        raise _UnusualError
    found = []
    implied: dict[str, tuple[float, str]] = {}
    also: dict[str, set[tuple[float, str]]] = {}
    for each in labels:
        name, confidence, parents, aliases, categories, instances = _label(_object(each, _LABEL))
        if type(confidence) is not float or not 0.0 <= confidence <= 100.0:
            raise _UnusualError
        known, written = _known(name), repr(confidence)
        if written == "-0.0":
            raise _UnusualError
        category = _names(categories)[0].name if categories else ""
        if parents:
            as_sure = (confidence, written)
            for parent in _names(parents):
                if parent.folded != known.folded and as_sure >= implied.get(parent.folded, _UNSURE):
                    implied[parent.folded] = as_sure
        if instances:
            _check_instances(instances)
        named = _names(aliases) if aliases else ()
        found.append((-confidence, known.folded, known, written, category, named))
    found.sort()
    own: dict[str, Entry] = {}
    texts, lines = [], []
    for below, _, known, written, category, aliases in found:
        stored = known.stored
        own[stored] = Entry(known.name, stored, category, 0, -below)
        if stored in implied:
            texts.append(f"[{known.quoted},{written},{implied[stored][1]}]")
        else:
            texts.append(f"[{known.quoted},{written}]")
        lines.append(card_line(known.name, written))
        for alias in aliases:
            also.setdefault(alias.stored, set()).add((-below, alias.name))
    if len(own) != len(found):
        raise _UnusualError
    values["labels"] = f"[{','.join(texts)}]"
    surest = list(own.values())
    derive(values, surest, lines)
    return surest + alias_entries(own, also) if also else surest


def _object(value: Any, names: set[str]) -> dict[str, Any]:
    if type(value) is not dict or value.keys() != names:
        raise _UnusualError
    return value


def _names(value: Any) -> list[_Name]:
    """Return names that stand as objects."""
    if type(value) is not list:
        raise _UnusualError
    found = []
    for item in value:
        if type(item) is not dict or len(item) != 1 or "Name" not in item:
            raise _UnusualError
        found.append(_known(item["Name"]))
    return found


def _known(value: Any) -> _Name:
    found = _remembered(value) if type(value) is str else None
    if found is None:
        raise _UnusualError
    return found


@lru_cache(_REMEMBERED)
def _remembered(value: str) -> _Name | None:
    name = fields.name(value)
    if not name or clean(name) != name:
        return None
    return _Name(name, fold_name(name), indexed_label(fold(name)), quoted(name))


def _check_instances(instances: Any) -> None:
    """Places are no part of a row; only that they could be read must be sure."""
    if type(instances) is not list:
        raise _UnusualError
    for instance in instances:
        _object(_object(instance, _INSTANCE)["BoundingBox"], _BOX)


def _moment(written: str) -> int | None:
    """Return microseconds since 1970, None where nothing is written."""
    if not written:
        return None
    if fields.utc(written) != written:
        raise _UnusualError
    return microseconds(datetime.fromisoformat(written))


def _wall_time(written: str) -> str:
    if fields.wall_time(written) != written:
        raise _UnusualError
    return written


def _side(value: Any) -> int | None:
    if value is None:
        return None
    if type(value) is not int or not 0 < value < _LARGEST_WHOLE:
        raise _UnusualError
    return value


def _colors(properties: Any) -> tuple[str, int]:
    """Return the most frequent colour, and what is searched by."""
    if properties is None:
        return "", 0
    _object(_object(properties, _PROPERTIES)["Quality"], _QUALITY)
    found = properties["DominantColors"]
    if type(found) is not list:
        raise _UnusualError
    bits = 0
    for color in found:
        _object(color, _COLOR)
        code, name, share = color["HexCode"], color["SimplifiedColor"], color["PixelPercent"]
        sound = type(code) is str and type(name) is str and type(color["CSSColor"]) is str
        if not sound or type(share) is not float or not 0.0 <= share <= 100.0:
            raise _UnusualError
        if not _HEX.fullmatch(code):
            raise _UnusualError
        if share >= MIN_COLOR_PERCENT:
            bits |= color_bit(name)
    return (found[0]["HexCode"] if found else ""), bits


def _thumbnails(value: Any) -> str:
    if type(value) is not list:
        raise _UnusualError
    found = []
    for each in value:
        _object(each, _THUMBNAIL)
        key, width, height = each["Key"], _side(each["Width"]), _side(each["Height"])
        if type(key) is not str or not key.startswith(THUMBS) or not width or not height:
            raise _UnusualError
        found.append(f"[{quoted(clean(key))},{width},{height}]")
    return f"[{','.join(found)}]"
