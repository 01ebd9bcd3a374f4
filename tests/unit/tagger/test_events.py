"""Whole recorded events, and anything else that JSON can hold."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.storage.changes import ObjectChange, event_body
from tagger.errors import EventError
from tagger.events import parse_events
from tests.hostile_json import json_texts

EVENTS = Path(__file__).parents[2] / "events"
WEB = ("http-api-", "function-url-")


def recorded(name: str) -> dict[str, Any]:
    return json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("s3-put", [("created", "uploads/2026/11/cute_dog-3fa9c1d2.jpg")]),
        ("s3-put-encoded-key", [("created", "uploads/red flower+.jpg")]),
        ("s3-put-percent-key", [("created", "uploads/a%2Fb 100% 🐶 café.png")]),
        (
            "s3-several-records",
            [
                ("created", "uploads/a.jpg"),
                ("created", "uploads/b.heic"),
                ("created", "uploads/a.jpg"),
                ("removed", "uploads/c.jpg"),
            ],
        ),
        ("s3-removed", [("removed", "uploads/gone.jpg")]),
        ("s3-lifecycle-expired", [("removed", "uploads/old.jpg")]),
        ("s3-test-event", []),
        ("eventbridge-created", [("created", "uploads/red+flower%2B 1.jpg")]),
        ("eventbridge-deleted", [("removed", "uploads/gone.jpg")]),
        ("eventbridge-tags-added", []),
        (
            "sqs-wrapped",
            [
                ("created", "uploads/red flower+.jpg"),
                ("created", "uploads/b.jpg"),
                ("created", "uploads/a+b.jpg"),
            ],
        ),
        ("tag-again", [("tag_again", "uploads/a b.jpg")]),
    ],
)
def test_recorded_events_tell_what_happened(name: str, expected: list[tuple[str, str]]) -> None:
    assert [(event.kind, event.key) for event in parse_events(recorded(name))] == expected


def test_every_recorded_event_is_tested() -> None:
    for path in EVENTS.glob("*.json"):
        if not path.stem.startswith(WEB):
            parse_events(recorded(path.stem))


def test_what_the_web_app_is_called_with_is_no_event_of_a_bucket() -> None:
    for path in EVENTS.glob("*.json"):
        if path.stem.startswith(WEB):
            with pytest.raises(EventError):
                parse_events(recorded(path.stem))


def test_bucket_etag_and_sequencer_are_told() -> None:
    (event,) = parse_events(recorded("s3-put"))
    assert event.bucket == "family-pictures"
    assert event.etag == "d41d8cd98f00b204e9800998ecf8427e"
    assert event.sequencer == "0055AED6DCD90281E5"
    (event,) = parse_events(recorded("eventbridge-created"))
    assert event.etag == "b1946ac92492d2347c6235b4d2611184"


_KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(_KEYS)
def test_what_the_folder_announces_is_decoded_to_the_same_key(key: str) -> None:
    body = event_body(ObjectChange("ObjectCreated:Put", f"uploads/{key}", 1, "e"))
    assert [event.key for event in parse_events(body)] == [f"uploads/{key}"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"Records": None},
        {"Records": [None]},
        {"Records": [{"eventSource": "aws:sns"}]},
        {"Records": [{"eventSource": "aws:sqs", "body": "{"}]},
        {"Records": [{"eventSource": "aws:sqs", "body": "[]"}]},
        {"Records": [{"eventSource": "aws:sqs"}]},
        {"source": "aws.s3", "detail-type": "Object Created", "detail": {}},
        [],
        "text",
        None,
    ],
)
def test_what_is_no_event_is_refused(body: Any) -> None:
    with pytest.raises(EventError):
        parse_events(body)


def test_another_major_version_is_refused() -> None:
    body = recorded("s3-put")
    body["Records"][0]["eventVersion"] = "3.0"
    with pytest.raises(EventError, match=r"3\.0"):
        parse_events(body)


@pytest.mark.parametrize("key", ["%FF.jpg", "\ud800", "", None, 7])
def test_a_key_that_cannot_be_is_refused(key: object) -> None:
    body = recorded("s3-put")
    body["Records"][0]["s3"]["object"]["key"] = key
    with pytest.raises(EventError):
        parse_events(body)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(_JSON)
def test_any_json_gives_a_list_or_a_clean_error(value: Any) -> None:
    try:
        assert isinstance(parse_events(value), list)
    except EventError as error:
        assert str(error).endswith(".")


@settings(max_examples=300)
@given(st.sampled_from([path.stem for path in sorted(EVENTS.glob("*.json"))]), st.data())
def test_a_recorded_event_with_any_part_exchanged_does_so_too(name: str, data: Any) -> None:
    body = recorded(name)
    node: Any = body
    while isinstance(node, dict | list) and node:
        places = sorted(node) if isinstance(node, dict) else range(len(node))
        place = data.draw(st.sampled_from(list(places)))
        if not isinstance(node[place], dict | list) or data.draw(st.booleans()):
            node[place] = data.draw(_JSON)
            break
        node = node[place]
    test_any_json_gives_a_list_or_a_clean_error.hypothesis.inner_test(body)


@given(json_texts("Records", "eventSource", "body", "s3", "object", "key", "eventVersion"))
def test_a_message_of_any_text_gives_a_list_or_a_clean_error(text: bytes) -> None:
    body = text.decode("utf-8", "replace")
    try:
        parse_events({"Records": [{"eventSource": "aws:sqs", "body": body}]})
    except EventError as error:
        assert error.reason


@given(st.text() | st.binary().map(lambda key: "".join(f"%{byte:02x}" for byte in key)))
def test_a_key_of_any_spelling_is_decoded_or_refused(key: str) -> None:
    record = recorded("s3-put")["Records"][0]
    record["s3"]["object"]["key"] = key
    try:
        (event,) = parse_events({"Records": [record]})
    except EventError as error:
        assert error.reason
    else:
        event.key.encode()
