"""What is sent to the two queues, and what is said where they do not take it."""

import pytest

from catalog.errors import StoreUnavailableError
from catalog.storage.changes import ObjectChange
from tagger.aws.queues import WorkQueues
from tagger.events import parse_events
from tests.fake_sqs import INDEX, TAG, FakeSqs

PUT, REMOVED = "ObjectCreated:Put", "ObjectRemoved:Delete"


@pytest.fixture
def sqs() -> FakeSqs:
    return FakeSqs()


@pytest.fixture
def queues(sqs: FakeSqs) -> WorkQueues:
    return WorkQueues("family-pictures", TAG, INDEX, sqs)


def test_each_change_goes_to_the_queue_it_belongs_to(queues: WorkQueues, sqs: FakeSqs) -> None:
    changes = [
        ObjectChange(PUT, "uploads/a b.jpg", 1, "e"),
        ObjectChange("Taglight:TagAgain", "uploads/a.jpg"),
        ObjectChange(REMOVED, "uploads/a.jpg"),
        ObjectChange(PUT, "metadata/a.jpg.json", 1, "e"),
        ObjectChange(PUT, "thumbs/a.jpg/320.webp", 1, "e"),
    ]
    for change in changes:
        queues.announce(change)
    assert [message.queue for message in sqs.messages] == [TAG, TAG, INDEX, INDEX]
    (told,) = parse_events(sqs.messages[0].body)
    assert (told.bucket, told.key, told.etag) == ("family-pictures", "uploads/a b.jpg", "e")


def test_many_changes_go_ten_at_a_time(queues: WorkQueues, sqs: FakeSqs) -> None:
    long = "ü" * 500
    changes = [ObjectChange(PUT, f"uploads/{long}{n}.jpg") for n in range(25)]
    changes += [ObjectChange(REMOVED, f"uploads/{n}.jpg") for n in range(3)]
    assert queues.announce_many(iter(changes)) == 28
    assert [message.queue for message in sqs.messages].count(TAG) == 25
    assert queues.waiting("tag") == 25
    assert queues.announce_many([]) == 0


@pytest.mark.parametrize(("asked", "given"), [(-5, 0), (0, 0), (20, 20), (10_000, 900)])
def test_a_delay_is_one_that_the_service_takes(
    queues: WorkQueues, sqs: FakeSqs, asked: int, given: int
) -> None:
    queues.send("index", {"taglight": "reconcile"}, delay_seconds=asked)
    assert [(message.queue, message.delay) for message in sqs.messages] == [(INDEX, given)]


def test_a_queue_that_is_down_is_trouble_that_passes(queues: WorkQueues, sqs: FakeSqs) -> None:
    sqs.down = True
    for ask in (
        lambda: queues.announce(ObjectChange(PUT, "uploads/a.jpg")),
        lambda: queues.announce_many([ObjectChange(PUT, "uploads/a.jpg")]),
        lambda: queues.waiting("tag"),
    ):
        with pytest.raises(StoreUnavailableError, match="queue"):
            ask()


def test_a_part_of_a_batch_that_is_not_taken_is_said(queues: WorkQueues, sqs: FakeSqs) -> None:
    sqs.refuses = 2
    with pytest.raises(StoreUnavailableError, match="2 of 3"):
        queues.announce_many([ObjectChange(PUT, f"uploads/{n}.jpg") for n in range(3)])
