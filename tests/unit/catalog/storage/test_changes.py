"""Events as S3 sends them."""

from urllib.parse import unquote_plus

import pytest

from catalog.storage.changes import EventName, ObjectChange, event_body, route


def test_says_what_s3_would_say() -> None:
    body = event_body(ObjectChange("ObjectCreated:Put", "uploads/a b+c%/é.jpg", 12, "abc"))
    [record] = body["Records"]
    assert record["eventVersion"] == "2.1"
    assert record["eventSource"] == "aws:s3"
    assert record["eventName"] == "ObjectCreated:Put"
    assert record["s3"]["bucket"]["name"] == "library"
    thing = record["s3"]["object"]
    assert thing["key"] == "uploads/a+b%2Bc%25/%C3%A9.jpg"
    assert unquote_plus(thing["key"]) == "uploads/a b+c%/é.jpg"
    assert (thing["size"], thing["eTag"]) == (12, "abc")


def test_a_removed_object_has_neither_size_nor_etag() -> None:
    [record] = event_body(ObjectChange("ObjectRemoved:Delete", "uploads/a"))["Records"]
    assert set(record["s3"]["object"]) == {"key", "sequencer"}


def test_later_events_have_later_sequencers() -> None:
    change = ObjectChange("ObjectCreated:Put", "uploads/a")
    found = [event_body(change)["Records"][0]["s3"]["object"]["sequencer"] for _ in range(50)]
    assert found == sorted(found)
    assert len(set(found)) == 50


@pytest.mark.parametrize(
    ("event", "key", "queue"),
    [
        ("ObjectCreated:Put", "uploads/a", "tag"),
        ("ObjectCreated:Copy", "uploads/a", "tag"),
        ("Taglight:TagAgain", "uploads/a", "tag"),
        ("ObjectRemoved:Delete", "uploads/a", "index"),
        ("ObjectCreated:Put", "metadata/a.json", "index"),
        ("ObjectRemoved:Delete", "metadata/a.json", "index"),
        ("ObjectCreated:Put", "thumbs/a/320.webp", None),
        ("ObjectCreated:Copy", "trash/20260101T000000Z-00000000/uploads/a", None),
    ],
)
def test_each_change_has_its_queue(event: EventName, key: str, queue: str | None) -> None:
    assert route(ObjectChange(event, key)) == queue
