"""Pictures as columns of numbers: what counting a million of them takes milliseconds with.

A segment never changes. Pictures that were written again or removed are dead in it (a mask that
its owner keeps), and alive in a later segment.
"""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from catalog.chosen import Chosen, Integers, Mask
from catalog.postings import STEPS, Places, Postings, step_of
from catalog.terms import Bounds
from catalog.vectors import ENTRY_FIELDS

# What was read of pictures by row id, for each purpose.
ByWhat = dict[Any, dict[int, tuple[Any, ...]]]

_ENTRY = np.dtype(ENTRY_FIELDS)
# So many pictures are counted at once when the steps of all are made.
_AT_ONCE = 50_000
# Below this share of matching pictures, only their own labels are looked at.
_FEW = 1 / 12


@dataclass(frozen=True)
class Segment:
    """Pictures in the order of their row ids; entry n belongs to picture `owner[n]`.

    Entries are (label, alias, confidence), those of one picture side by side from `start` on.
    """

    ids: Integers
    live: Mask
    times: Integers
    facts: Integers
    start: Integers
    label: NDArray[np.int32]
    own: Mask
    confidence: NDArray[np.float64]
    # What catalog/orders.py has read of this segment; and of each row id, which a segment that
    # this one is merged into takes over, as it does what catalog/array_pages.py has fetched: a
    # row, as long as it is alive here, is as it was.
    orders: dict[str, Any] = field(default_factory=dict, compare=False)
    order_rows: ByWhat = field(default_factory=dict, compare=False)
    rows: ByWhat = field(default_factory=dict, compare=False)
    lock: threading.Lock = field(default_factory=threading.Lock, compare=False)

    @classmethod
    def of(cls, rows: Iterable[Sequence[Any]]) -> "Segment":
        """Make a segment of (id, live, uploaded_at, facts, vector) rows, sorted by id."""
        rows = list(rows)
        numbers = np.array([row[:4] for row in rows], np.int64).reshape(-1, 4)
        lengths = np.array([len(row[4]) for row in rows], np.int64) // _ENTRY.itemsize
        entries = np.frombuffer(b"".join([row[4] for row in rows]), _ENTRY)
        return cls(
            np.ascontiguousarray(numbers[:, 0]),
            numbers[:, 1] == 1,
            np.ascontiguousarray(numbers[:, 2]),
            np.ascontiguousarray(numbers[:, 3]),
            np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)]),
            np.ascontiguousarray(entries["label"]),
            entries["alias"] == 0,
            np.ascontiguousarray(entries["confidence"]),
        )

    @classmethod
    def merged(cls, parts: Sequence[tuple["Segment", Mask]]) -> "Segment":
        """Make one segment of what is alive in several."""
        kept = [segment._only(np.flatnonzero(alive)) for segment, alive in parts]
        joined = cls(
            np.concatenate([part.ids for part in kept]),
            np.concatenate([part.live for part in kept]),
            np.concatenate([part.times for part in kept]),
            np.concatenate([part.facts for part in kept]),
            _starts(np.concatenate([np.diff(part.start) for part in kept])),
            np.concatenate([part.label for part in kept]),
            np.concatenate([part.own for part in kept]),
            np.concatenate([part.confidence for part in kept]),
        )
        if not np.all(joined.ids[1:] > joined.ids[:-1]):
            joined = joined._only(np.argsort(joined.ids))
        for segment, alive in parts:
            segment._hand_on(joined.rows, segment.rows, alive)
            segment._hand_on(joined.order_rows, segment.order_rows, alive)
        return joined

    def _hand_on(self, into: ByWhat, read: ByWhat, alive: Mask) -> None:
        """Hand on what was read of the pictures that are alive."""
        for what, known in read.copy().items():
            known = known.copy()  # other threads go on reading
            ids = np.fromiter(known, np.int64, len(known))
            for number in ids[~alive[self.places(ids)]].tolist():
                del known[number]
            into.setdefault(what, {}).update(known)

    def prepare(self) -> None:
        """Make what counts are worked out with, before somebody waits for it."""
        everything = Chosen.of(np.ones(self.size, np.bool_))
        self.labels.counts(everything, 0.0)
        self.aliases.counts(everything, 0.0)
        self.histogram(everything)

    @property
    def size(self) -> int:
        """How many pictures there are, dead ones too."""
        return len(self.ids)

    @cached_property
    def own_count(self) -> Integers:
        """How many labels (not aliases) each picture has."""
        until = _starts(self.own)
        return until[self.start[1:]] - until[self.start[:-1]]

    @cached_property
    def surest(self) -> NDArray[np.float64]:
        """The confidence of each picture's surest label, -1 without one."""
        top = np.full(self.size, -1.0)
        first = self.start[:-1][self.own_count > 0]
        # A row lists its labels surest first, before the aliases.
        top[self.own_count > 0] = self.confidence[first]
        return top

    @cached_property
    def labels(self) -> Postings:
        """Which pictures have which label."""
        return self._postings(np.flatnonzero(self.own))

    @cached_property
    def aliases(self) -> Postings:
        """Which pictures are found by which alias of a label."""
        return self._postings(np.flatnonzero(~self.own))

    def _postings(self, entries: Integers) -> Postings:
        owner = np.repeat(np.arange(self.size, dtype=np.int32), np.diff(self.start))
        return Postings(self.label[entries], self.confidence[entries], owner[entries])

    def labelled(self, label: int, limits: Bounds) -> Mask:
        """Tell which pictures have a label or alias within bounds."""
        found = np.zeros(self.size, np.bool_)
        self.labels.mark(found, label, limits)
        self.aliases.mark(found, label, limits)
        return found

    def bitmap(self, label: int, limits: Bounds) -> BitMap:
        """Return which pictures have a label or alias within bounds; nobody may change it."""
        labelled = self.labels.bitmap(label, limits)
        if label >= self.aliases.labels:
            return labelled
        return labelled | self.aliases.bitmap(label, limits)

    def few(self, label: int, limits: Bounds) -> Places | None:
        """Return which pictures have a label within bounds, in any order; None for too many."""
        if label < self.aliases.labels:
            return None
        return self.labels.few(label, limits)

    def places(self, ids: Integers) -> Integers:
        """Return where those of these row ids are that are here."""
        place = np.searchsorted(self.ids, ids)
        place[place == self.size] = 0
        found: Integers = place[self.ids[place] == ids] if self.size else place[:0]
        return found

    def counts(self, chosen: Chosen, least: float) -> Integers:
        """Count, by label, the chosen pictures that show it at `least` percent or over."""
        if chosen.count <= self.size * _FEW:
            return self._counts_of_few(chosen.places, least)
        if self.size - chosen.count <= self.size * _FEW:
            others = np.flatnonzero(~chosen.mask)
            return self.labels.totals(least) - self._counts_of_few(others, least)
        return self.labels.counts(chosen, least)

    def _counts_of_few(self, places: Integers, least: float) -> Integers:
        entries = self._entries(places)
        shown = self.own[entries] & (self.confidence[entries] >= least)
        return np.bincount(self.label[entries[shown]], minlength=self.labels.labels)

    def histogram(self, chosen: Chosen) -> Integers:
        """Count the labels of the chosen pictures by step of confidence."""
        by_step, rows = self._steps
        steps = by_step.take(chosen.places, axis=0)
        if not len(steps):
            return np.zeros(STEPS, np.int64)
        sums = np.add.reduceat(steps, np.arange(0, len(steps), rows), axis=0)
        total: Integers = sums.view(np.uint16).sum(axis=0, dtype=np.int64)
        return total

    @cached_property
    def _steps(self) -> tuple[NDArray[np.uint64], int]:
        """How many labels each picture has in each step, four steps to a number; and of how many
        pictures these numbers may be added before one step's sum runs into the next."""
        result = np.zeros((self.size, STEPS), np.uint16)
        for first in range(0, self.size, _AT_ONCE):
            until = min(first + _AT_ONCE, self.size)
            entries = np.arange(self.start[first], self.start[until])
            owner = np.repeat(np.arange(until - first), np.diff(self.start[first : until + 1]))
            place = (owner * STEPS + step_of(self.confidence[entries]))[self.own[entries]]
            counted = np.bincount(place, minlength=(until - first) * STEPS)
            result[first:until] = counted.reshape(-1, STEPS)
        most = int(result.max(initial=1)) or 1
        return result.view(np.uint64), np.iinfo(np.uint16).max // most

    def _entries(self, places: Integers) -> Integers:
        """Return the entries of the pictures at these places, in this order."""
        lengths = self.start[places + 1] - self.start[places]
        ends = np.cumsum(lengths)
        total = int(ends[-1]) if len(ends) else 0
        shift: Integers = np.repeat(self.start[places] - (ends - lengths), lengths)
        return np.arange(total) + shift

    def _only(self, places: Integers) -> "Segment":
        entries = self._entries(places)
        return Segment(
            self.ids[places],
            self.live[places],
            self.times[places],
            self.facts[places],
            _starts(self.start[places + 1] - self.start[places]),
            self.label[entries],
            self.own[entries],
            self.confidence[entries],
        )


def _starts(lengths: NDArray[Any]) -> Integers:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
