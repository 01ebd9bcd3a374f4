"""The picture page's regions: stage, properties, actions (webapp/label_view.py has the labels)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from catalog.document import BoundingBox, Document, ShownLabel
from catalog.keys import trash_stamp
from catalog.query import COLORS
from catalog.records import ImageRecord, Neighbours
from catalog.terms import DEFAULT_MIN
from webapp.addresses import Address
from webapp.media import MediaUrls
from webapp.picture_types import SHOWN_BY_BROWSERS, normal_type
from webapp.rendering import StyleSheet
from webapp.wording import (
    NBSP,
    count,
    date_and_time,
    file_size,
    percent,
    wall_time,
)

RECOGNIZERS = {"local": "This machine", "rekognition": "Amazon Rekognition"}
UPSCALE, SMALLEST_STAGE = 1.6, 480.0
STAGE_WIDTH = 1280
MOST_ORIGINAL_BYTES = 30 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Box:
    """Where a label was seen; `css` carries the place, `group` ties it to its label's row."""

    css: str
    group: str
    text: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """The picture itself, large, and the ways on from it."""

    source: str
    original: str
    width: int
    height: int
    alt: str
    status: str
    notice: str
    error: str
    boxes: list[Box]
    previous_url: str
    next_url: str
    place: str
    back_url: str
    sharper: bool

    @classmethod
    def of(
        cls,
        address: Address,
        record: ImageRecord,
        labels: Sequence[ShownLabel],
        urls: MediaUrls,
        neighbours: Neighbours | None,
        style: StyleSheet,
    ) -> "Stage":
        width, height = record.width or 1280, record.height or 960
        style.add(
            ".stage-picture",
            r=width / height,
            w=min(max(width * UPSCALE, SMALLEST_STAGE), 1280.0),
            c=record.color,
        )
        beside = neighbours or Neighbours(None, None, 0, 0)
        best = [label.name for label in labels if label.confidence >= DEFAULT_MIN][:5]
        return cls(
            source=urls.thumbnail(record, 1280) or urls.thumbnail(record, 320) or "",
            original=address.original(record),
            width=width,
            height=height,
            alt=", ".join(best) or record.name,
            status=record.status,
            notice=_notice(record),
            error=record.error_message or "",
            boxes=_boxes(labels, style),
            previous_url=address.picture(beside.previous) if beside.previous else "",
            next_url=address.picture(beside.next) if beside.next else "",
            place=_standing(beside),
            back_url=address.gallery(),
            sharper=_has_more(record),
        )


def _has_more(record: ImageRecord) -> bool:
    """Tell whether the original shows more than the stage does, and a browser can show it."""
    large = max(record.width or 0, record.height or 0) > STAGE_WIDTH
    shown = normal_type(record.content_type) in SHOWN_BY_BROWSERS
    return large and shown and (record.size or 0) <= MOST_ORIGINAL_BYTES


def _standing(beside: Neighbours) -> str:
    """Say where a picture stands among those that match, and nothing where it does not."""
    if not beside.position or not beside.total:
        return ""
    place = count(beside.position, exact=beside.position_is_exact)
    return f"{place} of {count(beside.total, exact=beside.total_is_exact)}"


def _notice(record: ImageRecord) -> str:
    if record.trash:
        return "In the trash"
    return "Not tagged" if record.status == "failed" else ""


def _boxes(labels: Sequence[ShownLabel], style: StyleSheet) -> list[Box]:
    boxes: list[Box] = []
    for row, label in enumerate(labels):
        for instance in label.instances:
            css = f"b{len(boxes)}"
            _place(style, css, instance.box)
            text = f"{label.name} {percent(instance.confidence)}"
            boxes.append(Box(css, f"l{row}", text, _where(instance.box)))
    return boxes


def _place(style: StyleSheet, css: str, box: BoundingBox) -> None:
    left, top = _inside(box.left), _inside(box.top)
    style.add(
        f".{css}",
        x=left,
        y=top,
        w=min(_inside(box.width), 1 - left),
        h=min(_inside(box.height), 1 - top),
    )


