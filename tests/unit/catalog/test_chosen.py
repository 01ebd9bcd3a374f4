"""Whether pictures are chosen by a mask or by a bitmap is seen by nobody."""

import numpy as np
import pytest

from catalog.chosen import Chosen, bitmap_of
from catalog.orders import Order

SIZE = 40_000


def both(share: float) -> tuple[Chosen, Chosen]:
    mask = np.random.default_rng(6).random(SIZE) < share
    return Chosen.of(mask), Chosen(SIZE, bitmap=bitmap_of(np.flatnonzero(mask)))


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 1.0])
def test_both_forms_say_the_same(share: float) -> None:
    marked, cut = both(share)
    assert cut.count == marked.count
    assert cut.bitmap == marked.bitmap
    assert cut.places.tolist() == marked.places.tolist()
    assert cut.mask.tolist() == marked.mask.tolist()


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.001, 0.015, 0.03, 0.3, 1.0])
@pytest.mark.parametrize("start", [0, 7, 30_000, 38_999, 39_001])
def test_both_forms_walk_an_order_alike(share: float, start: int) -> None:
    """Not all places stand in the order: the trash does not."""
    marked, cut = both(share)
    order = Order(1, np.random.default_rng(7).permutation(SIZE)[:39_000].astype(np.int32))
    expected = [place for place in order.places[start:].tolist() if marked.mask[place]][:61]
    assert order.following(marked, start, 61).tolist() == expected
    assert order.following(cut, start, 61).tolist() == expected
