"""Pictures as columns of numbers: what counting a million of them takes milliseconds with.

A segment never changes. Pictures that were written again or removed are dead in it (a mask that
its owner keeps), and alive in a later segment.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalog.terms import Bounds
from catalog.vectors import ENTRY_FIELDS

Mask = NDArray[np.bool_]
Integers = NDArray[np.int64]
_ENTRY = np.dtype(ENTRY_FIELDS)
# Below this share of matching pictures, only their own labels are looked at.
_FEW = 1 / 8


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
    def owner(self) -> NDArray[np.int32]:
        """The place of the picture that each entry belongs to."""
        return np.repeat(np.arange(self.size, dtype=np.int32), np.diff(self.start))

    @cached_property
    def own_count(self) -> NDArray[np.int64]:
        """How many labels (not aliases) each picture has."""
        return np.bincount(self.owner[self.own], minlength=self.size)

    @cached_property
    def surest(self) -> NDArray[np.float64]:
        """The confidence of each picture's surest label, -1 without one."""
        top = np.full(self.size, -1.0)
        first = self.start[:-1][self.own_count > 0]
        # A row lists its labels surest first, before the aliases.
        top[self.own_count > 0] = self.confidence[first]
        return top

    @cached_property
    def _by_label(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Entries sorted by label, and where each label's begin."""
        many = int(self.label.max(initial=0))
        # Sorting 16-bit numbers takes a tenth of the time.
        labels = self.label.astype(np.uint16) if many < 2**16 else self.label
        return np.argsort(labels, kind="stable"), _starts(np.bincount(self.label))

    def labelled(self, label: int, limits: Bounds) -> Mask:
        """Tell which pictures have a label or alias within bounds."""
        order, start = self._by_label
        found = np.zeros(self.size, np.bool_)
        if label + 1 < len(start):
            entries = order[start[label] : start[label + 1]]
            found[self.owner[entries[within(self.confidence[entries], limits)]]] = True
        return found

    def places(self, ids: Integers) -> Integers:
        """Return where those of these row ids are that are here."""
        place = np.searchsorted(self.ids, ids)
        place[place == self.size] = 0
        found: Integers = place[self.ids[place] == ids] if self.size else place[:0]
        return found

    def shown(self, mask: Mask) -> Integers | Mask:
        """Return the entries, labels only, of these pictures, as an index."""
        count = int(np.count_nonzero(mask))
        if count > self.size * _FEW:
            every: Mask = mask[self.owner] & self.own
            return every
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


def within(confidence: NDArray[np.float64], limits: Bounds) -> Mask:
    """Tell which confidences keep to bounds."""
    found = np.ones(len(confidence), np.bool_)
    if limits.low is not None:
        found = confidence > limits.low if limits.low_open else confidence >= limits.low
    if limits.high is not None:
        found &= confidence < limits.high if limits.high_open else confidence <= limits.high
    return found


def _starts(lengths: NDArray[Any]) -> Integers:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
