"""What no event told of is found, in as many portions as there is time for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from PIL import Image

from catalog import reads
from catalog.database import Database
from catalog.indexer import Indexer
from catalog.keys import metadata_key, trash_key
from catalog.query import parse
from tagger.aws import reconcile as module
from tagger.aws.serving import serve
from tests import pictures
from tests.fake_sqs import TAG, Sent
from tests.lambda_house import KEY, House, created

ASKED: dict[str, Any] = {"taglight": "reconcile"}


@dataclass
class Clock:
    """A Lambda context; each look at the time takes some of it."""

    seconds: float
    step: float = 1.0

    def get_remaining_time_in_millis(self) -> int:
        self.seconds -= self.step
        return int(self.seconds * 1000)


def settle(house: House, seconds: float = 1000, rounds: int = 200) -> int:
    """Compare, and deliver what was sent until nothing more comes; return how many messages."""
    serve(house.open(), ASKED, Clock(seconds))
    delivered = 0
    while house.sqs.messages:
        assert delivered < rounds, "it never ends"
        message = house.sqs.messages.pop(0)
        if module.is_reconcile(message.body):
            assert message.queue == TAG
            serve(house.open(), message.body, Clock(seconds))
        else:
            assert house.serve(message) == []
        delivered += 1
    return delivered


def rows(house: House) -> dict[str, str]:
    database = Database.open(house.catalog)
    with database.reading() as connection:
        page = reads.search(connection, parse(""), limit=200)
    database.close()
    return {image.key: image.status for image in page.images}


def fill(house: House, count: int) -> list[str]:
    keys = [f"uploads/{n:03}.jpg" for n in range(count)]
    for n, key in enumerate(keys):
        house.add(key, pictures.encode(Image.new("RGB", (80 + n, 90), "red")))
    return keys


def test_a_library_that_was_there_before_is_tagged(house: House) -> None:
    keys = fill(house, 5)
    house.store.put(metadata_key(keys[3]), b'["Dune"]')
    settle(house)
    assert rows(house) == dict.fromkeys(keys, "tagged")
    assert house.labels(keys[3]) == ["Dune"]
    assert house.document(keys[3]).image.width == 83
    assert house.rekognition.asked == 4


def test_in_step_there_is_nothing_to_send(house: House) -> None:
    fill(house, 5)
    settle(house)
    assert settle(house) == 0


@pytest.mark.parametrize("portion", [1, 2, 3])
def test_where_the_time_ends_it_goes_on(
    house: House, portion: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PORTION", portion)
    keys = fill(house, 5)
    house.serve(created(keys[0]))
    folder = "trash/20261122T160456Z-3fa9c1d2/"
    house.store.put(trash_key(folder, "uploads/old.jpg"), b"picture")
    house.store.put(trash_key("trash/20261123T160456Z-3fa9c1d2/", "uploads/new.jpg"), b"picture")
    # Time for two portions in each call: every call gets further, none does all.
    settle(house, seconds=module.RESERVE_SECONDS + 3)
    assert rows(house) == dict.fromkeys(keys, "tagged")
    database = Database.open(house.catalog)
    with database.reading() as connection:
        trashed = reads.search(connection, parse("is:trashed")).images
    database.close()
    assert sorted(image.key for image in trashed) == ["uploads/new.jpg", "uploads/old.jpg"]


def test_pictures_that_are_gone_are_cleared_away(house: House) -> None:
    keys = fill(house, 4)
    settle(house)
    for key in (keys[0], keys[2], keys[3]):
        house.store.delete(key)
    settle(house)
    assert rows(house) == {keys[1]: "tagged"}
    assert house.store.keys("metadata/") == {metadata_key(keys[1])}
    house.store.delete(keys[1])
    settle(house)
    assert rows(house) == {}


def test_a_restore_that_was_stopped_half_way_goes_back_to_the_trash(house: House) -> None:
    one, other = fill(house, 2)
    settle(house)
    folder = "trash/20261122T160456Z-3fa9c1d2/"
    house.store.copy(one, trash_key(folder, one))
    house.store.delete(one)
    database = Database.open(house.catalog)
    indexer = Indexer(house.store, database)
    indexer.index(one)
    indexer.index_trash(folder)
    database.close()
    foreign = metadata_key("uploads/comes later.jpg")
    house.store.put(foreign, b'["Dune"]')
    settle(house)
    assert house.store.keys("metadata/") == {metadata_key(other), foreign}
    assert settle(house) == 0


def test_a_picture_that_was_replaced_is_tagged_anew(house: House) -> None:
    (key,) = fill(house, 1)
    settle(house)
    house.rekognition.answer = "v2-poodle"
    house.add(key, pictures.encode(Image.new("RGB", (300, 90), "blue")))
    settle(house)
    assert "Poodle" in house.labels(key)


def test_a_document_whose_event_was_lost_is_indexed(house: House) -> None:
    long = "uploads/" + "x" * 1010 + ".jpg"
    for key in (KEY, long):
        house.add(key)
        house.serve(created(key))
        content = house.store.read(metadata_key(key))[0]
        house.store.put(metadata_key(key), content.replace(b"Hydrant", b"Kitten"))
    house.sqs.messages.clear()
    settle(house)
    database = Database.open(house.catalog)
    with database.reading() as connection:
        found = reads.search(connection, parse("kitten>0")).images
    database.close()
    assert sorted(image.key for image in found) == sorted([KEY, long])


def test_a_wish_whose_message_was_lost_is_not_waited_for_for_ever(house: House) -> None:
    house.add()
    house.serve(created())
    database = Database.open(house.catalog)
    Indexer(house.store, database).mark_again(KEY)
    database.close()
    assert rows(house) == {KEY: "pending"}
    settle(house)
    assert rows(house) == {KEY: "tagged"}


def test_a_backfill_does_not_stand_before_what_people_do(house: House) -> None:
    fill(house, 3)
    house.sqs.waiting = module.MOST_WAITING + 1
    serve(house.open(), ASKED, Clock(1000))
    (message,) = house.sqs.messages
    assert (message.body["taglight"], message.body["step"]) == ("reconcile", "pictures")
    assert message.delay == module.GO_ON_SECONDS
    house.sqs.waiting = 0
    house.sqs.messages.clear()
    serve(house.open(), message.body, Clock(1000))
    assert len(house.sqs.messages) == 3


def test_it_comes_through_the_queue_as_well(house: House) -> None:
    fill(house, 1)
    assert house.serve(Sent(TAG, ASKED)) == []
    assert len(house.sqs.messages) == 1


def test_without_a_catalog_there_is_nothing_to_compare(new_house: Callable[..., House]) -> None:
    house = new_house(catalog="")
    fill(house, 1)
    assert serve(house.open(), ASKED, Clock(1000)) is None
    assert house.sqs.messages == []


@pytest.mark.parametrize("body", [{"step": "nonsense"}, {"step": 7, "after": 5}, {"after": None}])
def test_a_place_that_is_none_begins_anew(house: House, body: dict[str, Any]) -> None:
    fill(house, 2)
    serve(house.open(), ASKED | body, Clock(1000))
    assert len(house.sqs.messages) == 2


def test_what_the_queue_does_not_take_is_sent_again(house: House) -> None:
    fill(house, 12)
    house.sqs.refuses = 1
    assert house.serve(Sent(TAG, ASKED)) == ["0"]
    house.sqs.refuses = 0
    house.sqs.messages.clear()
    assert house.serve(Sent(TAG, ASKED)) == []
    assert len(house.sqs.messages) == 12


def test_a_bucket_that_does_not_answer_is_not_an_empty_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from catalog.errors import StoreUnavailableError

    fill(house, 2)
    settle(house)

    def gone() -> None:
        raise StoreUnavailableError("There is no bucket.")

    monkeypatch.setattr(house.store, "check", gone)
    house.store.objects.clear()
    assert house.serve(Sent(TAG, ASKED)) == ["0"]
    assert len(rows(house)) == 2
