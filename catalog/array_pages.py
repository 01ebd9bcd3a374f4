"""One page from the arrays: which rows, in which order; the database only gives their columns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from catalog.asking import Asking
from catalog.cards import CARD_COLUMNS, with_cards
from catalog.chosen import Chosen, Integers, Mask
from catalog.chunks import chunks, marks
from catalog.columns import Look, found
from catalog.orders import COLUMNS, Order, order_of, sort_rows, start_of
from catalog.query import LabelTerm, Query
from catalog.query_mask import NumberedQuery
from catalog.segments import Segment
from catalog.terms import bounds, positive_label_terms, shows_trash, threshold

# What an order needs of a row, behind the fields that are asked for.
_BEHIND = ("uploaded_at", "taken_at", "key", "trash", "name_folded", "id", "top_confidence")
_ID, _CONFIDENCE = -2, -1
# So many rows are remembered with a segment, about two kilobytes each; of cards, which are asked
# for without a transaction, more.
_ROWS, _CARDS = 1000, 20_000
_PLACE = {name: place - len(_BEHIND) for place, name in enumerate(_BEHIND)}


def page_rows(
    look: Look,
    query: Query,
    minimum: float | None,
    sort: str,
    most: int,
    after: Sequence[Any] | None,
    fields: tuple[str, ...],
) -> list[tuple[Any, ...]] | None:
    """Return the rows of a page; None where SQL must tell.

    A row is the fields (or one Card, where they are its columns), then what values_of reads.
    """
    if shows_trash(query) or sort not in COLUMNS:
        return None
    state, asking = look.state, look.asking
    matching = found(look, query, minimum)
    by_label = _labels_asked(query, matching.numbered) if sort == "confidence" else []
    page = _Page(look, "newest" if by_label else sort, most, after)
    coming: list[tuple[Segment, Integers]] = []
    confidences: list[float] = []
    for place, (segment, alive) in enumerate(state.parts):
        matched = matching.chosen[place]
        if not matched.count:
            continue
        order = order_of(asking, segment, page.order, state.seq)
        if order is None:
            return None
        if by_label:
            highest = _highest(segment, by_label, matching.numbered, threshold(minimum))
            chosen = page.surest(segment, alive, order, matched, highest)
            confidences += highest[chosen].tolist()
        else:
            chosen = page.following(segment, alive, order, matched)
        coming.append((segment, chosen))
    if not by_label:
        coming = _first_by_time(coming, COLUMNS[page.order][0], most)
    rows = _rows(asking, coming, fields)
    if confidences:
        # What was searched for may be surer than what is seen.
        pairs = zip(rows, confidences, strict=True)
        rows = [(*row[:_CONFIDENCE], confidence) for row, confidence in pairs]
    if len(state.parts) > 1:
        sort_rows(rows, COLUMNS[sort], values_of(sort))
    return rows[:most]


def values_of(sort: str) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    """Return what reads a row's values of the columns of an order (pages.order)."""
    return itemgetter(*[_PLACE[name] for name, _ in COLUMNS[sort]])


@dataclass(frozen=True, slots=True)
class _Page:
    """What is asked of each segment: the first `most` after a row of these values."""

    look: Look
    order: str
    most: int
    after: Sequence[Any] | None

    def following(self, segment: Segment, alive: Mask, order: Order, matched: Chosen) -> Integers:
        """Return the places that come next in the order."""
        start = 0
        if self.after is not None:
            start = start_of(self.look.asking, segment, alive, order, self.order, self.after)
        return order.following(matched, start, self.most)

    def surest(
        self,
        segment: Segment,
        alive: Mask,
        order: Order,
        matched: Chosen,
        highest: NDArray[np.float64],
    ) -> Integers:
        """Return the places that come next by confidence, ties by newest."""
        places = matched.places
        sure, rank = highest[places], order.rank[places]
        if self.after is not None:
            last, *rest = self.after
            start = start_of(self.look.asking, segment, alive, order, self.order, rest)
            ahead = (sure < last) | ((sure == last) & (rank >= start))
            places, sure, rank = places[ahead], sure[ahead], rank[ahead]
        if len(places) > self.most:
            least = np.partition(sure, len(sure) - self.most)[len(sure) - self.most]
            top = sure >= least
            places, sure, rank = places[top], sure[top], rank[top]
        return places[np.lexsort((rank, -sure))[: self.most]]


def _labels_asked(query: Query, numbered: NumberedQuery) -> list[LabelTerm]:
    return [term for term in positive_label_terms(query) if numbered.labels[term]]


def _highest(
    segment: Segment, terms: list[LabelTerm], numbered: NumberedQuery, least: float
) -> NDArray[np.float64]:
    """Return each picture's highest confidence of the labels asked for, else of its surest."""
    highest = np.full(segment.size, -1.0)
    for term in terms:
        for number in numbered.labels[term]:
            segment.labels.raise_to(highest, number, bounds(term, least))
            segment.aliases.raise_to(highest, number, bounds(term, least))
    return np.where(highest < 0, segment.surest, highest)


def _first_by_time(
    coming: list[tuple[Segment, Integers]], order: tuple[str, bool], most: int
) -> list[tuple[Segment, Integers]]:
    """Leave out what cannot be among the first of an order by time, ties kept.

    Each segment gives as many as the whole page may have: most of them would be read for nothing.
    """
    name, descending = order
    if name != "uploaded_at" or sum(len(places) for _, places in coming) <= most:
        return coming
    ages = [
        -segment.times[places] if descending else segment.times[places]
        for segment, places in coming
    ]
    last = np.partition(np.concatenate(ages), most - 1)[most - 1]
    return [
        (segment, places[age <= last]) for (segment, places), age in zip(coming, ages, strict=True)
    ]


def _rows(
    asking: Asking, coming: list[tuple[Segment, Integers]], fields: tuple[str, ...]
) -> list[tuple[Any, ...]]:
    """Return the rows at places of segments, in this order; those read before are remembered."""
    rows: dict[int, tuple[Any, ...]] = {}
    ids: list[int] = []
    unknown: list[tuple[dict[int, tuple[Any, ...]], list[int]]] = []
    for segment, places in coming:
        here, known = segment.ids[places].tolist(), segment.rows.setdefault(fields, {})
        found = dict(zip(here, map(known.get, here), strict=True))
        missing = [number for number, row in found.items() if row is None]
        rows.update(cast("dict[int, tuple[Any, ...]]", found))
        ids += here
        unknown.append((known, missing))
    fetched = _fetch(asking, [number for _, missing in unknown for number in missing], fields)
    for known, missing in unknown:
        _make_room(known, _CARDS if fields == CARD_COLUMNS else _ROWS)
        known.update({number: fetched[number] for number in missing})
    rows.update(fetched)
    return [rows[number] for number in ids]


def _make_room(known: dict[int, tuple[Any, ...]], most: int) -> None:
    if len(known) > most:
        for number in list(islice(known, most // 4)):  # those fetched longest ago
            known.pop(number, None)


def _fetch(asking: Asking, ids: list[int], fields: tuple[str, ...]) -> dict[int, tuple[Any, ...]]:
    names = ", ".join(fields + _BEHIND)
    select = f"SELECT {names} FROM image WHERE id IN "  # noqa: S608 - our own names
    rows: list[Any] = []
    for chunk in chunks(ids):
        rows += asking.fetch(select + marks(chunk), chunk)
    if fields == CARD_COLUMNS:
        rows = with_cards(rows)
    return {row[_ID]: row for row in rows}