def _where(box: BoundingBox) -> str:
    """Say in words where a box lies: "top left, 20 % by 25 % of the picture"."""
    across, down = box.left + box.width / 2, box.top + box.height / 2
    row = "top" if down < 1 / 3 else "bottom" if down > 2 / 3 else ""
    column = "left" if across < 1 / 3 else "right" if across > 2 / 3 else ""
    place = f"{row} {column}".strip() or "in the middle"
    size = f"{_inside(box.width) * 100:.0f}{NBSP}% by {_inside(box.height) * 100:.0f}{NBSP}%"
    return f"{place}, {size} of the picture"


def _inside(fraction: float) -> float:
    return min(max(fraction, 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class Swatch:
    css: str
    name: str
    share: str
    url: str


@dataclass(frozen=True, slots=True)
class Quality:
    name: str
    css: str
    value: str


@dataclass(frozen=True, slots=True)
class Properties:
    """What is known of the picture and of its file."""

    subtitle: str
    swatches: list[Swatch]
    quality: list[Quality]
    facts: list[tuple[str, str]]
    document: str

    @classmethod
    def of(
        cls, record: ImageRecord, document: Document | None, source: bytes, style: StyleSheet
    ) -> "Properties":
        return cls(
            subtitle=_subtitle(record),
            swatches=_swatches(document, style),
            quality=_quality(document, style),
            facts=_facts(record, document),
            document=pretty_json(source),
        )


def _subtitle(record: ImageRecord) -> str:
    taken = wall_time(record.taken_at) if record.taken_at else ""
    size = f"{record.width}{NBSP}×{NBSP}{record.height}" if record.width and record.height else ""
    return " · ".join(part for part in (taken, size, file_size(record.size)) if part)


def _swatches(document: Document | None, style: StyleSheet) -> list[Swatch]:
    colors = document.properties.dominant_colors if document and document.properties else []
    swatches = []
    for index, color in enumerate(colors):
        style.add(f".s{index}", w=max(color.pixel_percent, 1.0), c=color.hex_code)
        known = color.simplified_color if color.simplified_color in COLORS else ""
        url = Address.only(f"color:{known}") if known else ""
        swatches.append(Swatch(f"s{index}", known or "colour", percent(color.pixel_percent), url))
    return swatches


def _quality(document: Document | None, style: StyleSheet) -> list[Quality]:
    found = document.properties if document else None
    if found is None:
        return []
    values = [
        ("Brightness", found.brightness),
        ("Sharpness", found.sharpness),
        ("Contrast", found.contrast),
    ]
    rows = []
    for index, (name, value) in enumerate(values):
        if value is not None:
            style.add(f".q{index}", v=min(max(value, 0.0), 100.0))
            rows.append(Quality(name, f"q{index}", f"{value:.0f}"))
    return rows


def _facts(record: ImageRecord, document: Document | None) -> list[tuple[str, str]]:
    uploaded = f"{date_and_time(record.uploaded_at)} UTC" if record.uploaded_at else ""
    pairs = [
        ("Added", uploaded),
        ("Camera", record.camera or ""),
        ("Format", record.content_type.removeprefix("image/").upper()),
        ("Labelled by", _labelled_by(document)),
        ("File", record.key),
    ]
    return [(name, value) for name, value in pairs if value]


def _labelled_by(document: Document | None) -> str:
    if document is None or document.status == "failed":
        return ""
    tagging = document.tagging
    recognizer = tagging.recognizer if tagging else ""
    name = RECOGNIZERS.get(recognizer, recognizer or "Another tool")
    return f"{name}, {document.label_model_version}" if document.label_model_version else name


def pretty_json(source: bytes) -> str:
    """Return a document as it is read best; what is no JSON is returned as it stands."""
    text = source.decode("utf-8", "replace")
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


@dataclass(frozen=True, slots=True)
class Actions:
    """What can be done with the picture; each is a form that works without JavaScript."""

    download_url: str
    delete_url: str
    retry_url: str
    restore_url: str
    retry_text: str

    @classmethod
    def of(cls, address: Address, record: ImageRecord) -> "Actions":
        trashed = bool(record.trash)
        return cls(
            download_url=address.original(record, saved=True),
            delete_url="" if trashed else address.action(record.id, "delete"),
            retry_url="" if trashed or record.status == "pending" else
            address.action(record.id, "retry"),
            restore_url=address.action(record.id, "restore", trash=trash_stamp(record.trash))
            if trashed else "",
            retry_text="Try again" if record.status == "failed" else "Tag again",
        )  # fmt: skip
