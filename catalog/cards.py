"""A picture ready for lists: JSON that is written once, with the picture, and only joined later.

A card is lines: the facts as an object without its closing brace; the small thumbnail's size, or
nothing; the length of the labels that are shown unless something else is asked; then one object
for each of the surest labels. No line break stands in JSON text, so a card is cut unread.
"""

import json
from bisect import bisect_right
from collections.abc import Sequence
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, NamedTuple

from catalog.clock import utc_text
from catalog.terms import DEFAULT_MIN, moment

LABELS_ON_CARD = 10
SMALL = "/320.webp"
_BEFORE_CONFIDENCE = len('{"confidence":')
_json = json.JSONEncoder(separators=(",", ":")).encode


class Card(NamedTuple):
    """What the catalog gives for a list: `text` is as the module says."""

    id: str
    key: str
    etag: str
    text: str


CARD_COLUMNS = ("public_id", "key", "etag", "card")


class CardPage(NamedTuple):
    """One page of cards, and the cursor of the next one where there is one."""

    cards: list[Card]
    next: str | None
    total: int
    total_is_exact: bool = True


def write_card(values: dict[str, Any], labels: Sequence[tuple[str, float]]) -> str:
    """Write the card of a picture from its columns and its labels, surest first."""
    error = {"code": values["error_code"], "message": values["error_message"]}
    facts = {
        "id": values["public_id"],
        "key": values["key"],
        "name": values["name"],
        "width": values["width"],
        "height": values["height"],
        "uploaded_at": utc_text(moment(values["uploaded_at"])),
        "taken_at": values["taken_at"] or None,
        "status": values["status"],
        "error": error if values["error_code"] else None,
    }
    lines = [
        f'{{"confidence":{confidence!r},"name":{quoted(name)}}}'
        for name, confidence in labels[:LABELS_ON_CARD]
    ]
    usual = sum(confidence >= DEFAULT_MIN for _, confidence in labels[:LABELS_ON_CARD])
    cut = str(len(",".join(lines[:usual])))
    return "\n".join([_json(facts)[:-1], _small(json.loads(values["thumbnails"])), cut, *lines])


def read_card(text: str, least: float) -> tuple[str, str, str]:
    """Return a card's facts, thumbnail and labels at `least` percent and over, still as JSON."""
    facts, small, cut, *labels = text.split("\n", 3)
    if not labels:
        return facts, small, ""
    if least == DEFAULT_MIN:
        return facts, small, labels[0][: int(cut)].replace("\n", ",")
    lines = labels[0].split("\n")
    return facts, small, ",".join(lines[: bisect_right(lines, -least, key=_falling)])


def _falling(line: str) -> float:
    return -float(line[_BEFORE_CONFIDENCE : line.index(",", _BEFORE_CONFIDENCE)])


def _small(thumbnails: list[tuple[str, int, int]]) -> str:
    for key, width, height in thumbnails:
        if key.endswith(SMALL):
            return f'{{"width":{width:d},"height":{height:d}'
    return ""
