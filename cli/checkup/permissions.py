"""Who may send to a queue, and what a rule of EventBridge lets through, from their JSON. Pure."""

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

S3 = "s3.amazonaws.com"
EVENTS = "events.amazonaws.com"


def statement(queue_arn: str, service: str, source_arn: str) -> dict[str, Any]:
    """Return what the policy of a queue needs so that a service may send for this source."""
    return {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {
            "ArnEquals": {"aws:SourceArn": source_arn},
            "StringEquals": {"aws:SourceAccount": queue_arn.split(":")[4]},
        },
    }


def lets_send(policy: str, queue_arn: str, service: str, source_arn: str) -> bool:
    """Tell whether a queue's policy lets a service send for this bucket or rule.

    Conditions that are not of the source count as fulfilled: S3 itself asks the queue in the end.
    """
    try:
        statements = _list(json.loads(policy or "{}").get("Statement", []))
    except (ValueError, AttributeError):
        return False
    return any(
        each.get("Effect") == "Allow"
        and _names(each.get("Principal"), service)
        and _any_matches(each.get("Action"), "sqs:sendmessage", lower=True)
        and _any_matches(each.get("Resource", queue_arn), queue_arn)
        and _source_fits(each.get("Condition", {}), queue_arn, source_arn)
        for each in statements
        if isinstance(each, Mapping)
    )


def lets_through(pattern: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Tell whether a rule's pattern lets everything through that our pattern would.

    Only patterns of sources, types, buckets and prefixes are understood; of another one it is not
    said that it does.
    """
    if set(pattern) - {"source", "detail-type", "detail", "account", "region"}:
        return False
    detail, ours = pattern.get("detail", {}), wanted["detail"]
    if set(detail) - {"bucket", "object"} or set(detail.get("object", {})) - {"key"}:
        return False
    [prefix] = ours["object"]["key"]
    keys = detail.get("object", {}).get("key")
    return (
        _holds(pattern.get("source"), wanted["source"])
        and _holds(pattern.get("detail-type"), wanted["detail-type"])
        and _holds(detail.get("bucket", {}).get("name"), ours["bucket"]["name"])
        and (keys is None or any(_is_prefix_of(each, prefix["prefix"]) for each in keys))
    )


def _is_prefix_of(matcher: Any, prefix: str) -> bool:
    """Tell whether {"prefix": "up"} takes all keys of a prefix."""
    return (
        isinstance(matcher, Mapping)
        and isinstance(matcher.get("prefix"), str)
        and prefix.startswith(matcher["prefix"])
    )


def _holds(listed: Any, wanted: list[str]) -> bool:
    """Tell whether a list of a pattern has all of these; no list takes everything."""
    return listed is None or all(each in listed for each in wanted)


def _source_fits(condition: Mapping[str, Any], queue_arn: str, source_arn: str) -> bool:
    known = {"aws:sourcearn": source_arn, "aws:sourceaccount": queue_arn.split(":")[4]}
    for operator, keys in condition.items():
        if "Not" in operator or not operator.startswith(("Arn", "String", "ForAnyValue:")):
            continue
        for key, values in keys.items():
            fact = known.get(key.lower())
            if fact is not None and not _any_matches(values, fact):
                return False
    return True


def _names(principal: Any, service: str) -> bool:
    if principal == "*":
        return True
    if not isinstance(principal, Mapping):
        return False
    return service in _list(principal.get("Service", [])) or "*" in _list(principal.get("AWS", []))


def _any_matches(patterns: Any, fact: str, *, lower: bool = False) -> bool:
    found = (str(each) for each in _list(patterns if patterns is not None else []))
    return any(fnmatchcase(fact, each.lower() if lower else each) for each in found)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
