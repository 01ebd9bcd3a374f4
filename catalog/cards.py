"""A picture ready for lists: JSON that is written once, with the picture, and only joined later.

A card is lines: the facts as an object without its closing brace; the small thumbnail's size, or
nothing; the length of the labels that are shown unless something else is asked; then one object
for each of the surest labels. No line break stands in JSON text, so a card is cut unread.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, NamedTuple

from catalog.terms import DEFAULT_MIN, moment

LABELS_ON_CARD = 10
SMALL = "/320.webp"
# Within a JSON text no quote stands without a backslash: this one ends the key.
_SMALL_SIZE = re.compile(f'{re.escape(SMALL)}",([0-9]+),([0-9]+)\\]')
# Nor does this stand within a text: it begins a label.
_LABEL = re.compile(r'\{"confidence":([^,]+),')
_ZONE = len("+00:00")


class Written(NamedTuple):
    """A card with the address of its thumbnail: all its text up to the last label.

    It ends at `usual` with the labels that are shown unless something else is asked. Once that is
    measured, `falling` has the confidences, negated so that they rise, and `ends` where the text
    ends with none of the labels, with one, and so on.
    """

    url: str
    text: str
    usual: int
    falling: tuple[float, ...] = ()
    ends: tuple[int, ...] = ()


class Card:
    """What the catalog gives for a list, its JSON cut into facts, thumbnail and labels.

    `facts` is an object without its closing brace, and so is `small`, which is the size of the
    thumbnail, or nothing. Who shows cards writes them, once for each address.
    """

    __slots__ = ("_labels", "_usual", "etag", "facts", "id", "key", "small", "written")

    def __init__(self, id: str, key: str, etag: str, text: str) -> None:
        """`text` is as the module says."""
        self.id, self.key, self.etag = id, key, etag
        self.facts, self.small, usual, *labels = text.split("\n", 3)
        self._labels = labels[0].replace("\n", ",") if labels else ""
        self._usual = int(usual)
        # Replaced as a whole: many threads may look at a card.
        self.written = Written("", "", 0)

    def write(self, before_labels: str, url: str) -> None:
        """Write the text with the address of the thumbnail."""
        usual = len(before_labels) + self._usual
        self.written = Written(url, before_labels + self._labels, usual)

    def measured(self) -> Written:
        """Return the text with where it can be cut."""
        written = self.written
        if not written.ends:
            url, text, usual, *_ = written
            begin = len(text) - len(self._labels)
            found = list(_LABEL.finditer(text, begin))
            ends = (begin, *[each.start() - 1 for each in found[1:]], len(text))
            falling = tuple([-float(each[1]) for each in found])
            written = self.written = Written(url, text, usual, falling, ends)
        return written


def cut(cards: Sequence[Card], least: float) -> list[str]:
    """Return the texts of written cards with their labels at `least` percent and over."""
    # A list has sixty of them: nothing is called for each without need.
    if least == DEFAULT_MIN:
        return [each.text[: each.usual] for each in [card.written for card in cards]]
    written = [card.written if card.written.ends else card.measured() for card in cards]
    return [each.text[: each.ends[bisect_right(each.falling, -least)]] for each in written]


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
