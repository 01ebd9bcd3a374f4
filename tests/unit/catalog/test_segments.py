"""Labels by step of confidence, counted in many pictures at once, against counting one by one."""

import numpy as np
import pytest

from catalog import segments
from catalog.chosen import Chosen
from catalog.postings import STEPS
from catalog.segments import Segment
from catalog.vectors import ENTRY_FIELDS

PICTURES = 3000


@pytest.fixture(scope="module")
def drawn() -> list[list[tuple[int, int, float]]]:
    """Entries (label, alias, confidence) by picture; some have none, one has a thousand."""
    chance = np.random.default_rng(3)
    many = [(label, 0, 97.0) for label in range(1000)]
    entries = [
        [
            (int(label), int(chance.random() < 0.2), float(chance.choice([0.0, 4.9, 5, 70, 100])))
            for label in range(chance.integers(0, 8))
        ]
        for _ in range(PICTURES - 1)
    ]
    return [*entries, many]


@pytest.mark.parametrize("at_once", [1000, 50_000])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 1.0])
def test_histogram_counts_labels_not_aliases(
    monkeypatch: pytest.MonkeyPatch,
    drawn: list[list[tuple[int, int, float]]],
    share: float,
    at_once: int,
) -> None:
    monkeypatch.setattr(segments, "_AT_ONCE", at_once)
    dtype = np.dtype(ENTRY_FIELDS)
    segment = Segment.of(
        [(n, 1, n, 0, np.array(entries, dtype).tobytes()) for n, entries in enumerate(drawn)]
    )
    mask = np.random.default_rng(4).random(PICTURES) < share
    mask[-1] = share > 0
    expected = [0] * STEPS
    for entries, chosen in zip(drawn, mask, strict=True):
        for _, alias, confidence in entries if chosen else []:
            if not alias:
                expected[min(int(confidence / 5), STEPS - 1)] += 1
    assert segment.histogram(Chosen.of(mask)).tolist() == expected


@pytest.mark.parametrize("least", [0.0, 4.0, 70.0, 100.0])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.98, 1.0])
def test_counts_of_few_of_many_and_of_nearly_all(
    drawn: list[list[tuple[int, int, float]]], share: float, least: float
) -> None:
    dtype = np.dtype(ENTRY_FIELDS)
    segment = Segment.of(
        [(n, 1, n, 0, np.array(entries, dtype).tobytes()) for n, entries in enumerate(drawn)]
    )
    mask = np.random.default_rng(5).random(PICTURES) < share
    expected = [0] * 1000
    for entries, chosen in zip(drawn, mask, strict=True):
        for label, alias, confidence in entries if chosen else []:
            if not alias and confidence >= least:
                expected[label] += 1
    assert segment.counts(Chosen.of(mask), least).tolist() == expected


def test_an_empty_library_has_an_empty_histogram() -> None:
    assert Segment.of([]).histogram(Chosen.of(np.zeros(0, np.bool_))).tolist() == [0] * STEPS
