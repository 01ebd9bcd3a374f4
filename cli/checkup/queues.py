"""The two queues of a stack that takes over a bucket, and the EventBridge rules that lead there."""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.errors import StoreUnavailableError
from catalog.storage.s3_client import make_client
from cli.checkup.permissions import EVENTS, lets_send, lets_through
from cli.mistakes import MistakeError

NAMES = ("TAG_QUEUE_URL", "INDEX_QUEUE_URL")


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue as SQS tells of it; `policy` is JSON, "" where it has none."""

    arn: str
    policy: str


def queue_urls() -> tuple[str, str] | None:
    """Return the addresses of both queues from the environment, None where it has none.

    Raises MistakeError where it has one alone.
    """
    tag, index = (os.environ.get(name, "").strip() for name in NAMES)
    if bool(tag) != bool(index):
        raise MistakeError(f"{' and '.join(NAMES)} go together: set both, or neither.")
    return (tag, index) if tag else None


def ask_queue(url: str) -> Queue:
    """Ask SQS for a queue. Raises StoreUnavailableError."""
    with _answering(f"The queue {url}"):
        client = make_client("sqs")
        try:
            found = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn", "Policy"])
        finally:
            client.close()
    return Queue(found["Attributes"]["QueueArn"], found["Attributes"].get("Policy", ""))


def brings(queue: Queue, wanted: Mapping[str, Any]) -> bool:
    """Tell whether an EventBridge rule brings what a pattern lets through to a queue.

    Raises StoreUnavailableError where EventBridge does not answer.
    """
    with _answering("EventBridge"):
        client = make_client("events")
        try:
            names = client.list_rule_names_by_target(TargetArn=queue.arn)["RuleNames"]
            rules = [client.describe_rule(Name=name) for name in names]
        finally:
            client.close()
    return any(
        rule.get("State") == "ENABLED"
        and lets_through(json.loads(rule.get("EventPattern") or '{"source": []}'), wanted)
        and lets_send(queue.policy, queue.arn, EVENTS, rule["Arn"])
        for rule in rules
    )


@contextlib.contextmanager
def _answering(what: str) -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise StoreUnavailableError(f"{what} does not answer: {error}") from error
