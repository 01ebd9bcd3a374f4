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


@dataclass(frozen=True, slots=True)
class Plan:
    """What to write, and what it changes; `in_the_way` names others' notifications by our ids."""

    configuration: dict[str, Any]
    added: tuple[Wanted, ...]
    present: tuple[Wanted, ...]
    by_event_bridge: tuple[Wanted, ...]
    in_the_way: dict[str, tuple[str, ...]]
    changes: bool

    def sentences(self) -> list[str]:
        """Say for people what carrying it out would do."""
        said = [f"{_what(each)} is there already." for each in self.present]
        said += [f"Add: {_what(each)}." for each in self.added]
        for each in self.by_event_bridge:
            others = ", ".join(self.in_the_way[each.id])
            said.append(
                f"Through EventBridge: {_what(each)}, because S3 allows no second notification "
                f"beside {others}. A rule has to bring these events to the queue."
            )
        kept = sum(len(self.configuration.get(kind, ())) for kind in KINDS)
        kept -= len(self.added) + len(self.present)
        return [*said, f"Notifications of others that stay as they are: {kept}."]


def merge(existing: Mapping[str, Any], wanted: Sequence[Wanted]) -> Plan:
    """Plan a bucket's notifications; `existing` is what S3 says of them now.

    Everything of others is kept. What of ours is there in another form (its id is known) is
    replaced. The same plan again changes nothing.
    """
    ids = {each.id for each in wanted}
    configuration: dict[str, Any] = {
        kind: [one for one in existing.get(kind, ()) if one.get("Id") not in ids]
        for kind in KINDS
        if existing.get(kind)
    }
    if EVENT_BRIDGE in existing:
        configuration[EVENT_BRIDGE] = existing[EVENT_BRIDGE]
    added: list[Wanted] = []
    present: list[Wanted] = []
    bridged: list[Wanted] = []
    in_the_way: dict[str, tuple[str, ...]] = {}
    for each in wanted:
        mine = each.as_configuration()
        others = [one for one in _all(configuration) if _overlap(one, mine)]
        if any(_same(one, mine) for one in others):
            present.append(each)
        elif others:
            bridged.append(each)
            in_the_way[each.id] = tuple(_name(one) for one in others)
            configuration.setdefault(EVENT_BRIDGE, {})
        else:
            found = mine in existing.get("QueueConfigurations", ())
            (present if found else added).append(each)
            configuration.setdefault("QueueConfigurations", []).append(mine)
    configuration = {name: value for name, value in configuration.items() if value or value == {}}
    changes = _sorted(configuration) != _sorted(existing)
    return Plan(configuration, tuple(added), tuple(present), tuple(bridged), in_the_way, changes)


def _all(configuration: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for kind in KINDS:
        yield from configuration.get(kind, ())


def _overlap(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether S3 would refuse these two beside each other."""
    if not any(_same_event(a, b) for a in one["Events"] for b in other["Events"]):
        return False
    (prefix, suffix), (prefix_2, suffix_2) = _filter(one), _filter(other)
    return (prefix.startswith(prefix_2) or prefix_2.startswith(prefix)) and (
        suffix.endswith(suffix_2) or suffix_2.endswith(suffix)
    )


def _same_event(one: str, other: str) -> bool:
    """Tell whether an event can be of both kinds: `s3:ObjectCreated:*` is every creation."""
    first, second = one.removesuffix("*"), other.removesuffix("*")
    if one.endswith("*") and second.startswith(first):
        return True
    return one == other or (other.endswith("*") and first.startswith(second))


def _filter(one: Mapping[str, Any]) -> tuple[str, str]:
    rules = one.get("Filter", {}).get("Key", {}).get("FilterRules", ())
    found = {str(rule["Name"]).lower(): str(rule["Value"]) for rule in rules}
    return found.get("prefix", ""), found.get("suffix", "")


def _same(one: Mapping[str, Any], mine: Mapping[str, Any]) -> bool:
    """Tell whether somebody gave this very notification another id."""
    return (
        one.get("QueueArn") == mine["QueueArn"]
        and set(one["Events"]) == set(mine["Events"])
        and _filter(one) == _filter(mine)
    )


def _name(one: Mapping[str, Any]) -> str:
    target = next((str(one[name]) for name in KINDS.values() if name in one), "")
    return str(one.get("Id") or target)


def _what(each: Wanted) -> str:
    return f"{', '.join(each.events)} under {each.prefix} to {each.queue_arn.rsplit(':', 1)[-1]}"


def _detail_types(event: str) -> Iterator[str]:
    for start, name in _DETAIL_TYPES.items():
        if event.startswith(start):
            yield name


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
