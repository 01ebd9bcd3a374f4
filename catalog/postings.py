"""Which pictures have a label, by steps of confidence: the inverse of a segment's columns.

Entries lie by label, within a label by confidence. For every label it is known where each step of
5 % begins (`STEPS` of them): a threshold takes whole steps, counted ready, and finds its place in
one. So any threshold is exact, and most of the work is that of a whole step.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from catalog.chosen import Chosen, Integers, Mask, bitmap_of
from catalog.terms import Bounds

STEPS = 20
STEP = 100 / STEPS
# Two steps are joined to one bitmap, and two of these: half as many as there are steps, and a
# quarter, which stand behind the steps' own.
_JOINED = STEPS // 2 + STEPS // 4
# A label of fewer entries is counted by looking at each: a bitmap's call costs as much.
_RARE = 6000

Places = NDArray[np.int32]


class Postings:
    """`owner` holds the pictures that entries belong to; `start` where each label's steps begin."""

    def __init__(
        self, label: NDArray[np.int32], confidence: NDArray[np.float64], owner: Places
    ) -> None:
        self.labels = int(label.max(initial=-1)) + 1
        order = _by(label, confidence)
        self.owner, self._confidence = owner[order], confidence[order]
        sizes = np.bincount(label * STEPS + step_of(confidence), minlength=self.labels * STEPS)
        self.start: Integers = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])

    def mark(self, found: Mask, label: int, limits: Bounds) -> None:
        """Set those pictures that have a label within bounds."""
        found[self.owner[self._within(label, limits)]] = True

    def few(self, label: int, limits: Bounds) -> Places | None:
        """Return those pictures in any order, None where there is a bitmap of them."""
        return None if label in self._bitmaps else self.owner[self._within(label, limits)]

    def bitmap(self, label: int, limits: Bounds) -> BitMap:
        """Return those pictures that have a label within bounds."""
        entries = self._within(label, limits)
        maps = self._bitmaps.get(label)
        if maps is None:
            return bitmap_of(np.sort(self.owner[entries]))
        starts = self.start[label * STEPS : (label + 1) * STEPS + 1]
        first = int(np.searchsorted(starts, entries.start, "left"))
        last = int(np.searchsorted(starts, entries.stop, "right")) - 1
        if first >= last:
            return bitmap_of(np.sort(self.owner[entries]))
        # Whole steps from `first` up to `last`; what lies before and behind is part of one.
        blocks = _blocks(first) if last == STEPS else range(first, last)
        parts = [maps[block] for block in blocks]
        for begin, end in ((entries.start, starts[first]), (starts[last], entries.stop)):
            if begin < end:
                parts.append(bitmap_of(np.sort(self.owner[begin:end])))
        return BitMap.union(*parts) if len(parts) > 1 else parts[0]

    def raise_to(self, highest: NDArray[np.float64], label: int, limits: Bounds) -> None:
        """Raise each picture's value to its confidence of a label, where that is within bounds."""
        entries = self._within(label, limits)
        np.maximum.at(highest, self.owner[entries], self._confidence[entries])

    def _within(self, label: int, limits: Bounds) -> slice:
        if label >= self.labels:
            return slice(0)
        first, end = self._range(label, 0, STEPS - 1)
        if limits.low is not None:
            first = self._place(label, limits.low, after=limits.low_open)
        if limits.high is not None:
            end = self._place(label, limits.high, after=not limits.high_open)
        return slice(first, max(first, end))

    def _place(self, label: int, percent: float, *, after: bool = False) -> int:
        """Return where a label's entries reach a confidence, or are `after` all that have it."""
        first, end = self._range(label, _step(percent), _step(percent))
        side: Literal["left", "right"] = "right" if after else "left"
        return first + int(np.searchsorted(self._confidence[first:end], percent, side))

    def _range(self, label: int, first: int, last: int) -> tuple[int, int]:
        base = label * STEPS
        return int(self.start[base + first]), int(self.start[base + last + 1])

    def totals(self, least: float) -> Integers:
        """Count, by label, all pictures that have it at `least` percent or over."""
        ends = self.start[STEPS::STEPS]
        first = _step(least)
        if least <= first * STEP:
            return ends - self.start[first::STEPS][: self.labels]
        return ends - np.array([self._place(n, least) for n in range(self.labels)], np.int64)

    def counts(self, chosen: Chosen, least: float) -> Integers:
        """Count, by label, the chosen pictures that have it at `least` percent or over."""
        first = _step(least)
        looked_into = least > first * STEP
        found = np.zeros(self.labels, np.int64)
        self._add_common(found, chosen, first, least if looked_into else None)
        self._add_rare(found, chosen.mask, first, least if looked_into else None)
        return found

    def _add_common(self, found: Integers, chosen: Chosen, first: int, least: float | None) -> None:
        """Count the common labels; in the first step only what has `least` percent or over."""
        blocks = _blocks(first if least is None else first + 1)
        count = chosen.bitmap.intersection_cardinality
        for label, maps in self._bitmaps.items():
            number = sum([count(maps[block]) for block in blocks])
            if least is not None:
                sure = slice(self._place(label, least), self._range(label, first, first)[1])
                number += int(np.count_nonzero(chosen.mask[self.owner[sure]]))
            found[label] = number

    @cached_property
    def _bitmaps(self) -> dict[int, list[BitMap]]:
        """By label, the pictures of each step, of each two, and of each four (see _blocks)."""
        maps = {}
        for label in np.flatnonzero(self._sizes > _RARE).tolist():
            row = []
            for step in range(STEPS):
                begin, end = self._range(label, step, step)
                row.append(bitmap_of(np.sort(self.owner[begin:end])))
            for half in range(_JOINED):
                row.append(row[2 * half] | row[2 * half + 1])
            maps[label] = row
        return maps

    @cached_property
    def _sizes(self) -> Integers:
        return np.diff(self.start[::STEPS])

    @cached_property
    def _rare(self) -> "_Rare":
        sizes = np.diff(self.start)
        keys = np.flatnonzero(np.repeat(self._sizes <= _RARE, STEPS) & (sizes > 0))
        keys = keys[np.argsort(-(keys % STEPS), kind="stable")]
        ends = np.cumsum(sizes[keys])
        begin = ends - sizes[keys]
        entries = np.arange(ends[-1] if len(ends) else 0)
        entries += np.repeat(self.start[keys] - begin, sizes[keys])
        groups = [int(np.count_nonzero(keys % STEPS >= step)) for step in range(STEPS + 1)]
        return _Rare(
            keys,
            begin,
            # As wide as numpy's own indexes: else they are made wider at each question.
            self.owner[entries].astype(np.intp),
            self._confidence[entries],
            groups,
            [int(ends[number - 1]) if number else 0 for number in groups],
        )

    def _add_rare(self, found: Integers, mask: Mask, first: int, least: float | None) -> None:
        rare = self._rare
        groups, entries = rare.groups[first], rare.entries[first]
        if not groups:
            return
        chosen = mask[rare.owner[:entries]]
        if least is not None:
            within_first = slice(rare.entries[first + 1], entries)
            chosen[within_first] &= rare.confidence[within_first] >= least
        # No group has more entries than a rare label: sixteen bits hold the sums.
        sums = np.add.reduceat(chosen.view(np.uint8), rare.begin[:groups], dtype=np.uint16)
        np.add.at(found, rare.keys[:groups] // STEPS, sums)


@dataclass(frozen=True, slots=True)
class _Rare:
    """Entries of rare labels, surest steps first: what reaches a step lies side by side.

    A group is a (label, step), numbered by `keys`, from `begin` on; `groups[n]` and `entries[n]`
    of them are of step n and over.
    """

    keys: Integers
    begin: Integers
    owner: NDArray[np.intp]
    confidence: NDArray[np.float64]
    groups: list[int]
    entries: list[int]


def step_of(confidence: NDArray[np.float64]) -> Integers:
    """Return the step of each confidence: n for n·5 % and over, the last one for 100 too."""
    return np.clip((confidence / STEP).astype(np.int64), 0, STEPS - 1)


def _blocks(first: int) -> list[int]:
    """Return the fewest bitmaps that hold a step and all above it, by their place."""
    found = []
    while first < STEPS:
        if first % 4 == 0:
            found.append(STEPS + STEPS // 2 + first // 4)
            first += 4
        elif first % 2 == 0:
            found.append(STEPS + first // 2)
            first += 2
        else:
            found.append(first)
            first += 1
    return found


def _step(percent: float) -> int:
    return min(max(int(percent / STEP), 0), STEPS - 1)


def _by(label: NDArray[np.int32], confidence: NDArray[np.float64]) -> Integers:
    """Sort by label, then confidence; numbers of 16 bits take a tenth of the time of others."""
    order = np.argsort(confidence, kind="stable")
    by = label[order]
    return order[
        np.argsort(by if by.max(initial=0) >= 2**16 else by.astype(np.uint16), kind="stable")
    ]
