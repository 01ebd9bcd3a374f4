"""A picture ready for lists: JSON that is written once, with the picture, and only joined later.

A card is lines: the facts as an object without its closing brace; the small thumbnail's size, or
nothing; the length of the labels that are shown unless something else is asked; then one object
for each of the surest labels. No line break stands in JSON text, so a card is cut unread.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, NamedTuple

from catalog.terms import DEFAULT_MIN, moment

LABELS_ON_CARD = 10
SMALL = "/320.webp"
# Within a JSON text no quote stands without a backslash: this one ends the key.
_SMALL_SIZE = re.compile(f'{re.escape(SMALL)}",([0-9]+),([0-9]+)\\]')
_BEFORE_CONFIDENCE = len('{"confidence":')
_ZONE = len("+00:00")


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


def card_line(name: str, confidence: str) -> str:
    """Write what a card says of one label, whose confidence is written already."""
    return f'{{"confidence":{confidence},"name":{quoted(name)}}}'


def write_card(values: dict[str, Any], lines: Sequence[str], usual: int) -> str:
    """Write the card of a picture from its columns and the lines of its labels, surest first.

    `usual` of these are shown unless something else is asked.
    """
    # Put together by hand: each reindexed picture has one, and an encoder takes twice as long.
    taken_at, when = values["taken_at"], moment(values["uploaded_at"])
    facts = (
        f'{{"id":"{values["public_id"]}","key":{quoted(values["key"])},'
        f'"name":{quoted(values["name"])},"width":{_number(values["width"])},'
        f'"height":{_number(values["height"])},'
        f'"uploaded_at":"{when.isoformat(timespec="seconds")[:-_ZONE]}Z",'
        f'"taken_at":{quoted(taken_at) if taken_at else "null"},'
        f'"status":"{values["status"]}","error":{_error(values)}'
    )
    shown = lines[:LABELS_ON_CARD]
    cut = len(",".join(shown[: min(usual, LABELS_ON_CARD)]))
    return "\n".join([facts, _small(values["thumbnails"]), str(cut), *shown])


def _number(value: int | None) -> str:
    return "null" if value is None else str(value)


def _error(values: dict[str, Any]) -> str:
    code, message = values["error_code"], values["error_message"]
    return f'{{"code":{quoted(code)},"message":{quoted(message)}}}' if code else "null"


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


def _small(thumbnails: str) -> str:
    found = _SMALL_SIZE.search(thumbnails)
    return f'{{"width":{found[1]},"height":{found[2]}' if found else ""
