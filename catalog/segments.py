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

from catalog.postings import STEPS, Integers, Mask, Postings, step_of
from catalog.terms import Bounds
from catalog.vectors import ENTRY_FIELDS

_ENTRY = np.dtype(ENTRY_FIELDS)
# Below this share of matching pictures, only their own labels are looked at.
_FEW = 1 / 24


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
    # What catalog/orders.py has read of this segment.
    orders: dict[str, Any] = field(default_factory=dict, compare=False)
    # What catalog/array_pages.py has fetched: a row, as long as it is alive here, is as it was.
    rows: dict[int, tuple[Any, ...]] = field(default_factory=dict, compare=False)
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
        if np.all(joined.ids[1:] > joined.ids[:-1]):
            return joined
        return joined._only(np.argsort(joined.ids))

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
        return Postings(
            self.label, self.confidence, entries.astype(np.int32), owner[entries].astype(np.int32)
        )

    def labelled(self, label: int, limits: Bounds) -> Mask:
        """Tell which pictures have a label or alias within bounds."""
        found = np.zeros(self.size, np.bool_)
        self.labels.mark(found, label, limits)
        self.aliases.mark(found, label, limits)
        return found

    def places(self, ids: Integers) -> Integers:
        """Return where those of these row ids are that are here."""
        place = np.searchsorted(self.ids, ids)
        place[place == self.size] = 0
        found: Integers = place[self.ids[place] == ids] if self.size else place[:0]
        return found

    def counts(self, mask: Mask, least: float) -> Integers:
        """Count, by label, the chosen pictures that show it at `least` percent or over."""
        entries = self._shown_by_few(mask)
        if entries is None:
            return self.labels.counts(mask, least)
        return np.bincount(self.label[entries[self.confidence[entries] >= least]])

    def histogram(self, mask: Mask) -> Integers:
        """Count the labels of the chosen pictures by step of confidence."""
        entries = self._shown_by_few(mask)
        if entries is None:
            return self.labels.histogram(mask)
        return np.bincount(step_of(self.confidence[entries]), minlength=STEPS)

    def _shown_by_few(self, mask: Mask) -> Integers | None:
        """Return the entries, labels only, of these pictures, or None where they are many."""
        if np.count_nonzero(mask) > self.size * _FEW:
            return None
        entries = self._entries(np.flatnonzero(mask))
        return entries[self.own[entries]]

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
