"""A client of SQS that keeps what was sent; a test delivers it as and when it likes."""

import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

TAG, INDEX = "https://sqs/tag", "https://sqs/index"


@dataclass
class Sent:
    """One message: its queue, body, delay in seconds, and how often it was received."""

    queue: str
    body: Any
    delay: int = 0
    received: int = 0


class FakeSqs:
    """Stands for boto3's client; `down` has every call fail, `refuses` some of a batch."""

    def __init__(self) -> None:
        self.messages: list[Sent] = []
        self.down = False
        self.refuses = 0
        self.waiting: int | None = None

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int = 0) -> Any:  # noqa: N803 - the service's names
        self._check()
        assert 0 <= DelaySeconds <= 900
        self.messages.append(Sent(QueueUrl, json.loads(MessageBody), DelaySeconds))
        return {}

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> Any:  # noqa: N803
        self._check()
        assert 1 <= len(Entries) <= 10
        assert len({entry["Id"] for entry in Entries}) == len(Entries)
        assert sum(len(entry["MessageBody"]) for entry in Entries) <= 262_144
        taken, refused = Entries[self.refuses :], Entries[: self.refuses]
        self.messages += [Sent(QueueUrl, json.loads(entry["MessageBody"])) for entry in taken]
        return {"Failed": [{"Id": entry["Id"], "Code": "InternalError"} for entry in refused]}

    def get_queue_attributes(self, *, QueueUrl: str, AttributeNames: list[str]) -> Any:  # noqa: N803
        self._check()
        assert AttributeNames == ["ApproximateNumberOfMessages"]
        mine = sum(1 for message in self.messages if message.queue == QueueUrl)
        count = self.waiting if self.waiting is not None else mine
        return {"Attributes": {"ApproximateNumberOfMessages": str(count)}}

    def _check(self) -> None:
        if self.down:
            raise ClientError({"Error": {"Code": "ServiceUnavailable"}}, "SendMessage")


def batch(*messages: Sent) -> dict[str, Any]:
    """Return the event that Lambda gets for these messages, each received once more."""
    records = []
    for n, message in enumerate(messages):
        message.received += 1
        body = message.body if isinstance(message.body, str) else json.dumps(message.body)
        records.append(
            {
                "messageId": str(n),
                "receiptHandle": f"receipt-{n}",
                "body": body,
                "attributes": {"ApproximateReceiveCount": str(message.received)},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-west-1:111122223333:tag",
                "awsRegion": "eu-west-1",
            }
        )
    return {"Records": records}
