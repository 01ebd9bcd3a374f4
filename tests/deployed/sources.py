"""An event source mapping: takes messages from a queue and calls a function with batches."""

import re
import threading
from dataclasses import dataclass, field
from typing import Any

from tests.deployed.functions import Function, FunctionError

REGION = "eu-west-1"
# Seconds that one question waits for a message, as Lambda's do: asking costs more than waiting.
_LONG_POLL = 1
# Lambda stops a function that has been called so often in one chain of messages.
LONGEST_LINEAGE = 16


@dataclass
class EventSource:
    """Polls with so many threads as the mapping allows; ends on `stop`.

    As Lambda does, it ends a chain of calls that send each other messages, unless the function
    `may_loop`; messages that it has ended so are in `ended`.
    """

    queue_url: str
    queue_arn: str
    batch_size: int
    concurrency: int
    function: Function
    sqs: Any
    may_loop: bool = False
    ended: list[dict[str, Any]] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)
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
        """End polling."""
        self._stopped.set()

    def join(self) -> None:
        """Wait for a call that runs."""
        for thread in self._threads:
            thread.join(60)

    def _poll(self) -> None:
        while not self._stopped.is_set():
            answer = self.sqs.receive_message(
                QueueUrl=self.queue_url,
                MaxNumberOfMessages=min(self.batch_size, 10),
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
                WaitTimeSeconds=_LONG_POLL,
            )
            if messages := answer.get("Messages"):
                self._hand_over(messages)

    def _hand_over(self, messages: list[dict[str, Any]]) -> None:
        """Call the function, and delete what it does not name as failed; nothing where it fails."""
        event = {"Records": [self._record(message) for message in messages]}
        length = max(map(_lineage, messages))
        if length >= LONGEST_LINEAGE and not self.may_loop:
            self.ended += messages
            for message in messages:
                self._delete(message)
            return
        try:
            answer = self.function.call(event, trace(length + 1))
        except FunctionError as error:
            self.crashes.append(str(error))
            return
        failed = {each["itemIdentifier"] for each in (answer or {}).get("batchItemFailures", [])}
        assert failed <= {message["MessageId"] for message in messages}
        self.calls.append({"event": event, "failed": failed})
        for message in messages:
            if message["MessageId"] not in failed:
                self._delete(message)

    def _delete(self, message: dict[str, Any]) -> None:
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


def trace(length: int) -> str:
    """Return the trace of a call that is the n-th of its chain, as AWS's SDKs hand it on."""
    return f"Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0;Lineage=1:0a1b2c3d:{length}"


def _lineage(message: dict[str, Any]) -> int:
    """Tell how many calls of the chain a message came from; 0 for what no function has sent."""
    told = message.get("Attributes", {}).get("AWSTraceHeader", "")
    match = re.search(r"Lineage=1:[0-9a-f]+:(\d+)", told)
    return int(match[1]) if match else 0
