"""Notifications of a bucket that S3 refuses and moto takes.

"Configurations on the same bucket cannot share a common event type" where prefixes and suffixes
overlap: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import combinations
from xml.etree import ElementTree

from tests.strict_s3.errors import RefusedError

_SPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"
Answer = tuple[int, list[tuple[str, str]], bytes]
_KINDS = ("QueueConfiguration", "TopicConfiguration", "CloudFunctionConfiguration")

EVENT_BRIDGE = b"<EventBridgeConfiguration"
_END = b"</NotificationConfiguration>"


@dataclass(frozen=True)
class Rule:
    """One notification: its id, its types of events, and which keys it is for."""

    id: str
    events: tuple[str, ...]
    prefix: str = ""
    suffix: str = ""


def check(body: bytes) -> None:
    """Refuse what S3 would refuse. Raises RefusedError."""
    rules = list(_rules(body))
    ids = [rule.id for rule in rules if rule.id]
    if len(ids) != len(set(ids)):
        raise RefusedError("InvalidArgument", "Configuration IDs must be unique")
    if any(overlapping(*pair) for pair in combinations(rules, 2)):
        raise RefusedError(
            "InvalidArgument",
            "Configurations overlap. Configurations on the same bucket cannot share a common "
            "event type.",
        )


def with_event_bridge(answer: Answer) -> Answer:
    """Return moto's answer with what it leaves out: that EventBridge is on for the bucket."""
    status, headers, content = answer
    return status, headers, content.replace(_END, b"<EventBridgeConfiguration/>" + _END)


def overlapping(one: Rule, other: Rule) -> bool:
    """Tell whether some event of some key could be for both."""
    events = any(
        fnmatchcase(first, second) or fnmatchcase(second, first)
        for first in one.events
        for second in other.events
    )
    prefixes = sorted((one.prefix, other.prefix), key=len)
    suffixes = sorted((one.suffix, other.suffix), key=len)
    return events and prefixes[1].startswith(prefixes[0]) and suffixes[1].endswith(suffixes[0])


def _rules(body: bytes) -> Iterable[Rule]:
    for each in ElementTree.fromstring(body):  # noqa: S314 - our own boto3 wrote it
        if each.tag.removeprefix(_SPACE) not in _KINDS:
            continue
        found = {
            (rule.findtext(f"{_SPACE}Name") or "").lower(): rule.findtext(f"{_SPACE}Value") or ""
            for rule in each.iter(f"{_SPACE}FilterRule")
        }
        events = tuple(event.text or "" for event in each.iter(f"{_SPACE}Event"))
        name = each.findtext(f"{_SPACE}Id") or ""
        yield Rule(name, events, found.get("prefix", ""), found.get("suffix", ""))
