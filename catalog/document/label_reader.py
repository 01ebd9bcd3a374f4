"""Reading labels in every shape that tools write them (docs/metadata-format.md)."""

from typing import Any

from catalog.document import fields
from catalog.document.fields import Shape
from catalog.document.model import BoundingBox, Instance, Label, fold_name
from catalog.errors import DocumentError

MAX_LABELS = 10_000
# What a label without any confidence has: someone named it, so it is meant.
_NAMED = 100.0
# Names beyond which a list of them is no longer searched one by one.
_FEW = 30

_LABEL = Shape("Name", "Confidence", "Parents", "Aliases", "Categories", "Instances")
_NAME = Shape("Name")
_INSTANCE = Shape("BoundingBox", "Confidence")
_BOX = Shape("Left", "Top", "Width", "Height")


def read_labels(value: Any) -> list[Label]:
    """Read labels from a list of objects or names, or from an object of confidences by name.

    Of a label that stands there twice the surest counts; it gets the boxes of all. What has no
    name is left out. Raises DocumentError where nothing is a label.
    """
    found: dict[str, Label] = {}
    entries = _entries(value)
    for entry in entries:
        label = _usual_label(entry) or _label(entry)
        if label is None:
            continue
        folded = fold_name(label.name)
        other = found.get(folded)
        found[folded] = label if other is None else _surest(other, label)
    if entries and not found:
        raise DocumentError("None of the labels in this document has a name.")
    return list(found.values())


def scale_fractions(labels: list[Label]) -> None:
    """Turn confidences from 0 to 1 into percent, where every one of them is at most 1."""
    if not labels or max(label.confidence for label in labels) > 1:
        return
    for label in labels:
        label.confidence = round(label.confidence * 100, 6)
        for instance in label.instances:
            if instance.confidence <= 1:
                instance.confidence = round(instance.confidence * 100, 6)


def _entries(value: Any) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, dict):
        if any(fields.number(confidence) is None for confidence in value.values()):
            raise DocumentError("The labels in this document are not a list.")
        value = [{"Name": name, "Confidence": number} for name, number in value.items()]
    if not isinstance(value, list):
        raise DocumentError("The labels in this document are not a list.")
    if len(value) > MAX_LABELS:
        raise DocumentError(f"This document has more than {MAX_LABELS:,} labels.")
    return value


def _usual_label(entry: Any) -> Label | None:
    """Read a label as our own writer writes it, and fast; None leaves it to `_label`.

    Reindexing reads ten a document. Both give the same (tests/unit/catalog/document/).
    """
    if type(entry) is not dict or len(entry) != len(_LABEL.names):
        return None
    try:
        name, confidence = entry["Name"], entry["Confidence"]
        parents, aliases = entry["Parents"], entry["Aliases"]
        categories, instances = entry["Categories"], entry["Instances"]
    except KeyError:
        return None
    if type(name) is not str or type(confidence) is not float or not 0.0 <= confidence <= 100.0:
        return None
    name = fields.name(name)
    parents = _usual_names(parents) if parents else []
    aliases = _usual_names(aliases) if aliases else []
    categories = _usual_names(categories) if categories else []
    if not name or parents is None or aliases is None or categories is None:
        return None
    places = _instances(instances, confidence) if instances else []
    return Label(name, confidence, parents, aliases, categories, places, {}, {})


def _label(entry: Any) -> Label | None:
    if isinstance(entry, str):
        name = fields.name(entry)
        return Label(name, _NAMED) if name else None
    if not isinstance(entry, dict):
        return None
    known, extra = _LABEL.split(entry)
    name = fields.name(known.get("Name"))
    if not name:
        return None
    confidence = _confidence(known.get("Confidence"))
    extras: dict[str, dict[str, dict[str, Any]]] = {}
    return Label(
        name,
        confidence,
        _names(known.get("Parents"), "Parents", extras),
        _names(known.get("Aliases"), "Aliases", extras),
        _names(known.get("Categories"), "Categories", extras),
        _instances(known.get("Instances"), confidence),
        extra,
        extras,
    )


def _confidence(value: Any) -> float:
    """Return the confidence: 100 where none is given, 0 where it cannot be read."""
    if value is None:
        return _NAMED
    return fields.percent(value) or 0.0


def _surest(first: Label, second: Label) -> Label:
    best, other = (second, first) if second.confidence > first.confidence else (first, second)
    best.instances = first.instances + second.instances
    for name in other.aliases:
        if name not in best.aliases:
            best.aliases.append(name)
    return best


def _names(value: Any, field: str, extras: dict[str, dict[str, dict[str, Any]]]) -> list[str]:
    """Read names that stand as texts or as objects; keep what else such an object holds."""
    if not value:
        return []
    usual = _usual_names(value)
    if usual is not None:
        return usual
    found: dict[str, dict[str, Any]] = {}
    for item in value if isinstance(value, list) else [value]:
        known, extra = _NAME.split(item) if isinstance(item, dict) else ({"Name": item}, {})
        name = fields.name(known.get("Name"))
        if name:
            found.setdefault(name, extra)
    kept = {name: extra for name, extra in found.items() if extra}
    if kept:
        extras[field] = kept
    return list(found)


def _usual_names(value: Any) -> list[str] | None:
    """Read names as nearly all documents have them, and fast: reindexing reads many."""
    if type(value) is not list:
        return None
    names = []
    for item in value:
        if type(item) is not dict or len(item) != 1 or "Name" not in item:
            return None
        name = fields.name(item["Name"])
        if not name or name in names:
            return None
        names.append(name)
        if len(names) > _FEW:
            return None
    return names


def _instances(value: Any, confidence: float) -> list[Instance]:
    if not value:
        return []
    found = []
    for item in fields.objects(value):
        known, extra = _INSTANCE.split(item)
        box = _box(known.get("BoundingBox"))
        if box:
            own = fields.percent(known.get("Confidence"))
            found.append(Instance(box, confidence if own is None else own, extra))
    return found


def _box(value: Any) -> BoundingBox | None:
    if not isinstance(value, dict):
        return None
    known, extra = _BOX.split(value)
    left, top = fields.number(known.get("Left")), fields.number(known.get("Top"))
    width, height = fields.number(known.get("Width")), fields.number(known.get("Height"))
    if left is None or top is None or width is None or height is None:
        return None
    return BoundingBox(left, top, width, height, extra)
