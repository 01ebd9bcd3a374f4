"""What a bucket that is there tells the tagger's queues, merged with what it tells others.

Pure. S3 replaces all notifications of a bucket at once, so the whole configuration is written
anew, with everything of others in it as it was. S3 also refuses two notifications of one kind of
event whose prefixes and suffixes can both fit a key; where another's stands in the way, EventBridge
brings our events instead: it knows no such rule, and takes nothing from anybody.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Where the destinations are in what S3 answers, and what theirs are called.
KINDS = {
    "QueueConfigurations": "QueueArn",
    "TopicConfigurations": "TopicArn",
    "LambdaFunctionConfigurations": "LambdaFunctionArn",
}
EVENT_BRIDGE = "EventBridgeConfiguration"
# Kinds of events of S3, and what EventBridge calls them.
_DETAIL_TYPES = {
    "s3:ObjectCreated:": "Object Created",
    "s3:ObjectRemoved:": "Object Deleted",
    "s3:LifecycleExpiration:": "Object Deleted",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A queue that is to hear of these events under a prefix; `id` is our name for it."""

    id: str
    queue_arn: str
    events: tuple[str, ...]
    prefix: str

    def as_configuration(self) -> dict[str, Any]:
        """Return it as S3 takes it."""
        return {
            "Id": self.id,
            "QueueArn": self.queue_arn,
            "Events": list(self.events),
            "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": self.prefix}]}},
        }

    def as_pattern(self, bucket: str) -> dict[str, Any]:
        """Return what an EventBridge rule has to match for the same events."""
        types = {kind for event in self.events for kind in _detail_types(event)}
        return {
            "source": ["aws.s3"],
            "detail-type": sorted(types),
            "detail": {
                "bucket": {"name": [bucket]},
                "object": {"key": [{"prefix": self.prefix}]},
            },
        }


def wanted(tag_arn: str, index_arn: str) -> tuple[Wanted, ...]:
    """Return what template.yaml has a bucket of its own tell these two queues."""
    rows = (
        ("uploads", "ObjectCreated", tag_arn),
        ("uploads", "ObjectRemoved", index_arn),
        ("uploads", "LifecycleExpiration", index_arn),
        ("metadata", "ObjectCreated", index_arn),
        ("metadata", "ObjectRemoved", index_arn),
        ("metadata", "LifecycleExpiration", index_arn),
    )
    # With the queue's name in it, the id is of one stack alone, should two look at a bucket.
    return tuple(
        Wanted(f"taglight-{queue_name(arn)}-{place}-{kind}", arn, (f"s3:{kind}:*",), f"{place}/")
        for place, kind, arn in rows
    )


@dataclass(frozen=True, slots=True)
class Plan:
    """What to write, and what it changes; `in_the_way` names others' notifications by our ids."""

    configuration: dict[str, Any]
    added: tuple[Wanted, ...]
    present: tuple[Wanted, ...]
    by_event_bridge: tuple[Wanted, ...]
    in_the_way: dict[str, tuple[str, ...]]
    changes: bool

    @property
    def of_others(self) -> int:
        """How many notifications there are besides those that are wanted."""
        whole = sum(1 for _ in _all(self.configuration))
        covering = [one for one in _all(self.configuration) if _any_covered(one, self.present)]
        return whole - len(self.added) - len(covering)

    def sentences(self) -> list[str]:
        """Say for people what carrying it out would do."""
        said = [f"Is there already: {_what(each)}." for each in self.present]
        said += [f"Add: {_what(each)}." for each in self.added]
        for each in self.by_event_bridge:
            others = ", ".join(self.in_the_way.get(each.id, ()))
            reason = f", because S3 allows no second notification beside {others}" if others else ""
            said.append(f"Through EventBridge: {_what(each)}{reason}.")
        if self.by_event_bridge and self.changes:
            said.append("Let the bucket tell EventBridge, besides what it tells others.")
        return [*said, f"Notifications of others that stay as they are: {self.of_others}."]

    def patterns(self, bucket: str) -> list[tuple[str, dict[str, Any]]]:
        """Return the EventBridge rules that are needed: queue ARN and pattern of each."""
        groups: dict[tuple[str, str], list[str]] = {}
        for each in self.by_event_bridge:
            groups.setdefault((each.queue_arn, each.prefix), []).extend(each.events)
        return [
            (arn, Wanted("", arn, tuple(events), prefix).as_pattern(bucket))
            for (arn, prefix), events in groups.items()
        ]


