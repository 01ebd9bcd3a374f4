"""What Lambda calls, by the shape of what it hands over."""

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from aws_lambda_powertools.utilities.batch import process_partial_response as work_through
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from tagger.aws.home import Home
from tagger.aws.reconcile import is_reconcile
from tagger.errors import EventError

log = logging.getLogger(__name__)


def serve(home: Home, event: Mapping[str, Any], context: Any = None) -> dict[str, Any] | None:
    """Work on a batch of SQS, an event of S3 or EventBridge, or a wish to compare.

    Of a batch, the messages that failed are returned: the others are done with. Raises what went
    wrong where there is no queue to return it to: Lambda then calls again.
    """

    def work(body: object, attempts: int | None) -> None:
        if is_reconcile(body):
            _compare(home, body, context)
            return
        if not isinstance(body, Mapping):
            raise EventError("The event is not an object.")
        home.messages.work(body, attempts)

    if _is_batch(event):
        return _batch(dict(event), work)
    work(event, None)
    return None


def _batch(event: dict[str, Any], work: Callable[[object, int | None], None]) -> dict[str, Any]:
    def one(record: SQSRecord) -> None:
        try:
            body = json.loads(record.body)
        except (ValueError, RecursionError) as error:
            # It never will be: after its attempts it waits in the dead letter queue to be read.
            log.error("A message is not JSON: %s", record.message_id)
            raise EventError("The body of a message is not JSON.") from error
        try:
            work(body, _attempts(record))
        except EventError as error:
            log.error("A message is no event: %s %s", record.message_id, error)
            raise

    # Where all have failed, that is said as well: raising would count as a crash.
    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    return dict(work_through(event, one, processor))


def _attempts(record: SQSRecord) -> int:
    try:
        return int(record.attributes.approximate_receive_count)
    except (KeyError, TypeError, ValueError):
        return 1


def _compare(home: Home, body: Any, context: Any) -> None:
    if home.reconcile is None:
        log.info("There is no catalog, or there are no queues: nothing to compare.")
        return
    home.reconcile().run(body, lambda: _seconds_left(context))


def _seconds_left(context: Any) -> float:
    told = getattr(context, "get_remaining_time_in_millis", None)
    return float(told()) / 1000 if told else float("inf")


def _is_batch(event: Mapping[str, Any]) -> bool:
    records = event.get("Records")
    return (
        isinstance(records, list)
        and bool(records)
        and all(isinstance(each, dict) and each.get("eventSource") == "aws:sqs" for each in records)
    )
