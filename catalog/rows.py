"""A document, or the lack of one, as the row that the catalog keeps."""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from catalog.cards import LABELS_ON_CARD, card_line, write_card
from catalog.document import Document, Label, TaggingError
from catalog.keys import file_name, image_id, trash_time
from catalog.storage import ObjectInfo
from catalog.terms import (
    DEFAULT_MIN,
    MIN_COLOR_PERCENT,
    clean,
    color_bit,
    fold,
    format_name,
    indexed,
    indexed_label,
    microseconds,
)
from catalog.vectors import facts

_SHA256 = re.compile(r"[0-9a-f]{64}")
_HEX = re.compile(r"#[0-9a-f]{6}")
_MAX_INTEGER = 2**63 - 1
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Entry(NamedTuple):
    """A name that a picture is found by; alias 0 is a label of its own; confidence in percent."""

    name: str
    folded: str
    category: str
    alias: int
    confidence: float


class Stamp(NamedTuple):
    """What tells whether a row is up to date: ETags, and what may come from elsewhere."""

    etag: str
    document_etag: str
    name: str
    sha256: str
    uploaded_at: int


@dataclass(slots=True)
class ImageRow:
    """All that is written about one picture; `values` are columns of the table `image`."""

    values: dict[str, Any]
    entries: list[Entry]

    @property
    def identity(self) -> tuple[str, str]:
        """The live one and each entry in the trash are told apart by (key, trash)."""
        return self.values["key"], self.values["trash"]

    @property
    def key(self) -> str:
        """The key of the picture, which it had before it came to the trash."""
        key: str = self.values["key"]
        return key

    @property
    def names(self) -> int:
        """How many names the picture is found by."""
        return len(self.entries)

    @property
    def length(self) -> int:
        """How many characters its texts have."""
        return sum(len(value) for value in self.values.values() if isinstance(value, str))

    @property
    def stamp(self) -> Stamp:
        """What tells whether the row that is there is this one."""
        return Stamp(*[self.values[name] for name in Stamp._fields])

    @property
    def facts(self) -> int:
        """What is searched by besides labels and time, in one number."""
        v = self.values
        return facts(v["status"], v["format"], v["colors"], bool(v["edited"]))

    def change(self, **columns: Any) -> None:
        """Change columns of the picture, and its card with them."""
        self.values |= columns
        self.values["card"] = _card(self.values, self.entries)


def pending_row(
    picture: ObjectInfo, key: str, trash: str = "", name: str = "", sha256: str = ""
) -> ImageRow:
    """Make the row of a picture that has no document yet; `name` and `sha256` where known."""
    return _finish(values_of(picture, key, trash, name, sha256), [])


def failed_row(
    picture: ObjectInfo,
    key: str,
    error: TaggingError,
    document_etag: str,
    trash: str = "",
    name: str = "",
    sha256: str = "",
) -> ImageRow:
    """Make the row of a picture whose document makes no sense, or cannot be."""
    values = values_of(picture, key, trash, name, sha256)
    values |= {"status": "failed", "error_code": error.code, "error_message": clean(error.message)}
    values["document_etag"] = document_etag
    return _finish(values, [])


def document_row(
    picture: ObjectInfo,
    key: str,
    document: Document,
    document_etag: str,
    trash: str = "",
    name: str = "",
    sha256: str = "",
) -> ImageRow:
    """Make the row of a picture from its document; `name`, `sha256` where it does not say.

    A document about other bytes than these leaves their SHA-256 unknown.
    """
    facts_, shown = document.image, document.surest_labels()
    sha256 = sha256_of(picture, facts_.sha256 or sha256, facts_.etag)
    uploaded_at = _uploaded_at(facts_.uploaded_at)
    values = values_of(picture, key, trash, facts_.name or name, sha256, uploaded_at)
    values |= {
        "status": document.status,
        "content_type": clean(facts_.content_type),
        "width": _integer(facts_.width),
        "height": _integer(facts_.height),
        "taken_at": indexed(clean(facts_.taken_at)),
        "camera": clean(facts_.camera),
        "document_etag": document_etag,
        "edited": int(bool(document.added or document.removed)),
        "thumbnails": _json([[clean(t.key), t.width, t.height] for t in document.thumbnails]),
    }
    if document.tagging and document.tagging.error:
        values["error_code"] = clean(document.tagging.error.code)
        values["error_message"] = clean(document.tagging.error.message)
    if document.properties:
        _add_colors(values, document)
    return _finish(values, shown)


def is_about_other_bytes(document: Document, picture: ObjectInfo) -> bool:
    """Tell whether a document is about other bytes than those of the picture now.

    A folder's ETag is the SHA-256 of the bytes. A bucket's is not: there it is compared with the
    one that the document was written for, unless that was a folder's.
    """
    facts_ = document.image
    if _SHA256.fullmatch(picture.etag):
        return bool(facts_.sha256) and facts_.sha256.lower() != picture.etag
    return _is_of_another(facts_.etag, picture)


def sha256_of(picture: ObjectInfo, known: str, written_for: str) -> str:
    """Return the SHA-256 of a picture, of which `known` is the one that was written down.

    Nothing where a folder's ETag, which is one, says another, or where the document was written
    for another ETag: then those were other bytes.
    """
    if _SHA256.fullmatch(picture.etag):
        return picture.etag if known.lower() == picture.etag else ""
    return "" if _is_of_another(written_for, picture) else known


