"""One page from the arrays: which rows, in which order; the database only gives their columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from catalog.cards import CARD_COLUMNS
from catalog.chosen import Chosen, Integers, Mask
from catalog.chunks import chunks
from catalog.columns import State, found
from catalog.dialects import fetch
from catalog.orders import COLUMNS, Order, order_of, sort_rows, start_of
from catalog.query import LabelTerm, Query
from catalog.query_mask import NumberedQuery
from catalog.segments import Segment
from catalog.terms import bounds, positive_label_terms, shows_trash, threshold

# What an order needs of a row, behind the fields that are asked for.
_BEHIND = ("uploaded_at", "taken_at", "key", "trash", "name_folded", "id", "top_confidence")
_ID, _CONFIDENCE = -2, -1
# So many cards are remembered with a segment, about a kilobyte each.
_REMEMBERED = 20_000
_PLACE = {name: place - len(_BEHIND) for place, name in enumerate(_BEHIND)}


def page_rows(
    state: State,
    connection: Connection,
    query: Query,
    minimum: float | None,
    sort: str,
    most: int,
    after: Sequence[Any] | None,
    fields: tuple[str, ...],
) -> list[tuple[Any, ...]] | None:
    """Return the rows of a page, each with the values of its order; None where SQL must tell.

    A row is the fields, then the values of the columns of pages.order.
    """
    if shows_trash(query) or sort not in COLUMNS:
        return None
    matching = found(state, connection, query, minimum)
    by_label = _labels_asked(query, matching.numbered) if sort == "confidence" else []
    page = _Page(connection, state, "newest" if by_label else sort, most, after)
    rows: list[tuple[Any, ...]] = []
    confidences: list[float] = []
    for place, (segment, alive) in enumerate(state.parts):
        matched = matching.chosen[place]
        if not matched.count:
            continue
        order = order_of(connection, segment, page.order, state.seq)
        if order is None:
            return None
        if by_label:
            highest = _highest(segment, by_label, matching.numbered, threshold(minimum))
            chosen = page.surest(segment, alive, order, matched, highest)
            confidences += highest[chosen].tolist()
        else:
            chosen = page.following(segment, alive, order, matched)
        rows += _rows(connection, segment, chosen.tolist(), fields)
    if confidences:
        # What was searched for may be surer than what is seen.
        pairs = zip(rows, confidences, strict=True)
        rows = [(*row[:_CONFIDENCE], confidence) for row, confidence in pairs]
    return _in_order(rows, sort, most, len(state.parts) == 1)


@dataclass(frozen=True, slots=True)
class _Page:
    """What is asked of each segment: the first `most` after a row of these values."""

    connection: Connection
    state: State
    order: str
    most: int
    after: Sequence[Any] | None

    def following(self, segment: Segment, alive: Mask, order: Order, matched: Chosen) -> Integers:
        """Return the places that come next in the order."""
        start = 0
        if self.after is not None:
            start = start_of(self.connection, segment, alive, order, self.order, self.after)
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
            start = start_of(self.connection, segment, alive, order, self.order, rest)
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


def _rows(
    connection: Connection, segment: Segment, places: list[int], fields: tuple[str, ...]
) -> list[tuple[Any, ...]]:
    """Return the rows at places of a segment, in this order; cards are remembered."""
    if fields != CARD_COLUMNS:
        found = _fetch(connection, segment, places, fields)
        return [found[place] for place in places]
    known = segment.rows
    there = {place: known[place] for place in places if place in known}
    if len(there) < len(places):
        missing = [place for place in places if place not in there]
        fetched = _fetch(connection, segment, missing, fields)
        if len(known) > _REMEMBERED:
            known.clear()
        known.update(fetched)
        there |= fetched
    return [there[place] for place in places]


def _fetch(
    connection: Connection, segment: Segment, places: list[int], fields: tuple[str, ...]
) -> dict[int, tuple[Any, ...]]:
    names = ", ".join(fields + _BEHIND)
    select = f"SELECT {names} FROM image WHERE id IN "  # noqa: S608 - our own names
    by_id: dict[int, tuple[Any, ...]] = {}
    ids = segment.ids[places].tolist()
    for chunk in chunks(ids):
        rows = fetch(connection, f"{select}({', '.join('?' * len(chunk))})", tuple(chunk))
        by_id |= {row[_ID]: row for row in rows}
    return {place: by_id[number] for place, number in zip(places, ids, strict=True)}


def _in_order(
    rows: list[tuple[Any, ...]], sort: str, most: int, alone: bool
) -> list[tuple[Any, ...]]:
    """Return the rows of a page, each followed by the values of its order."""
    columns = COLUMNS[sort]
    key = itemgetter(*[_PLACE[name] for name, _ in columns])
    if not alone:
        sort_rows(rows, columns, key)
    own = -len(_BEHIND)
    return [row[:own] + key(row) for row in rows[:most]]
