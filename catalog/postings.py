"""Which pictures have a label, by steps of confidence: the inverse of a segment's columns.

Entries lie by label, within a label by steps of 5 % (`STEPS` of them). A threshold takes whole
steps and looks into one: so any threshold is exact, and most of the work is that of a whole step.
"""

from array import array
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from catalog.terms import Bounds

STEPS = 20
STEP = 100 / STEPS
# A label of fewer entries is counted by looking at each: a bitmap's call costs as much.
_RARE = 6000

Mask = NDArray[np.bool_]
Integers = NDArray[np.int64]
Places = NDArray[np.int32]


class Postings:
    """`entry` holds places in the segment's columns, `owner` the pictures they belong to."""

    def __init__(
        self,
        label: NDArray[np.int32],
        confidence: NDArray[np.float64],
        entry: Places,
        owner: Places,
    ) -> None:
        chosen = label[entry]
        self.labels = int(chosen.max(initial=-1)) + 1
        step = step_of(confidence[entry])
        order = _by(chosen, step, self.labels)
        self.entry, self.owner = entry[order], owner[order]
        self._confidence = confidence
        sizes = np.bincount(chosen * STEPS + step, minlength=self.labels * STEPS)
        self.start: Integers = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])

    def mark(self, found: Mask, label: int, limits: Bounds) -> None:
        """Set those pictures that have a label within bounds."""
        for entries in self._within(label, limits):
            found[self.owner[entries]] = True

    def raise_to(self, highest: NDArray[np.float64], label: int, limits: Bounds) -> None:
        """Raise each picture's value to its confidence of a label, where that is within bounds."""
        for entries in self._within(label, limits):
            np.maximum.at(highest, self.owner[entries], self._confidence[self.entry[entries]])

    def _within(self, label: int, limits: Bounds) -> list[slice | Integers]:
        if label >= self.labels:
            return []
        low = 0 if limits.low is None else _step(limits.low)
        high = STEPS - 1 if limits.high is None else _step(limits.high)
        found: list[slice | Integers] = []
        edges = {*([] if limits.low is None else [low]), *([] if limits.high is None else [high])}
        for step in edges:
            first, end = self._range(label, step, step)
            sure = within(self._confidence[self.entry[first:end]], limits)
            found.append(first + np.flatnonzero(sure))
        inner = [step for step in range(low, high + 1) if step not in edges]
        if inner:
            found.append(slice(*self._range(label, inner[0], inner[-1])))
        return found

    def _range(self, label: int, first: int, last: int) -> tuple[int, int]:
        base = label * STEPS
        return int(self.start[base + first]), int(self.start[base + last + 1])

    def counts(self, mask: Mask, least: float) -> Integers:
        """Count, by label, the chosen pictures that have it at `least` percent or over."""
        by_label: Integers = self._at_once(mask, _step(least), least).sum(axis=1)
        return by_label

    def histogram(self, mask: Mask) -> Integers:
        """Count the entries of the chosen pictures by step of confidence."""
        by_step: Integers = self._at_once(mask, 0, 0.0).sum(axis=0)
        return by_step

    def _at_once(self, mask: Mask, first: int, least: float) -> Integers:
        """Count the chosen pictures by label and step; below the first step nothing is counted."""
        found = np.zeros((self.labels, STEPS), np.int64)
        looked_into = least > first * STEP
        whole = first + 1 if looked_into else first
        places = array("I")
        places.frombytes(np.flatnonzero(mask).astype(np.uint32).tobytes())
        count = BitMap(places).intersection_cardinality
        for label, maps in self._bitmaps.items():
            found[label, whole:] = [count(each) if each else 0 for each in maps[whole:]]
            if looked_into:
                begin, end = self._range(label, first, first)
                sure = self._confidence[self.entry[begin:end]] >= least
                found[label, first] = np.count_nonzero(mask[self.owner[begin:end]] & sure)
        self._add_rare(found, mask, least)
        return found

    @cached_property
    def _bitmaps(self) -> dict[int, list[BitMap]]:
        maps = {}
        for label in np.flatnonzero(self._sizes > _RARE).tolist():
            row = []
            for step in range(STEPS):
                begin, end = self._range(label, step, step)
                numbers = array("I")
                numbers.frombytes(self.owner[begin:end].astype(np.uint32).tobytes())
                row.append(BitMap(numbers))
            maps[label] = row
        return maps

    @cached_property
    def _sizes(self) -> Integers:
        return np.diff(self.start[::STEPS])

    @cached_property
    def _rare(self) -> tuple[Places, NDArray[np.float64], Integers, Integers]:
        """The owners and confidences of rare labels' entries; where each (label, step) begins,
        and which of them these are."""
        sizes = np.diff(self.start)
        rare = np.repeat(self._sizes <= _RARE, STEPS) & (sizes > 0)
        entries = np.repeat(rare, sizes)
        begin = np.cumsum(sizes[rare]) - sizes[rare]
        confidence = self._confidence[self.entry[entries]]
        return self.owner[entries], confidence, begin, np.flatnonzero(rare)

    def _add_rare(self, found: Integers, mask: Mask, least: float) -> None:
        owner, confidence, begin, keys = self._rare
        if len(keys):
            chosen = mask[owner]
            if least > 0:
                chosen &= confidence >= least
            found.reshape(-1)[keys] = np.add.reduceat(chosen, begin, dtype=np.int64)


def step_of(confidence: NDArray[np.float64]) -> Integers:
    """Return the step of each confidence: n for n·5 % and over, the last one for 100 too."""
    return np.clip((confidence / STEP).astype(np.int64), 0, STEPS - 1)


def within(confidence: NDArray[np.float64], limits: Bounds) -> Mask:
    """Tell which confidences keep to bounds."""
    found = np.ones(len(confidence), np.bool_)
    if limits.low is not None:
        found = confidence > limits.low if limits.low_open else confidence >= limits.low
    if limits.high is not None:
        found &= confidence < limits.high if limits.high_open else confidence <= limits.high
    return found


def _step(percent: float) -> int:
    return min(max(int(percent / STEP), 0), STEPS - 1)


def _by(label: NDArray[np.int32], step: Integers, labels: int) -> Integers:
    """Sort by label, then step; sorting 16-bit numbers takes a tenth of the time of others."""
    if labels * STEPS <= 2**16:
        return np.argsort((label * STEPS + step).astype(np.uint16), kind="stable")
    order = np.argsort(step.astype(np.uint16), kind="stable")
    second = label[order]
    return order[np.argsort(second.astype(np.uint16) if labels < 2**16 else second, kind="stable")]
