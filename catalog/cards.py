"""A picture ready for lists: JSON that is written once, with the picture, and only joined later.

A card is lines: the facts as an object without its closing brace; the small thumbnail's size, or
nothing; the length of the labels that are shown unless something else is asked; then one object
for each of the surest labels. No line break stands in JSON text, so a card is cut unread.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from json.encoder import encode_basestring_ascii as quoted
from operator import attrgetter
from typing import Any, NamedTuple

from catalog.terms import DEFAULT_MIN, moment

LABELS_ON_CARD = 10
SMALL = "/320.webp"
# Within a JSON text no quote stands without a backslash: this one ends the key.
_SMALL_SIZE = re.compile(f'{re.escape(SMALL)}",([0-9]+),([0-9]+)\\]')
# Nor does this stand within a text: it begins a label.
_LABEL = re.compile(r'\{"confidence":([^,]+),')
_ZONE = len("+00:00")


# All that is said of a card up to its last label; where that ends with none of the labels, with
# one, and so on; and the labels' confidences, negated, so that they rise.
Measured = tuple[str, tuple[int, ...], tuple[float, ...]]


class Card:
    """What the catalog gives for a list, its JSON cut into facts, thumbnail and labels.

    `facts` is an object without its closing brace, and so is `small`, which is the size of the
    thumbnail, or nothing. Who shows cards writes them, once for each address of a thumbnail:
    `written` is the address, the text up to the last label, and where it ends with those that are
    shown unless something else is asked.
    """

    __slots__ = ("_labels", "_usual", "etag", "facts", "id", "key", "measured", "small", "written")

    def __init__(self, id: str, key: str, etag: str, text: str) -> None:
        """`text` is as the module says."""
        self.id, self.key, self.etag = id, key, etag
        self.facts, self.small, usual, *labels = text.split("\n", 3)
        self._labels = labels[0].replace("\n", ",") if labels else ""
        self._usual = int(usual)
        # Each is replaced as a whole: many threads may look at a card.
        self.written: tuple[str, str, int] | None = None
        self.measured: Measured | None = None

    def write(self, before_labels: str, url: str) -> None:
        """Write the text with the address of the thumbnail."""
        usual = len(before_labels) + self._usual
        self.written = (url, before_labels + self._labels, usual)
        self.measured = None

    def measure(self) -> Measured:
        """Return the text with where it can be cut. Raises ValueError before it is written."""
        if self.written is None:
            raise ValueError(f"The card of {self.key!r} is not written.")
        _, text, _ = self.written
        begin = len(text) - len(self._labels)
        found = list(_LABEL.finditer(text, begin))
        ends = (begin, *[each.start() - 1 for each in found[1:]], len(text))
        measured = self.measured = (text, ends, tuple([-float(each[1]) for each in found]))
        return measured


# A list has sixty cards, and these are read of each without a step of Python's.
_written, _measured = attrgetter("written"), attrgetter("measured")


def are_written(cards: Sequence[Card]) -> bool:
    """Tell whether all cards are written."""
    return all(map(_written, cards))


def cut(cards: Sequence[Card], least: float) -> list[str]:
    """Return the texts of written cards with their labels at `least` percent and over."""
    if least == DEFAULT_MIN:
        return [text[:usual] for _, text, usual in map(_written, cards)]
    measured = list(map(_measured, cards))
    if not all(measured):
        measured = [card.measured or card.measure() for card in cards]
    return [text[: ends[bisect_right(falling, -least)]] for text, ends, falling in measured]


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


def with_cards(rows: Iterable[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """Make a Card of what stands first in each row: CARD_COLUMNS."""
    return [(Card(*row[: len(CARD_COLUMNS)]), *row[len(CARD_COLUMNS) :]) for row in rows]


def _small(thumbnails: str) -> str:
    found = _SMALL_SIZE.search(thumbnails)
    return f'{{"width":{found[1]},"height":{found[2]}' if found else ""
