"""The tag queue on AWS, for who asks that a picture be tagged again, or finds one gone."""

import json
from typing import Any

from catalog.errors import StoreUnavailableError
from catalog.storage.changes import LIBRARY, ObjectChange, event_body
from catalog.storage.s3_client import LazyClient, make_client


class SqsTagQueue:
    """Implements TagQueue by messages to SQS; its client is made with the first of them."""

    def __init__(self, queue_url: str, bucket: str = LIBRARY, *, client: Any = None) -> None:
        self._url = queue_url
        self._bucket = bucket
        self._client = LazyClient(lambda: make_client("sqs"), client)

    def forget_client(self) -> None:
        """Let go of all connections, as after a process was frozen."""
        self._client.forget()

    def tag_again(self, key: str) -> None:
        """Ask for a picture to be tagged again. Raises StoreUnavailableError."""
        self.announce(ObjectChange("Taglight:TagAgain", key))

    def announce(self, change: ObjectChange) -> None:
        """Tell the tagger of a change of which S3 may not tell. Raises StoreUnavailableError."""
        from botocore.exceptions import BotoCoreError, ClientError

        body = json.dumps(event_body(change, self._bucket))
        try:
            self._client.get().send_message(QueueUrl=self._url, MessageBody=body)
        except (BotoCoreError, ClientError) as error:
            raise StoreUnavailableError(
                f"The queue of the tagger does not answer: {error}"
            ) from error
