"""An event source mapping: takes messages from a queue and calls a function with batches."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any

from tests.deployed.functions import Function, FunctionError

REGION = "eu-west-1"
_PAUSE = 0.05


@dataclass
class EventSource:
    """Polls with so many threads as the mapping allows; stops on `stop`."""

    queue_url: str
    queue_arn: str
    batch_size: int
    concurrency: int
    function: Function
    sqs: Any
    calls: list[dict[str, Any]] = field(default_factory=list)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Begin to poll."""
        for _ in range(self.concurrency):
            thread = threading.Thread(target=self._poll, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """End polling; a call that runs is waited for."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(60)

    def _poll(self) -> None:
        while not self._stopped.is_set():
            answer = self.sqs.receive_message(
                QueueUrl=self.queue_url,
                MaxNumberOfMessages=min(self.batch_size, 10),
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
            if messages := answer.get("Messages"):
                self._hand_over(messages)
            else:
                time.sleep(_PAUSE)

    def _hand_over(self, messages: list[dict[str, Any]]) -> None:
        """Call the function, and delete what it does not name as failed; nothing where it fails."""
        event = {"Records": [self._record(message) for message in messages]}
        try:
            answer = self.function.call(event)
        except FunctionError:
            return
        failed = {each["itemIdentifier"] for each in (answer or {}).get("batchItemFailures", [])}
        assert failed <= {message["MessageId"] for message in messages}
        self.calls.append({"event": event, "failed": failed})
        for message in messages:
            if message["MessageId"] not in failed:
                handle = message["ReceiptHandle"]
                self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=handle)

    def _record(self, message: dict[str, Any]) -> dict[str, Any]:
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": {},
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self.queue_arn,
            "awsRegion": REGION,
        }
