"""Change events of a store, in the shape in which S3 sends them.

So one machine and AWS are served by the same handlers, and the same recorded events test both.
"""

import itertools
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote_plus

from catalog.keys import METADATA, UPLOADS

EventName = Literal[
    "ObjectCreated:Put", "ObjectCreated:Copy", "ObjectRemoved:Delete", "Taglight:TagAgain"
]
QueueName = Literal["tag", "index"]

# What a folder is called in its events; a bucket has a name of its own.
LIBRARY = "library"
_COUNT = itertools.count()


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """One object was written or removed; size in bytes and ETag are of what was written."""

    event: EventName
    key: str
    size: int = 0
    etag: str = ""


def route(change: ObjectChange) -> QueueName | None:
    """Return the queue that handles this change, or None where nobody needs to know."""
    if change.key.startswith(METADATA):
        return "index"
    if not change.key.startswith(UPLOADS):
        return None
    return "index" if change.event == "ObjectRemoved:Delete" else "tag"


def event_body(change: ObjectChange, bucket: str = LIBRARY) -> dict[str, Any]:
    """Return the whole notification that S3 would send for this change."""
    now = datetime.now(UTC)
    thing: dict[str, Any] = {"key": quote_plus(change.key, safe="/")}
    if change.event.startswith("ObjectCreated"):
        thing |= {"size": change.size, "eTag": change.etag}
    thing["sequencer"] = f"{time.time_ns():016X}{next(_COUNT) & 0xFFFF:04X}"
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "local",
        "eventTime": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z",
        "eventName": change.event,
        "userIdentity": {"principalId": "taglight"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "taglight",
            "bucket": {
                "name": bucket,
                "ownerIdentity": {"principalId": "taglight"},
                "arn": f"arn:aws:s3:::{bucket}",
            },
            "object": thing,
        },
    }
    return {"Records": [record]}
