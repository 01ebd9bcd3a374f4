"""Bucket, queues and function together: S3 and SQS by moto, the function called as Lambda does."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from catalog import reads
from catalog.database import Database
from catalog.document import read_document
from catalog.keys import metadata_key
from catalog.query import parse
from tagger.aws import messages
from tagger.aws.environment import lambda_environment
from tagger.aws.home import Home, Parts, compose
from tagger.aws.serving import serve
from tagger.recognizers.rekognition import RekognitionRecognizer
from tests import pictures
from tests.fake_rekognition import FakeRekognition

KEY = "uploads/our dog + cat.jpg"


class Stack:
    """One bucket, two queues with their dead letter queues, one function."""

    def __init__(self, site: Any, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.s3, self.sqs = site.client(), site.client("sqs")
        self.bucket = site.bucket
        self.dead = self._queue("dead")
        self.tag, self.index = self._queue("tag", self.dead), self._queue("index", self.dead)
        self.catalog = f"sqlite:///{folder}/catalog.sqlite"
        settings = {
            "BUCKET_NAME": self.bucket,
            "CATALOG_URL": self.catalog,
            "TAG_QUEUE_URL": self.tag,
            "INDEX_QUEUE_URL": self.index,
            "RECOGNIZER": "rekognition",
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        self.rekognition = FakeRekognition()
        self.home: Home = compose(
            lambda_environment(), parts=Parts(recognizer=RekognitionRecognizer(self.rekognition))
        )

    def announce_changes(self) -> None:
        """Have the bucket tell the queues, as the template does."""
        rules = [
            (self.tag, "s3:ObjectCreated:*", "uploads/"),
            (self.index, "s3:ObjectRemoved:*", "uploads/"),
            (self.index, "s3:ObjectCreated:*", "metadata/"),
            (self.index, "s3:ObjectRemoved:*", "metadata/"),
        ]
        configurations = [
            {
                "QueueArn": self._arn(queue),
                "Events": [event],
                "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": prefix}]}},
            }
            for queue, event, prefix in rules
        ]
        self.s3.put_bucket_notification_configuration(
            Bucket=self.bucket,
            NotificationConfiguration={"QueueConfigurations": configurations},
        )

    def put(self, key: str, content: bytes) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=content)

    def poll(self, queue: str, size: int) -> int:
        """Do once what Lambda's poller does; return how many messages were received."""
        answer = self.sqs.receive_message(
            QueueUrl=queue, MaxNumberOfMessages=size, AttributeNames=["All"], VisibilityTimeout=60
        )
        received = answer.get("Messages", [])
        if not received:
            return 0
        records = [
            {
                "messageId": each["MessageId"],
                "receiptHandle": each["ReceiptHandle"],
                "body": each["Body"],
                "attributes": each["Attributes"],
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": self._arn(queue),
                "awsRegion": "eu-west-1",
            }
            for each in received
        ]
        said = serve(self.home, {"Records": records})
        assert said is not None
        failed = {each["itemIdentifier"] for each in said["batchItemFailures"]}
        for each in received:
            handle = {"QueueUrl": queue, "ReceiptHandle": each["ReceiptHandle"]}
            if each["MessageId"] in failed:
                self.sqs.change_message_visibility(**handle, VisibilityTimeout=0)
            else:
                self.sqs.delete_message(**handle)
        return len(received)

    def settle(self, seconds: float = 0.0) -> None:
        """Poll until both queues are empty, and stay so for some seconds."""
        quiet = time.monotonic()
        for _ in range(400):
            if self.poll(self.tag, 1) + self.poll(self.index, 10):
                quiet = time.monotonic()
            elif time.monotonic() - quiet >= seconds:
                return
            else:
                time.sleep(0.1)
        raise AssertionError("it never ends")

    def rows(self) -> dict[str, str]:
        database = Database.open(self.catalog)
        with database.reading() as connection:
            page = reads.search(connection, parse(""), limit=200)
        database.close()
        return {image.key: image.status for image in page.images}

    def dead_letters(self) -> list[str]:
        answer = self.sqs.receive_message(QueueUrl=self.dead, MaxNumberOfMessages=10)
        return [each["Body"] for each in answer.get("Messages", [])]

    def close(self) -> None:
        self.home.close()
        self.s3.close()
        self.sqs.close()

    def _queue(self, name: str, dead: str = "") -> str:
        attributes = {"VisibilityTimeout": "60"}
        if dead:
            policy = {"deadLetterTargetArn": self._arn(dead), "maxReceiveCount": 3}
            attributes["RedrivePolicy"] = json.dumps(policy)
        made = self.sqs.create_queue(QueueName=f"{self.bucket}-{name}", Attributes=attributes)
        url: str = made["QueueUrl"]
        return url

    def _arn(self, queue: str) -> str:
        answer = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        arn: str = answer["Attributes"]["QueueArn"]
        return arn


@pytest.fixture
def stack(s3_site: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(s3_site, monkeypatch, tmp_path)
    yield stack
    stack.close()


@pytest.fixture
def photograph() -> bytes:
    return pictures.encode(Image.new("RGB", (300, 200), "red"))


def test_a_picture_goes_from_the_bucket_to_the_catalog_and_away_again(
    stack: Stack, photograph: bytes
) -> None:
    stack.announce_changes()
    stack.put(KEY, photograph)
    stack.settle()
    content = stack.s3.get_object(Bucket=stack.bucket, Key=metadata_key(KEY))["Body"].read()
    assert read_document(content).labels[0].name == "Fire Hydrant"
    assert stack.rows() == {KEY: "tagged"}
    stack.s3.delete_object(Bucket=stack.bucket, Key=KEY)
    stack.settle()
    listed = stack.s3.list_objects_v2(Bucket=stack.bucket)["Contents"]
    assert [each["Key"].split("/")[0] for each in listed] == ["trash"]
    assert (stack.rows(), stack.dead_letters()) == ({}, [])


def test_what_is_no_event_ends_with_the_dead_letters(stack: Stack, photograph: bytes) -> None:
    stack.announce_changes()
    for queue in (stack.tag, stack.index):
        stack.sqs.send_message(QueueUrl=queue, MessageBody="{")
    stack.put(KEY, photograph)
    stack.settle()
    assert (stack.rows(), stack.dead_letters()) == ({KEY: "tagged"}, ["{", "{"])


def test_throttled_work_outlives_its_attempts(
    stack: Stack, photograph: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "FIRST_DELAY_SECONDS", 1)
    monkeypatch.setattr(messages, "LONGEST_DELAY_SECONDS", 1)
    stack.announce_changes()
    stack.rekognition.fails(*["ThrottlingException"] * 5)
    stack.put(KEY, photograph)
    stack.settle(seconds=2.5)
    assert (stack.rows(), stack.dead_letters()) == ({KEY: "tagged"}, [])
    assert stack.rekognition.asked == 6


def test_what_was_there_before_is_found_by_the_comparison(stack: Stack) -> None:
    keys = [f"uploads/{n}.jpg" for n in range(12)]
    for n, key in enumerate(keys):
        stack.put(key, pictures.encode(Image.new("RGB", (80 + n, 80), "red")))
    stack.sqs.send_message(QueueUrl=stack.tag, MessageBody='{"taglight": "reconcile"}')
    stack.settle()
    assert stack.rows() == dict.fromkeys(keys, "tagged")
    assert stack.rekognition.asked == 12
