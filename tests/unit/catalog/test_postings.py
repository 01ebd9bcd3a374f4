"""Counts by label and by step of confidence, against counting one by one."""

import math

import numpy as np
import pytest

from catalog.chosen import Chosen
from catalog.postings import STEPS, Postings, step_of
from catalog.terms import Bounds

PICTURES = 20_000
EDGES = [0.0, 4.9, 5.0, 69.999, 70.0, 70.001, 95.0, 99.9, 100.0]


@pytest.fixture(scope="module")
def drawn() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, confidences and owners of 100,000 entries: some labels are rare, some are not."""
    chance = np.random.default_rng(1)
    label = np.minimum(chance.geometric(0.3, 100_000) * 3, 60).astype(np.int32)
    confidence = chance.choice(EDGES, 100_000) * chance.choice([1.0, 1.0, 0.5], 100_000)
    owner = chance.integers(0, PICTURES, 100_000).astype(np.int32)
    _, first = np.unique(label.astype(np.int64) * PICTURES + owner, return_index=True)
    return label[first], confidence[first], owner[first]


@pytest.fixture(scope="module")
def postings(drawn: tuple[np.ndarray, np.ndarray, np.ndarray]) -> Postings:
    label, confidence, owner = drawn
    return Postings(label, confidence, owner)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.4, 1.0])
@pytest.mark.parametrize("least", [0.0, 35.0, 42.5, 69.999, 70.0, 99.95, 100.0])
def test_counts(drawn, postings: Postings, share: float, least: float) -> None:  # type: ignore[no-untyped-def]
    label, confidence, owner = drawn
    mask = np.random.default_rng(2).random(PICTURES) < share
    chosen = mask[owner] & (confidence >= least)
    expected = np.bincount(label[chosen], minlength=61)
    assert postings.counts(Chosen.of(mask), least).tolist() == expected.tolist()
    everything = np.bincount(label[confidence >= least], minlength=61)
    assert postings.totals(least).tolist() == everything.tolist()


@pytest.mark.parametrize("low", [None, 0.0, 5.0, 69.999, 70.0, 100.0, 101.0])
@pytest.mark.parametrize("high", [None, 0.0, 4.9, 70.0, 100.0])
@pytest.mark.parametrize("is_open", [True, False])
def test_pictures_of_a_label_within_bounds(  # type: ignore[no-untyped-def]
    drawn, postings: Postings, low: float | None, high: float | None, is_open: bool
) -> None:
    label, confidence, owner = drawn
    limits = Bounds(low, is_open, high, is_open)
    for number in (3, 30, 60, 4, 1000):
        found = np.zeros(PICTURES, np.bool_)
        postings.mark(found, number, limits)
        highest = np.full(PICTURES, -1.0)
        postings.raise_to(highest, number, limits)
        expected = {
            int(o): float(c)
            for o, c in zip(owner[label == number], confidence[label == number], strict=True)
            if (low is None or (c > low if is_open else c >= low))
            and (high is None or (c < high if is_open else c <= high))
        }
        assert set(np.flatnonzero(found).tolist()) == set(expected)
        assert set(postings.bitmap(number, limits)) == set(expected)
        assert {n: highest[n] for n in expected} == expected


def test_a_step_begins_at_its_own_percent() -> None:
    for step in range(1, STEPS):
        edge = step * 5.0
        beside = np.array([math.nextafter(edge, 0), edge, math.nextafter(edge, 100)])
        assert step_of(beside).tolist() == [step - 1, step, step]
