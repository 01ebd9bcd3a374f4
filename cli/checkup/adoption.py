"""A bucket that was there before its stack: what it tells the queues, and whom it lets in.

S3 replaces all notifications, and all CORS rules, at once. So both are read, merged, read again
right before they are written, and compared with what was meant afterwards.
"""

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from catalog.errors import StoreUnavailableError, TaglightError
from catalog.storage.s3 import S3Store
from catalog.storage.s3_errors import translated
from cli.checkup.bucket import HEADERS, allows, cors_rules
from cli.checkup.bucket_notifications import (
    EVENT_BRIDGE,
    KINDS,
    Plan,
    merge,
    queue_name,
    same,
    wanted,
)
from cli.checkup.findings import Finding, well
from cli.checkup.permissions import S3, lets_send, statement
from cli.checkup.queues import Queue, ask_queue, brings

Rules = list[dict[str, Any]]
# What S3 tells of a bucket's settings may be some seconds old.
_LOOKS, _PAUSE_SECONDS = 8, 1.0


@dataclass(slots=True)
class Adoption:
    """What was read of a bucket, and what is to be written; None leaves that part alone."""

    bucket: str
    notifications: dict[str, Any] = field(default_factory=dict)
    plan: Plan | None = None
    cors: Rules = field(default_factory=list)
    new_cors: Rules | None = None

    def steps(self) -> list[str]:
        """Say what `apply` will do."""
        said = self.plan.sentences() if self.plan else []
        if self.new_cors is not None:
            said.append(f"Add a CORS rule for {', '.join(self.new_cors[-1]['AllowedOrigins'])}.")
            said.append(f"CORS rules that stay as they are: {len(self.cors)}.")
        return said

    def apply(self) -> None:
        """Write what was planned. Raises TaglightError where the bucket was changed meanwhile."""
        with _store(self.bucket) as store:
            if self.plan and self.plan.changes:
                _refuse_changed(same(read_notifications(store), self.notifications))
                meant = self.plan.configuration
                with translated(self.bucket):
                    store.client.put_bucket_notification_configuration(
                        Bucket=self.bucket, NotificationConfiguration=meant
                    )
                _see(lambda: same(read_notifications(store), meant), "notifications")
            if self.new_cors is not None:
                _refuse_changed(cors_rules(store) == self.cors)
                rules = self.new_cors
                with translated(self.bucket):
                    store.client.put_bucket_cors(
                        Bucket=self.bucket, CORSConfiguration={"CORSRules": rules}
                    )
                origin = rules[-1]["AllowedOrigins"][0]
                _see(lambda: _is_joined(cors_rules(store), len(rules), origin), "CORS rules")


def look(store: S3Store, urls: tuple[str, str], origin: str) -> tuple[list[Finding], Adoption]:
    """Look at what the bucket tells these queues, and whether pages of this origin may send.

    An origin of "" is not known, and not looked for.
    """
    adoption = Adoption(store.bucket)
    findings = [] if origin else [_ORIGIN_UNKNOWN]
    try:
        queues = [ask_queue(url) for url in urls]
        existing = read_notifications(store)
        if origin:
            findings.append(_look_at_cors(store, origin, adoption))
    except StoreUnavailableError as error:
        return [*findings, Finding("wrong", "The set-up cannot be seen.", str(error), _RIGHTS)], (
            Adoption(store.bucket)
        )
    plan = merge(existing, wanted(*(queue.arn for queue in queues)))
    if plan.by_event_bridge:
        findings += _look_at_bridge(store.bucket, plan, existing, queues)
        closed = False
    else:
        shut = [found for queue in queues if (found := _closed_to(store.bucket, queue))]
        findings += [*shut, _look_at_notifications(plan, shut=bool(shut))]
        closed = bool(shut)
    if not closed:
        adoption.notifications, adoption.plan = existing, plan
    return findings, adoption


def read_notifications(store: S3Store) -> dict[str, Any]:
    """Return what the bucket tells whom. Raises StoreUnavailableError."""
    with translated(store.bucket):
        answer = store.client.get_bucket_notification_configuration(Bucket=store.bucket)
    return {name: answer[name] for name in (*KINDS, EVENT_BRIDGE) if name in answer}


_RIGHTS = "Check which credentials are used and their rights: docs/deploy.md, An existing bucket."
_ORIGIN_UNKNOWN = Finding(
    "note",
    "It is not known which page will send pictures to the bucket.",
    cure="Set PUBLIC_URL to the stack's output Address, and run this again.",
)


