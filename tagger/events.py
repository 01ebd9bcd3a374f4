"""What happened in the store: events of S3, as S3 itself, SQS or EventBridge hand them over.

Pure. The keys of S3's own notifications are URL-encoded as forms are and are decoded here, once;
those of EventBridge are plain. Recorded events: tests/events/.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import unquote_to_bytes

from tagger.errors import EventError

Kind = Literal["created", "removed", "tag_again"]

MAJOR_VERSION = "2."
_DEEPEST = 4
_KINDS: tuple[tuple[str, Kind], ...] = (
    ("ObjectCreated:", "created"),
    ("ObjectRemoved:", "removed"),
    ("LifecycleExpiration:", "removed"),
    ("Taglight:TagAgain", "tag_again"),
)
_BRIDGE_KINDS: dict[str, Kind] = {"Object Created": "created", "Object Deleted": "removed"}


@dataclass(frozen=True, slots=True)
class ObjectChanged:
    """One object was created or removed, or a person asks to tag it again; `key` is plain.

    `at` is when it happened, ISO 8601, or "" where the event does not say.
    """

    kind: Kind
    key: str
    bucket: str = ""
    etag: str = ""
    sequencer: str = ""
    at: str = ""


def parse_events(body: Mapping[str, Any]) -> list[ObjectChanged]:
    """Return the changes that an event tells of, in its order; others' events are left out.

    Takes a notification of S3 (its test event too, which tells of nothing), one or more of them
    in SQS messages, or an event of EventBridge. Raises EventError for what is none of these.
    """
    return _parse(body, 0)


def _parse(body: object, depth: int) -> list[ObjectChanged]:
    if depth > _DEEPEST:
        raise EventError("The event is wrapped too often.")
    event = _mapping(body, "event")
    if "Records" in event:
        records = event["Records"]
        if not isinstance(records, list):
            raise EventError("The event's Records are not a list.")
        return [change for record in records for change in _record(record, depth)]
    if event.get("Event") == "s3:TestEvent":
        return []
    if event.get("source") == "aws.s3" and "detail" in event:
        return _bridge_event(event)
    raise EventError("This is not an event of S3, SQS or EventBridge.")


def _record(value: object, depth: int) -> list[ObjectChanged]:
    record = _mapping(value, "record")
    source = record.get("eventSource")
    if source == "aws:sqs":
        return _parse(_json(record.get("body")), depth + 1)
    if source != "aws:s3":
        raise EventError("A record is neither of S3 nor of SQS.")
    version = record.get("eventVersion")
    if not isinstance(version, str) or not version.startswith(MAJOR_VERSION):
        raise EventError(f"Events of version {str(version)[:20]!r} are not known.")
    name = record.get("eventName")
    if not isinstance(name, str):
        raise EventError("A record has no eventName.")
    name = name.removeprefix("s3:")
    kind = next((kind for start, kind in _KINDS if name.startswith(start)), None)
    if kind is None:
        return []
    s3 = _mapping(record.get("s3"), "s3 part")
    thing = _mapping(s3.get("object"), "object")
    return [
        _changed(kind, s3, thing, _decoded(_key(thing)), thing.get("eTag"), record.get("eventTime"))
    ]


def _bridge_event(event: Mapping[str, Any]) -> list[ObjectChanged]:
    kind = _BRIDGE_KINDS.get(str(event.get("detail-type")))
    if kind is None:
        return []
    detail = _mapping(event["detail"], "detail")
    thing = _mapping(detail.get("object"), "object")
    return [_changed(kind, detail, thing, _key(thing), thing.get("etag"), event.get("time"))]


def _changed(
    kind: Kind,
    place: Mapping[str, Any],
    thing: Mapping[str, Any],
    key: str,
    etag: object,
    at: object,
) -> ObjectChanged:
    bucket = place.get("bucket")
    name = bucket.get("name") if isinstance(bucket, Mapping) else ""
    sequencer = _text(thing.get("sequencer"))
    return ObjectChanged(kind, key, _text(name), _text(etag), sequencer, _text(at))


def _key(thing: Mapping[str, Any]) -> str:
    key = thing.get("key")
    if not isinstance(key, str) or not key:
        raise EventError("An object in the event has no key.")
    return key


def _decoded(key: str) -> str:
    """Decode a key as S3 encodes it: a space is a plus, and everything else percent-encoded."""
    try:
        return unquote_to_bytes(key.replace("+", " ")).decode()
    except UnicodeError as error:
        raise EventError("The key of an object in the event is not valid Unicode.") from error


def _json(text: object) -> object:
    try:
        if not isinstance(text, str):
            raise EventError("The body of a message is not text.")
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EventError("The body of a message is not JSON.") from error


def _mapping(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise EventError(f"The {what} is not an object.")
    return value


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
