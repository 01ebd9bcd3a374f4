"""Whether pictures are chosen by a mask, a bitmap or one by one is seen by nobody."""

import numpy as np
import pytest

from catalog.chosen import Chosen, bitmap_of
from catalog.orders import Order

SIZE = 40_000


def forms(share: float) -> list[Chosen]:
    chance = np.random.default_rng(6)
    mask = chance.random(SIZE) < share
    places = np.flatnonzero(mask)
    return [
        Chosen.of(mask),
        Chosen(SIZE, bitmap=bitmap_of(places)),
        Chosen(SIZE, places=chance.permutation(places).astype(np.int32)),
    ]


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 1.0])
def test_all_forms_say_the_same(share: float) -> None:
    marked, *others = forms(share)
    for each in others:
        assert each.count == marked.count
        assert sorted(each.places.tolist()) == marked.places.tolist()
        assert each.mask.tolist() == marked.mask.tolist()
        assert each.bitmap == marked.bitmap
        assert each.count == marked.count


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.001, 0.015, 0.03, 0.3, 1.0])
@pytest.mark.parametrize("start", [0, 7, 30_000, 38_999, 39_001])
def test_all_forms_walk_an_order_alike(share: float, start: int) -> None:
    """Not all places stand in the order: the trash does not."""
    order = Order(1, np.random.default_rng(7).permutation(SIZE)[:39_000].astype(np.int32))
    marked, *others = forms(share)
    expected = [place for place in order.places[start:].tolist() if marked.mask[place]][:61]
    for each in (marked, *others):
        assert order.following(each, start, 61).tolist() == expected