def merge(existing: Mapping[str, Any], wanted: Sequence[Wanted]) -> Plan:
    """Plan a bucket's notifications; `existing` is what S3 says of them now.

    Everything of others is kept. What of ours is there in another form (its id and queue are
    known) is replaced. Where one of ours cannot be beside another's, all that are missing come
    through EventBridge: its rules tell removal and expiry no further apart than by prefix.
    The same plan again changes nothing.
    """
    present = tuple(each for each in wanted if any(_covers(one, each) for one in _all(existing)))
    missing = tuple(each for each in wanted if each not in present)
    older = {(each.id, each.queue_arn) for each in missing}
    configuration: dict[str, Any] = {}
    for kind, target in KINDS.items():
        rows = existing.get(kind, ())
        kept = [one for one in rows if (one.get("Id"), one.get(target)) not in older]
        if kept:
            configuration[kind] = kept
    others = list(_all(configuration))
    in_the_way = {
        each.id: tuple(names)
        for each in missing
        if (names := [_name(one) for one in others if overlap(one, each.as_configuration())])
    }
    if in_the_way:
        configuration = {kind: list(existing[kind]) for kind in KINDS if existing.get(kind)}
    elif missing:
        mine = [each.as_configuration() for each in missing]
        configuration["QueueConfigurations"] = configuration.get("QueueConfigurations", []) + mine
    if in_the_way or EVENT_BRIDGE in existing:
        configuration[EVENT_BRIDGE] = existing.get(EVENT_BRIDGE, {})
    added, bridged = ((), missing) if in_the_way else (missing, ())
    changes = not same(configuration, existing)
    return Plan(configuration, added, present, bridged, in_the_way, changes)


def queue_name(arn: str) -> str:
    """Return the name of a queue."""
    return arn.rsplit(":", 1)[-1]


def _all(configuration: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for kind in KINDS:
        yield from configuration.get(kind, ())


def overlap(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether S3 would refuse these two beside each other.

    It refuses two of one type of event whose prefixes overlap and whose suffixes overlap, too; one
    without a filter overlaps everything (the page named above).
    """
    if not any(_same_event(a, b) for a in one["Events"] for b in other["Events"]):
        return False
    (prefix, suffix), (prefix_2, suffix_2) = _filter(one), _filter(other)
    return (prefix.startswith(prefix_2) or prefix_2.startswith(prefix)) and (
        suffix.endswith(suffix_2) or suffix_2.endswith(suffix)
    )


def _same_event(one: str, other: str) -> bool:
    """Tell whether an event can be of both kinds: `s3:ObjectCreated:*` is every creation."""
    return _includes(one, other) or _includes(other, one)


def _filter(one: Mapping[str, Any]) -> tuple[str, str]:
    rules = one.get("Filter", {}).get("Key", {}).get("FilterRules", ())
    found = {str(rule["Name"]).lower(): str(rule["Value"]) for rule in rules}
    return found.get("prefix", ""), found.get("suffix", "")


def _covers(one: Mapping[str, Any], each: Wanted) -> bool:
    """Tell whether a notification brings everything that is wanted here, whatever its id."""
    prefix, suffix = _filter(one)
    return (
        one.get("QueueArn") == each.queue_arn
        and not suffix
        and each.prefix.startswith(prefix)
        and all(any(_includes(there, event) for there in one["Events"]) for event in each.events)
    )


def _includes(event: str, other: str) -> bool:
    return event == other or (event.endswith("*") and other.startswith(event[:-1]))


def _any_covered(one: Mapping[str, Any], some: Sequence[Wanted]) -> bool:
    return any(_covers(one, each) for each in some)


def _name(one: Mapping[str, Any]) -> str:
    target = next((str(one[name]) for name in KINDS.values() if name in one), "")
    return str(one.get("Id") or target)


def _what(each: Wanted) -> str:
    return f"{', '.join(each.events)} under {each.prefix} to {queue_name(each.queue_arn)}"


def _detail_types(event: str) -> Iterator[str]:
    for start, name in _DETAIL_TYPES.items():
        if event.startswith(start):
            yield name


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether two configurations mean the same, in whatever order S3 lists them."""
    return _sorted(one) == _sorted(other)


def _sorted(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration so that two that mean the same are equal."""
    found: dict[str, Any] = {}
    for kind in KINDS:
        rows = [{**one, "Events": sorted(one["Events"])} for one in configuration.get(kind, ())]
        if rows:
            found[kind] = sorted(rows, key=lambda row: (_name(row), repr(row)))
    if EVENT_BRIDGE in configuration:
        found[EVENT_BRIDGE] = configuration[EVENT_BRIDGE]
    return found
