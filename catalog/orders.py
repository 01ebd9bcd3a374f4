"""The orders of the gallery over a segment: which of its pictures come next.

An order is read from the database once for each segment, and then only walked: a page costs the
same under any filter, in any order, wherever it begins.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from catalog.asking import Asking
from catalog.chosen import Chosen, Integers, Mask, bitmap_of, places_of
from catalog.chunks import chunks, marks
from catalog.postings import Places
from catalog.segments import Segment

# The columns of each order and whether they descend; the same as pages.order says.
_UNIQUE = (("key", False), ("trash", False))
_NEWEST = ("uploaded_at", True)
COLUMNS: dict[str, tuple[tuple[str, bool], ...]] = {
    "newest": (_NEWEST, *_UNIQUE),
    "oldest": (("uploaded_at", False), *_UNIQUE),
    "taken": (("taken_at", True), _NEWEST, *_UNIQUE),
    "name": (("name_folded", False), _NEWEST, *_UNIQUE),
    "confidence": (("top_confidence", True), _NEWEST, *_UNIQUE),
}
# Up to this size a segment's rows are fetched one by one; beyond, a whole index is read.
_SMALL = 5000
# Where fewer than one of so many pictures match, they are sorted instead of looked for.
_SPARSE = 500
# The same for fewer matches than this, where there is a bitmap of them.
_FEW = 6000


@dataclass(frozen=True)
class Order:
    """Places in a segment, in order; `seq` is the last change that was taken in."""

    seq: int
    places: Places
    _beginnings: dict[int, BitMap] = field(default_factory=dict, compare=False)

    @cached_property
    def rank(self) -> NDArray[np.int32]:
        """Where each place of the segment stands, the length of the order where it does not."""
        ranks = np.full(int(self.places.max(initial=-1)) + 1, len(self.places), np.int32)
        ranks[self.places] = np.arange(len(self.places), dtype=np.int32)
        return ranks

    def ranks(self, places: Integers) -> NDArray[np.int32]:
        """Return where these places stand, those that do not left out."""
        found: NDArray[np.int32] = self.rank[places[places < len(self.rank)]]
        return found[found < len(self.places)]

    def following(self, chosen: Chosen, start: int, most: int) -> Integers:
        """Return the first chosen places from a rank on, in order."""
        if (chosen.count * _SPARSE < chosen.size) if chosen.is_marked else (chosen.count < _FEW):
            ranks = self.ranks(chosen.places)
            return self.places[_lowest(ranks[ranks >= start], most)].astype(np.int64)
        found: list[Integers] = []
        step = most * chosen.size // max(chosen.count, 1) * 5 // 4 + 64
        while most > 0 and start < len(self.places):
            if not chosen.is_marked and not start:
                step = 4 ** ((step.bit_length() + 1) // 2)
            hits = self._hits(chosen, start, step)[:most]
            found.append(hits)
            most -= len(hits)
            start, step = start + step, 2 * step
        return np.concatenate(found) if found else np.zeros(0, np.int64)

    def _hits(self, chosen: Chosen, start: int, step: int) -> Integers:
        """Return those of the next `step` places that are chosen, in order."""
        if chosen.is_marked:
            places = self.places[start : start + step]
            return places[chosen.mask[places]].astype(np.int64)
        ranks = self.ranks(places_of(chosen.bitmap & self._piece(start, step)))
        return self.places[np.sort(ranks)].astype(np.int64)

    def _piece(self, start: int, step: int) -> BitMap:
        """Return the next `step` places; the beginnings, which most pages are of, are kept."""
        piece = None if start else self._beginnings.get(step)
        if piece is None:
            piece = bitmap_of(np.sort(self.places[start : start + step]))
            if not start:
                self._beginnings[step] = piece
        return piece


def order_of(asking: Asking, segment: Segment, sort: str, seq: int) -> Order | None:
    """Return an order of a segment's live pictures, None where it is of a later moment."""
    with segment.lock:
        found = segment.orders.get(sort)
        if found is None:
            places = _read(asking, segment, COLUMNS[sort]).astype(np.int32)
            found = segment.orders[sort] = Order(seq, places)
    assert isinstance(found, Order)  # noqa: S101 - for the type checker
    # What was alive in this segment at a later moment is not all that is alive now.
    return found if found.seq <= seq else None


