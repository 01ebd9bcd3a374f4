"""From what the network sees in each view to one confidence per label.

The whole picture (the mean of its centre views) is believed as it is. A crop is believed less: it
often shows a texture or half a thing, and the network has no word for "nothing I know". Measured
on single subjects, a crop that says 45 % is right one time in eight, 70 % about half the time,
95 % eight times in ten; `CROP_TRUST` times the square follows that. So a crop adds what it is sure
of and whispers the rest (docs/local-recogniser.md has the figures).
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["CROP_LEAF", "CROP_TRUST", "WHOLE_LEAF", "label_scores"]

WHOLE_LEAF = 0.01
"""A class below this is noise: hundreds of them would add up in a group such as Animal."""
CROP_LEAF = 0.05
"""The same for a crop, which scatters more."""
CROP_TRUST = 0.8
"""The most that a crop alone can say of a label."""

Probabilities = NDArray[np.float32]
LabelsOfClass = Sequence[Sequence[str]]


def label_scores(
    centres: Sequence[Probabilities], crops: Iterable[Probabilities], labels: LabelsOfClass
) -> dict[str, float]:
    """Return a score from 0 to 1 for each label that was seen at all.

    Each argument of views holds their 1,000 probabilities; `labels` are the labels each class
    counts for. A group never scores less than a class in it.
    """
    whole: Probabilities = sum(centres[1:], start=centres[0]) / np.float32(len(centres))
    scores = dict(_sums(whole, WHOLE_LEAF, labels))
    for crop in crops:
        for name, total in _sums(crop, CROP_LEAF, labels).items():
            scores[name] = max(scores.get(name, 0.0), CROP_TRUST * total**2)
    return scores


def _sums(seen: Probabilities, least: float, labels: LabelsOfClass) -> Mapping[str, float]:
    """Add each class's probability to every label it counts for, once."""
    sums: dict[str, float] = {}
    for index in np.flatnonzero(seen >= least).tolist():
        for name in labels[index]:
            sums[name] = min(1.0, sums.get(name, 0.0) + float(seen[index]))
    return sums
