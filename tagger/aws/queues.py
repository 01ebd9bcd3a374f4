"""The two queues of the tagger, for what is sent to them from here."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from catalog.chunks import chunks
from catalog.errors import StoreUnavailableError
from catalog.storage.changes import ObjectChange, QueueName, event_body, route
from catalog.storage.s3_client import LazyClient, make_client

LONGEST_DELAY_SECONDS = 900
_BATCH = 10


class WorkQueues:
    """Sends to SQS; the client is made with the first message. Raises StoreUnavailableError."""

    def __init__(self, bucket: str, tag_url: str, index_url: str, client: Any = None) -> None:
        self._bucket = bucket
        self._urls: dict[QueueName, str] = {"tag": tag_url, "index": index_url}
        self._client = LazyClient(lambda: make_client("sqs"), client)

    def announce(
        self,
        change: ObjectChange,
        *,
        delay_seconds: int = 0,
        more: dict[str, Any] | None = None,
    ) -> None:
        """Send a change to the queue it belongs to; `more` stands beside its records."""
        queue = route(change)
        if queue is not None:
            body = event_body(change, self._bucket) | (more or {})
            self.send(queue, body, delay_seconds=delay_seconds)

    def announce_many(self, changes: Iterable[ObjectChange]) -> int:
        """Send changes to their queues, ten at a time; return how many."""
        sent = 0
        for some in chunks(changes, 100 * _BATCH):
            for queue in self._urls:
                mine = [change for change in some if route(change) == queue]
                for batch in chunks(mine, _BATCH):
                    self._send_batch(queue, batch)
                    sent += len(batch)
        return sent

    def send(self, queue: QueueName, body: dict[str, Any], *, delay_seconds: int = 0) -> None:
        """Send one message, to be received after the delay."""
        with _translated():
            self._client.get().send_message(
                QueueUrl=self._urls[queue],
                MessageBody=json.dumps(body),
                DelaySeconds=min(max(delay_seconds, 0), LONGEST_DELAY_SECONDS),
            )

    def waiting(self, queue: QueueName) -> int:
        """Return about how many messages wait in a queue to be received."""
        name = "ApproximateNumberOfMessages"
        with _translated():
            answer = self._client.get().get_queue_attributes(
                QueueUrl=self._urls[queue], AttributeNames=[name]
            )
        return int(answer.get("Attributes", {}).get(name, 0))

    def _send_batch(self, queue: QueueName, changes: list[ObjectChange]) -> None:
        entries = [
            {"Id": str(n), "MessageBody": json.dumps(event_body(change, self._bucket))}
            for n, change in enumerate(changes)
        ]
        with _translated():
            url = self._urls[queue]
            answer = self._client.get().send_message_batch(QueueUrl=url, Entries=entries)
        if failed := answer.get("Failed"):
            raise StoreUnavailableError(
                f"A queue did not take {len(failed)} of {len(entries)} messages "
                f"({failed[0].get('Code', 'no code')})."
            )


@contextmanager
def _translated() -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise StoreUnavailableError(f"A queue does not answer: {error}") from error
