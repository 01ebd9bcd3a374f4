"""What is deleted for good, when, and nothing else."""

from contextlib import suppress
from datetime import timedelta

import pytest

from catalog.emptying import KEPT, empty_trash
from catalog.keys import UPLOADS
from tests.fakes import Stopped
from tests.house import KEY, House


@pytest.fixture
def house() -> House:
    """A library with a picture deleted on day 0, another on day 20, and one that is live."""
    made = House()
    made.add()
    made.library.delete(KEY)
    made.later(days=20)
    made.add("uploads/later.jpg")
    made.library.delete("uploads/later.jpg")
    made.add("uploads/live.jpg")
    return made


def empty(house: House) -> int:
    return empty_trash(house.store, house.index, house.now - KEPT)


def originals(house: House) -> list[str]:
    """Return the pictures in the trash by the keys they had."""
    return sorted(UPLOADS + key.split(UPLOADS)[1] for key in house.store.keys("trash/")
                  if UPLOADS in key)  # fmt: skip


def test_what_lay_there_for_thirty_days_is_deleted_for_good(house: House) -> None:
    house.later(days=9, hours=23)
    assert empty(house) == 0
    assert originals(house) == [KEY, "uploads/later.jpg"]
    house.later(hours=2)
    live = house.everything_about("uploads/live.jpg")
    assert empty(house) == 1
    assert originals(house) == ["uploads/later.jpg"]
    assert all(key.startswith("trash/20261212") for key in house.store.keys("trash/"))
    assert list(house.index.trash) == [next(iter(house.index.trash))]
    assert house.everything_about("uploads/live.jpg") == live
    house.library.restore("uploads/later.jpg")
    assert house.shown("uploads/later.jpg")


def test_lone_documents_go_as_well(house: House) -> None:
    house.store.put("trash/20260101T000000Z-00000000/metadata/x.jpg.json", b"{}")
    assert empty(house) == 1
    assert not house.store.keys("trash/20260101")


def test_what_is_none_of_ours_stays(house: House) -> None:
    house.store.put("trash/notes.txt", b"mine")
    house.later(days=400)
    assert empty(house) == 2
    assert house.store.keys("trash/") == {"trash/notes.txt"}


@pytest.mark.parametrize("at", range(5))
def test_stopped_anywhere_it_goes_on(house: House, at: int) -> None:
    house.later(days=11)
    left = at

    def stop(operation: str, key: str) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Stopped

    house.store.before_effect = stop
    with suppress(Stopped):
        empty(house)
    house.store.before_effect = None
    empty(house)
    assert originals(house) == ["uploads/later.jpg"]
    assert len(house.index.trash) == 1


def test_only_what_is_old_is_listed(house: House) -> None:
    for number in range(50):
        house.later(minutes=1)
        house.add(f"uploads/{number}.jpg")
        house.library.delete(f"uploads/{number}.jpg")
    asked: list[str] = []
    seen = house.store.list

    def listing(prefix: str, *, after: str = ""):  # type: ignore[no-untyped-def]
        for info in seen(prefix, after=after):
            asked.append(info.key)
            yield info

    house.store.list = listing  # type: ignore[method-assign]
    house.later(days=10, hours=1)
    assert empty_trash(house.store, house.index, house.now - KEPT - timedelta(days=1)) == 0
    house.later(days=1)
    assert len(asked) <= 1
    assert empty(house) == 1