def _is_of_another(etag: str, picture: ObjectInfo) -> bool:
    return bool(etag) and not _SHA256.fullmatch(etag) and etag != picture.etag


def values_of(
    picture: ObjectInfo,
    key: str,
    trash: str,
    name: str,
    sha256: str,
    uploaded_at: int | None = None,
) -> dict[str, Any]:
    """Return what is known of every picture, tagged or not; the time of upload where not given."""
    return {
        "live": 0 if trash else 1,
        "key": key,
        "trash": trash,
        "public_id": image_id(key),
        "name": clean(name) or clean(file_name(key)),
        "status": "pending",
        "error_code": "",
        "error_message": "",
        "content_type": "",
        "size": _integer(picture.size),
        "width": None,
        "height": None,
        "uploaded_at": _second(picture.modified) if uploaded_at is None else uploaded_at,
        "deleted_at": microseconds(trash_time(trash)) if trash else None,
        "taken_at": "",
        "camera": "",
        "sha256": indexed(clean(sha256)),
        "etag": picture.etag,
        "document_etag": "",
        "color": "",
        "thumbnails": "[]",
        "edited": 0,
        "colors": 0,
    }


def _finish(values: dict[str, Any], shown: Sequence[Label]) -> ImageRow:
    """Add the labels, and what is derived from all."""
    own, entries = _entries(shown)
    implied = _implied(shown)
    values["labels"] = _json(
        [
            [entry.name, entry.confidence, implied[entry.folded]]
            if entry.folded in implied
            else [entry.name, entry.confidence]
            for entry in own
        ]
    )
    derive(values, own)
    return ImageRow(values, entries)


def derive(values: dict[str, Any], own: Sequence[Entry], lines: Sequence[str] = ()) -> None:
    """Add what is searched and sorted by, and the card; `own` are the labels, surest first.

    `lines` are those of the card, where they are written already.
    """
    values["label_count"] = len(own)
    values["top_confidence"] = own[0].confidence if own else -1.0
    values["key_start"] = indexed(values["key"])
    values["name_folded"] = indexed(fold(values["name"]))
    values["format"] = format_name(values["content_type"], values["key"])
    values["card"] = _card(values, own, lines)


def _card(values: dict[str, Any], entries: Sequence[Entry], lines: Sequence[str] = ()) -> str:
    surest = [each for each in entries[:LABELS_ON_CARD] if not each.alias]
    usual = sum([each.confidence >= DEFAULT_MIN for each in surest])
    made = lines or [card_line(each.name, repr(each.confidence)) for each in surest]
    return write_card(values, made, usual)


def _entries(shown: Sequence[Label]) -> tuple[list[Entry], list[Entry]]:
    """Return the labels, surest first, and the labels with their aliases.

    Two spellings of one name are one label, with the higher confidence.
    """
    own: dict[str, Entry] = {}
    also: dict[str, set[tuple[float, str]]] = {}
    for each in shown:
        confidence = float(each.confidence) if math.isfinite(each.confidence) else 0.0
        folded = indexed_label(fold(each.name))
        if folded not in own or own[folded].confidence < confidence:
            category = clean(each.categories[0]) if each.categories else ""
            own[folded] = Entry(clean(each.name), folded, category, 0, confidence)
        for alias in each.aliases:
            also.setdefault(indexed_label(fold(alias)), set()).add((confidence, clean(alias)))
    surest = sorted(own.values(), key=lambda entry: -entry.confidence)
    return surest, surest + alias_entries(own, also)


def alias_entries(own: dict[str, Entry], also: dict[str, set[tuple[float, str]]]) -> list[Entry]:
    """Return the entries of aliases, of each by name the (confidence, name) of its labels."""
    entries: list[Entry] = []
    for folded, found in also.items():
        main = own.get(folded)
        confidences = dict(sorted(found))
        if main:
            confidences.pop(main.confidence, None)
        numbered = enumerate(sorted(confidences.items(), reverse=True), 1)
        entries += [Entry(name, folded, "", n, value) for n, (value, name) in numbered]
    return entries


def _implied(shown: Sequence[Label]) -> dict[str, float]:
    """Return for each parent, folded, how sure the surest of the labels that imply it is."""
    implied: dict[str, float] = {}
    for each in shown:
        confidence = float(each.confidence) if math.isfinite(each.confidence) else 0.0
        own = fold(each.name)
        for parent in map(fold, each.parents):
            if parent != own and confidence >= implied.get(parent, 0.0):
                implied[parent] = confidence
    return implied


def _add_colors(values: dict[str, Any], document: Document) -> None:
    colors = document.properties.dominant_colors if document.properties else []
    for color in colors:
        if color.pixel_percent >= MIN_COLOR_PERCENT:
            values["colors"] |= color_bit(color.simplified_color)
    if colors and _HEX.fullmatch(colors[0].hex_code.lower()):
        values["color"] = colors[0].hex_code.lower()


def _uploaded_at(written: str) -> int | None:
    """Return when a picture came, None where its document does not say."""
    try:
        when = datetime.fromisoformat(written)
        return microseconds(when if when.tzinfo else when.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None


def _second(modified: datetime) -> int:
    """Return a store's time in whole seconds, as documents have it.

    A picture would else move by parts of a second, and past others, when its document comes.
    """
    return microseconds(modified.replace(microsecond=0))


def _integer(value: int | None) -> int | None:
    return value if value is not None and 0 <= value <= _MAX_INTEGER else None
