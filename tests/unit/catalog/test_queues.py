"""The tag queue on AWS: what is asked for arrives as an event that the tagger reads."""

import json
from typing import Any

import pytest

from catalog.errors import StoreUnavailableError
from catalog.queues import SqsTagQueue
from tagger.events import parse_events
from tests.strict_s3.site import S3Site


@pytest.fixture
def queue(s3_site: S3Site) -> tuple[Any, str]:
    client = s3_site.client("sqs")
    return client, client.create_queue(QueueName=f"tag-{s3_site.bucket}")["QueueUrl"]


def test_asking_again_is_an_event_of_the_bucket(s3_site: S3Site, queue: tuple[Any, str]) -> None:
    client, url = queue
    SqsTagQueue(url, s3_site.bucket).tag_again("uploads/a b+ü.jpg")
    [message] = client.receive_message(QueueUrl=url)["Messages"]
    [change] = parse_events(json.loads(message["Body"]))
    assert (change.kind, change.key) == ("tag_again", "uploads/a b+ü.jpg")
    assert change.bucket == s3_site.bucket


def test_a_queue_that_is_not_there_is_said(s3_site: S3Site, queue: tuple[Any, str]) -> None:
    _, url = queue
    with pytest.raises(StoreUnavailableError, match="The queue of the tagger does not answer"):
        SqsTagQueue(url + "-elsewhere").tag_again("uploads/a.jpg")


def test_a_client_can_be_made_anew(s3_site: S3Site, queue: tuple[Any, str]) -> None:
    client, url = queue
    asks = SqsTagQueue(url)
    asks.tag_again("uploads/a.jpg")
    asks.forget_client()
    asks.tag_again("uploads/b.jpg")
    told = client.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    assert told["Attributes"]["ApproximateNumberOfMessages"] == "2"