def _look_at_cors(store: S3Store, origin: str, adoption: Adoption) -> Finding:
    rules = cors_rules(store)
    if allows(rules, origin):
        return well(f"The page at {origin} may send pictures to the bucket.")
    rule = {
        "AllowedOrigins": [origin],
        "AllowedMethods": ["PUT", "GET"],
        "AllowedHeaders": list(HEADERS),
        "MaxAgeSeconds": 3000,
    }
    adoption.cors, adoption.new_cors = rules, [*rules, rule]
    return Finding(
        "wrong",
        f"The bucket's CORS rules do not let a page at {origin} send pictures.",
        "They can be seen and tagged, but not added by the page.",
        "Let --fix add a rule. Where the page has another address, set PUBLIC_URL to it.",
        f"Add a rule beside the {len(rules)} that are there.",
    )


def _look_at_notifications(plan: Plan, *, shut: bool) -> Finding:
    if not plan.added:
        return well("The bucket tells both queues what happens to pictures and documents.")
    whole = len(plan.added) + len(plan.present)
    return Finding(
        "wrong",
        f"The bucket keeps {len(plan.added)} of {whole} kinds of changes from the queues.",
        "Pictures that come so are found by the daily comparison alone, hours later.",
        "Mend the queue's policy first." if shut else "Let --fix add the notifications.",
        "" if shut else f"Add them; the {plan.of_others} notifications of others stay as they are.",
        [f"{event} under {each.prefix}" for each in plan.added for event in each.events],
    )


def _look_at_bridge(
    bucket: str, plan: Plan, existing: dict[str, Any], queues: list[Queue]
) -> Iterator[Finding]:
    names = sorted({name for names in plan.in_the_way.values() for name in names})
    if EVENT_BRIDGE in existing:
        yield well("The bucket tells EventBridge, because other notifications are in the way.")
    else:
        yield Finding(
            "wrong",
            "Other notifications of the bucket stand in the way of ours.",
            "S3 allows no two of one type of event whose prefixes and suffixes overlap. "
            "EventBridge can bring the same events, and takes nothing from anybody.",
            "Let --fix turn EventBridge on for the bucket.",
            "Let the bucket tell EventBridge; what it tells others stays as it is.",
            names,
        )
    for arn, pattern in plan.patterns(bucket):
        queue = next(each for each in queues if each.arn == arn)
        yield _look_at_rule(queue, pattern)


def _look_at_rule(queue: Queue, pattern: dict[str, Any]) -> Finding:
    prefix, name = pattern["detail"]["object"]["key"][0]["prefix"], queue_name(queue.arn)
    try:
        found = brings(queue, pattern)
    except StoreUnavailableError as error:
        return Finding("wrong", "The rules of EventBridge cannot be seen.", str(error), _RIGHTS)
    if found:
        return well(f"A rule of EventBridge brings what happens under {prefix} to {name}.")
    return Finding(
        "wrong",
        f"No rule of EventBridge brings what happens under {prefix} to {name}.",
        f"It needs this pattern: {json.dumps(pattern)}, the target {queue.arn}, and a queue policy "
        "that lets events.amazonaws.com send for it.",
        "Deploy the stack with BucketEvents=eventbridge, which makes all of this.",
    )


def _closed_to(bucket: str, queue: Queue) -> Finding | None:
    source = f"arn:{queue.arn.split(':')[1]}:s3:::{bucket}"
    if lets_send(queue.policy, queue.arn, S3, source):
        return None
    needed = json.dumps(statement(queue.arn, S3, source))
    return Finding(
        "wrong",
        f"The queue {queue_name(queue.arn)} does not let the bucket send to it.",
        "S3 refuses notifications to such a queue.",
        f"Deploy the stack with ExistingBucket={bucket}, or add to the queue's policy: {needed}",
    )


@contextlib.contextmanager
def _store(bucket: str) -> Iterator[S3Store]:
    store = S3Store(bucket)
    try:
        yield store
    finally:
        store.close()


def _refuse_changed(unchanged: bool) -> None:
    if not unchanged:
        raise TaglightError(
            "Somebody has changed the bucket's settings meanwhile. Nothing was overwritten; run "
            "this again."
        )


def _is_joined(rules: Rules, count: int, origin: str) -> bool:
    return len(rules) == count and allows(rules, origin)


def _see(done: Callable[[], bool], what: str) -> None:
    """Look until S3 tells what was written. Raises TaglightError where it does not."""
    for left in reversed(range(_LOOKS)):
        if done():
            return
        if left:
            time.sleep(_PAUSE_SECONDS)
    raise TaglightError(
        f"The bucket's {what} are not what was written. Somebody else changes them just now; "
        "run this again."
    )