def start_of(
    asking: Asking,
    segment: Segment,
    alive: Mask,
    order: Order,
    sort: str,
    values: Sequence[Any],
) -> int:
    """Return the rank of the first picture after a row of these values."""
    columns = COLUMNS[sort]
    low, high = 0, len(order.places)
    if columns[0][0] == "uploaded_at":
        sign = -1 if columns[0][1] else 1
        time: Callable[[int], int] = lambda rank: sign * int(segment.times[order.places[rank]])  # noqa: E731
        low, high = (_bisect(time, sign * values[0], low, high, after) for after in (False, True))
    names = ", ".join(name for name, _ in columns)
    sql = f"SELECT {names} FROM image WHERE id = ?"  # noqa: S608 - our own names
    while low < high:
        middle = (low + high) // 2
        probe = _next_alive(alive, order, middle, high)
        if probe is None:
            # All dead from here on: whether they are looked at is the same.
            high = middle
            continue
        (row,) = asking.fetch(sql, (int(segment.ids[order.places[probe]]),))
        if comes_after(row, values, columns):
            high = middle
        else:
            low = probe + 1
    return low


def _next_alive(alive: Mask, order: Order, start: int, end: int) -> int | None:
    step = 64
    while start < end:
        there = np.flatnonzero(alive[order.places[start : min(start + step, end)]])
        if len(there):
            return start + int(there[0])
        start, step = start + step, 4 * step
    return None


def comes_after(
    row: Sequence[Any], values: Sequence[Any], columns: Sequence[tuple[str, bool]]
) -> bool:
    """Tell whether a row of an order's columns comes after other values of them."""
    for mine, other, (_, descending) in zip(row, values, columns, strict=True):
        if mine != other:
            return bool(mine < other if descending else mine > other)
    return False


def sort_rows(
    rows: list[Any], columns: Sequence[tuple[str, bool]], key: Callable[[Any], Any]
) -> None:
    """Sort rows by the values that `key` gives, in the directions of an order."""
    for place, (_, descending) in reversed(list(enumerate(columns))):
        rows.sort(key=lambda row: key(row)[place], reverse=descending)


def _bisect(value: Callable[[int], int], wanted: int, low: int, high: int, after: bool) -> int:
    while low < high:
        middle = (low + high) // 2
        here = value(middle)
        if here < wanted or (after and here == wanted):
            low = middle + 1
        else:
            high = middle
    return low


def _lowest(numbers: NDArray[np.int32], most: int) -> NDArray[np.int32]:
    if len(numbers) > most:
        numbers = np.partition(numbers, most - 1)[:most]
    return np.sort(numbers)


def _read(asking: Asking, segment: Segment, columns: Sequence[tuple[str, bool]]) -> Integers:
    names = [name for name, _ in columns]
    if segment.size > _SMALL:
        segment.order_rows.clear()
        by = ", ".join(f"{name} {'DESC' if down else 'ASC'}" for name, down in columns)
        sql = f"SELECT id FROM image WHERE live = 1 ORDER BY {by}"  # noqa: S608 - our own names
        return segment.places(np.fromiter(asking.column(sql), np.int64))
    known = segment.order_rows.setdefault(columns, {})
    missing = [number for number in segment.ids[segment.live].tolist() if number not in known]
    for chunk in chunks(missing):
        sql = f"SELECT {', '.join(names)}, id FROM image WHERE live = 1 AND id IN {marks(chunk)}"  # noqa: S608
        known.update({row[-1]: row for row in asking.fetch_all(sql, chunk)})
    rows = list(known.values())
    sort_rows(rows, columns, lambda row: row)
    return segment.places(np.array([row[-1] for row in rows], np.int64))
