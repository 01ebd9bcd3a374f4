"""What Lambda hands over, good and bad: what becomes of each picture, and of each message."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from catalog import reads
from catalog.database import Database
from catalog.errors import CatalogUnavailableError, StoreUnavailableError
from catalog.keys import metadata_key
from catalog.query import parse
from catalog.storage import ObjectInfo
from catalog.storage.changes import ObjectChange, event_body
from tagger.aws.serving import serve
from tests import pictures
from tests.fake_rekognition import refusal
from tests.fake_sqs import INDEX, TAG, Sent, batch
from tests.fakes import Stopped
from tests.lambda_house import BUCKET, KEY, House, changed, created

EVENTS = Path(__file__).parents[3] / "events"
LABELS = ["Fire Hydrant", "Hydrant"]


def recorded(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text("utf-8"))
    return event


def rows(house: House) -> dict[str, str]:
    database = Database.open(house.catalog)
    with database.reading() as connection:
        page = reads.search(connection, parse(""))
    database.close()
    return {image.key: image.status for image in page.images}


@pytest.mark.parametrize(
    ("event", "key"),
    [
        ("s3-put", "uploads/2026/11/cute_dog-3fa9c1d2.jpg"),
        ("s3-put-encoded-key", "uploads/red flower+.jpg"),
        ("s3-put-percent-key", "uploads/a%2Fb 100% 🐶 café.png"),
        ("eventbridge-created", "uploads/red+flower%2B 1.jpg"),
        ("tag-again", "uploads/a b.jpg"),
    ],
)
@pytest.mark.parametrize("queue", [TAG, INDEX, None])
def test_a_recorded_event_tags_its_picture_whichever_way_it_comes(
    house: House, event: str, key: str, queue: str | None
) -> None:
    house.add(key)
    body = recorded(event)
    if queue is None:
        assert serve(house.open(), body) is None
    else:
        assert house.serve(Sent(queue, body)) == []
    assert house.labels(key) == LABELS
    assert rows(house) == {key: "tagged"}


def test_a_recorded_batch_is_worked_through(house: House) -> None:
    keys = ["uploads/red flower+.jpg", "uploads/b.jpg", "uploads/a+b.jpg"]
    for n, key in enumerate(keys):
        house.add(key, pictures.encode(Image.new("RGB", (120, 90 + n), "red")))
    assert serve(house.open(), recorded("sqs-wrapped")) == {"batchItemFailures": []}
    assert rows(house) == dict.fromkeys(keys, "tagged")


@pytest.mark.parametrize("event", ["s3-test-event", "eventbridge-tags-added"])
@pytest.mark.parametrize("queued", [True, False])
def test_what_tells_of_nothing_is_acknowledged(house: House, event: str, queued: bool) -> None:
    body = recorded(event)
    if queued:
        assert house.serve(Sent(TAG, body)) == []
    else:
        assert serve(house.open(), body) is None
    assert house.told == ["ignored"]


@pytest.mark.parametrize("event", ["s3-removed", "s3-lifecycle-expired", "eventbridge-deleted"])
def test_a_removal_clears_away(house: House, event: str) -> None:
    key = "uploads/old.jpg" if "lifecycle" in event else "uploads/gone.jpg"
    house.add(key)
    house.serve(created(key))
    house.store.delete(key)
    assert house.serve(Sent(INDEX, recorded(event))) == []
    assert all(each.startswith("trash/") for each in house.store.objects)
    assert rows(house) == {}


def test_another_bucket_is_none_of_our_concern(house: House) -> None:
    house.add()
    assert house.serve(created(bucket="somebody-elses")) == []
    assert not house.is_answered()
    assert house.told == ["ignored"]


@pytest.mark.parametrize("key", ["uploads/", "uploads/2026/", "thumbs/a/320.webp", "other.jpg"])
def test_what_is_no_picture_is_acknowledged(house: House, key: str) -> None:
    house.store.objects[key] = (b"", ObjectInfo(key, 0, "e", datetime.now(UTC)))
    before = dict(house.store.objects)
    assert house.serve(created(key)) == []
    assert house.store.objects == before
    assert house.told == ["ignored"]


def test_keys_with_every_printable_character(house: House) -> None:
    letters = "".join(chr(c) for c in range(0x20, 0x7F) if chr(c) != "/") + "äß中🐶\u0301"
    keys = [f"uploads/{letters[n : n + 12]}.jpg" for n in range(0, len(letters), 12)]
    for n, key in enumerate(keys):
        house.add(key, pictures.encode(Image.new("RGB", (120, 90 + n), "red")))
    assert house.serve(*[created(key) for key in keys]) == []
    assert rows(house) == dict.fromkeys(keys, "tagged")


def test_a_key_of_1024_bytes(house: House) -> None:
    key = "uploads/" + "ü" * 506 + ".jpg"
    assert len(key.encode()) == 1024
    house.add(key)
    assert house.serve(created(key)) == []
    assert (house.labels(key), house.document(key).image.key) == (LABELS, key)
    assert all(len(each.encode()) <= 1024 for each in house.store.objects)
    assert house.serve(created(metadata_key(key))) == []
    assert rows(house) == {key: "tagged"}


def test_an_object_that_is_gone_before_it_is_read(house: House) -> None:
    assert house.serve(created()) == []
    assert (house.store.objects, house.sqs.messages, rows(house)) == ({}, [], {})


def test_an_object_that_is_replaced_between_event_and_read(house: House) -> None:
    house.add()
    event = created()
    house.add(content=pictures.encode(Image.new("RGB", (200, 200), "blue")))
    assert house.serve(event) == []
    assert (house.document().image.width, rows(house)) == (200, {KEY: "tagged"})


def test_zero_bytes(house: House) -> None:
    house.add(content=b"")
    assert house.serve(created()) == []
    assert (house.error(), rows(house)) == ("empty", {KEY: "failed"})


def test_six_gigabytes_are_not_read(house: House) -> None:
    house.store.objects[KEY] = (b"", ObjectInfo(KEY, 6 * 1024**3, "big", datetime.now(UTC)))
    opened: list[str] = []
    house.store.open = lambda key: opened.append(key)  # type: ignore[assignment]
    assert house.serve(created()) == []
    assert (house.error(), opened, rows(house)) == ("too_large", [], {KEY: "failed"})


@pytest.mark.parametrize("body", ["{", "", "null", "[]", '"text"', "{}", '{"Records": 7}'])
def test_what_is_no_event_fails_until_it_is_set_aside(house: House, body: str) -> None:
    bad = Sent(TAG, body)
    house.add()
    assert house.serve(bad, created()) == ["0"]
    assert house.labels() == LABELS, "the others are done with"
    assert house.serve(bad) == ["0"], "all may fail, and that is no crash"
    assert house.sqs.messages == []


@pytest.mark.parametrize("event", [{}, {"Records": []}, {"Records": None}, {"hello": 1}])
def test_a_direct_call_with_something_else(house: House, event: dict[str, Any]) -> None:
    if event == {"Records": []}:
        assert serve(house.open(), event) is None
        return
    with pytest.raises(Exception, match="event"):
        serve(house.open(), event)


def test_one_record_of_a_batch_that_fails_costs_nobody_else(house: House) -> None:
    others = ["uploads/1.jpg", "uploads/3.jpg"]
    for n, key in enumerate([others[0], KEY, others[1]]):
        house.add(key, pictures.encode(Image.new("RGB", (120, 90 + n), "red")))
    house.rekognition.says(_answer(), RuntimeError("a mistake of ours"), _answer())
    messages = [created(others[0]), created(), created(others[1])]
    assert house.serve(*messages) == ["1"]
    assert rows(house) == {others[0]: "tagged", KEY: "pending", others[1]: "tagged"}


def _answer() -> dict[str, Any]:
    return {"Labels": [{"Name": "Hydrant", "Confidence": 97.0}], "LabelModelVersion": "3.0"}


def test_a_picture_that_ends_the_function_is_failed_by_its_last_attempt(house: House) -> None:
    house.add()
    event = created()
    for _ in range(3):
        house.rekognition.fails(Stopped())  # type: ignore[arg-type]
        with pytest.raises(Stopped):
            house.serve(event)
    assert house.error() == "gave_up"
    asked = house.rekognition.asked
    for _ in range(7):
        assert house.serve(event) == []
    assert event.received == 10
    assert (house.rekognition.asked, rows(house)) == (asked, {KEY: "failed"})


def test_a_mistake_of_ours_leaves_a_reason_and_the_message_to_be_read(house: House) -> None:
    house.add()
    event = created()
    house.rekognition.fails(*[RuntimeError("a mistake of ours")] * 3)
    assert [house.serve(event) for _ in range(3)] == [["0"]] * 3
    assert house.error() == "gave_up"


PASSING = [
    refusal("ThrottlingException"),
    refusal("ProvisionedThroughputExceededException"),
    refusal("InternalServerError"),
    refusal("ExpiredTokenException", 400),
]


@pytest.mark.parametrize("error", PASSING, ids=lambda error: error.response["Error"]["Code"])
def test_work_that_must_wait_is_sent_back_and_uses_up_no_attempt(
    house: House, error: Exception
) -> None:
    house.add()
    message = created()
    for pauses in range(1, 8):
        house.rekognition.fails(error)
        assert house.serve(message) == []
        assert not house.is_answered()
        (message,) = house.sqs.messages
        house.sqs.messages.clear()
        assert (message.queue, message.received) == (TAG, 0)
        assert 10 <= message.delay <= min(900, 20 * 2 ** (pauses - 1))
        assert message.body["Taglight"]["Pauses"] == pauses
    assert rows(house) == {KEY: "pending"}
    assert house.serve(message) == []
    assert (house.labels(), rows(house)) == (LABELS, {KEY: "tagged"})
    assert house.told.count("sent_back") == 7


def test_waiting_in_the_last_attempt_is_not_the_end(house: House) -> None:
    house.add()
    message = created()
    message.received = 2
    house.rekognition.fails("ThrottlingException")
    assert house.serve(message) == []
    (again,) = house.sqs.messages
    assert house.serve(again) == []
    assert (house.labels(), rows(house)) == (LABELS, {KEY: "tagged"})


def test_a_wish_to_tag_again_stays_one_while_it_waits(house: House) -> None:
    house.add()
    house.serve(created())
    house.rekognition.fails("ThrottlingException")
    house.serve(changed("Taglight:TagAgain", queue=TAG))
    (message,) = house.sqs.messages
    house.rekognition.answer = "v2-poodle"
    house.serve(message)
    assert "Poodle" in house.labels()


def test_what_waited_too_long_fails_with_the_reason(house: House) -> None:
    house.add()
    house.rekognition.fails("ThrottlingException")
    message = created()
    since = datetime.now(UTC) - timedelta(hours=25)
    message.body["Taglight"] = {"Since": since.isoformat(), "Pauses": 99}
    assert house.serve(message) == []
    assert (house.error(), rows(house)) == ("waited_too_long", {KEY: "failed"})
    tagging = house.document().tagging
    assert tagging and tagging.error and "asked too often" in tagging.error.message
    assert (house.sqs.messages, house.told[-2:]) == ([], ["gave_up", "failed"])


def test_what_is_not_legible_about_waiting_does_no_harm(house: House) -> None:
    house.add()
    for told in (7, {}, {"Since": "yesterday"}, {"Since": 5, "Pauses": "x"}, {"Pauses": 10**9}):
        house.rekognition.fails("ThrottlingException")
        message = created()
        message.body["Taglight"] = told
        assert house.serve(message) == []
    assert len(house.sqs.messages) == 5


PERMANENT = {
    "InvalidImageFormatException": "recognizer_format",
    "ImageTooLargeException": "recognizer_too_large",
    "InvalidParameterException": "recognizer_parameter",
    "InvalidS3ObjectException": "recognizer_object",
    "AccessDeniedException": "recognizer_access",
}


@pytest.mark.parametrize("code", PERMANENT)
def test_what_rekognition_refuses_for_good_fails_at_once(house: House, code: str) -> None:
    house.add()
    house.rekognition.fails(code)
    assert house.serve(created()) == []
    assert (house.error(), rows(house)) == (PERMANENT[code], {KEY: "failed"})
    assert (house.sqs.messages, house.rekognition.asked) == ([], 1)


@pytest.mark.parametrize("answer", [None, {}, {"Labels": [{"Name": "Dog"}]}])
def test_nonsense_from_rekognition_fails_at_once(house: House, answer: Any) -> None:
    house.add()
    house.rekognition.says(answer)
    assert house.serve(created()) == []
    assert house.error() == "recognizer_nonsense"


def test_nothing_seen_is_tagged_with_nothing(house: House) -> None:
    house.add()
    house.rekognition.says({"Labels": [], "LabelModelVersion": "3.0"})
    assert house.serve(created()) == []
    assert (house.labels(), rows(house)) == ([], {KEY: "tagged"})


@pytest.mark.parametrize("operation", ["put", "copy", "delete"])
def test_s3_answering_503(house: House, operation: str) -> None:
    house.add()
    if operation != "put":
        house.serve(created())
        house.store.delete(KEY)
    message = created() if operation == "put" else changed("ObjectRemoved:Delete")

    def unavailable(what: str, key: str) -> None:
        if what == operation:
            raise StoreUnavailableError("S3 is asked too much just now (SlowDown).")

    house.store.before_effect = unavailable
    assert house.serve(message) == []
    house.store.before_effect = None
    (again,) = house.sqs.messages
    assert again.queue == (TAG if operation == "put" else INDEX)
    assert house.serve(again) == []
    assert rows(house) == ({KEY: "tagged"} if operation == "put" else {})


def test_the_catalog_down_when_the_function_begins(new_house: Callable[..., House]) -> None:
    house = new_house(catalog="postgresql://nobody@127.0.0.1:1/none")
    house.add()
    assert house.serve(created(), created(metadata_key(KEY))) == []
    assert [message.queue for message in house.sqs.messages] == [TAG, INDEX]


def test_what_cannot_be_sent_back_is_left_in_its_queue(house: House) -> None:
    house.add()
    house.sqs.down = True
    house.rekognition.fails("ThrottlingException")
    message = created()
    assert house.serve(message) == ["0"]
    house.sqs.down = False
    assert house.serve(message) == []
    assert house.labels() == LABELS


def test_the_same_bytes_are_paid_for_once(house: House) -> None:
    for key in ("uploads/1.jpg", "uploads/2.jpg"):
        house.add(key)
        house.serve(created(key))
    assert house.rekognition.asked == 1
    assert house.labels("uploads/2.jpg") == LABELS
    assert house.told == ["recognized", "tagged", "copied", "tagged"]


def test_another_tools_document_is_shown_and_its_picture_measured(house: House) -> None:
    house.add()
    house.store.put(metadata_key(KEY), b'[{"Name": "Dune", "Confidence": 97.5}]')
    assert house.serve(created(metadata_key(KEY), queue=INDEX)) == []
    assert rows(house) == {KEY: "tagged"}
    (message,) = house.sqs.messages
    assert house.serve(message) == []
    assert (house.labels(), house.document().image.width) == (["Dune"], 120)
    assert house.rekognition.asked == 0


def test_events_may_come_twice_and_in_any_order(house: House) -> None:
    house.add()
    for message in [created(), changed("ObjectRemoved:Delete"), created(), created()]:
        assert house.serve(message) == []
    assert (rows(house), house.rekognition.asked) == ({KEY: "tagged"}, 1)


def old_event(age: timedelta) -> dict[str, Any]:
    body = event_body(ObjectChange("ObjectCreated:Put", KEY), BUCKET)
    body["Records"][0]["eventTime"] = (datetime.now(UTC) - age).isoformat()
    return body


@pytest.fixture
def alone(new_house: Callable[..., House]) -> House:
    """A function that S3 calls itself: no queue, no catalog."""
    return new_house(catalog="", tag_queue_url="", index_queue_url="")


def test_without_a_queue_the_caller_is_told_and_calls_again(alone: House) -> None:
    alone.add()
    alone.rekognition.fails("ThrottlingException")
    with pytest.raises(Exception, match="too often"):
        serve(alone.open(), old_event(timedelta(seconds=2)))
    assert not alone.is_answered()
    serve(alone.open(), old_event(timedelta(seconds=70)))
    assert alone.labels() == LABELS


def test_without_a_queue_the_last_call_leaves_an_answer(alone: House) -> None:
    alone.add()
    alone.rekognition.fails("ThrottlingException")
    serve(alone.open(), old_event(timedelta(seconds=200)))
    assert alone.error() == "waited_too_long"


def test_no_reading_of_the_catalog_is_needed_to_find_out_it_is_down(house: House) -> None:
    home = house.open()
    assert home.reconcile is not None
    house.catalog = "postgresql://nobody@127.0.0.1:1/none"
    house.close()
    broken = house.open()
    assert broken.reconcile is not None
    with pytest.raises(CatalogUnavailableError):
        broken.reconcile()


def test_a_batch_tells_lambda_what_failed_even_when_all_did(house: House) -> None:
    assert serve(house.open(), batch(Sent(TAG, "{"), Sent(TAG, "["))) == {
        "batchItemFailures": [{"itemIdentifier": "0"}, {"itemIdentifier": "1"}]
    }
