"""`taglight tag --to-queue`: the plan goes to the stack's queue, never far ahead of its tagger."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from cli.mistakes import MistakeError
from cli.tag import Options, tag
from cli.tagging import sending
from cli.tagging.todo import Todo
from tagger.aws.queues import WorkQueues
from tagger.events import parse_events
from tests.fake_sqs import INDEX, TAG, FakeSqs
from tests.fakes import ToldRecognizer
from tests.integration.cli.conftest import Folder
from tests.integration.test_rare_calls import new_queue
from tests.pictures import encode, noise
from tests.strict_s3.site import S3Site


@pytest.fixture
def sqs(s3_site: S3Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client of SQS; the environment names two queues there."""
    monkeypatch.setenv("TAGLIGHT_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", s3_site.moto_url)
    for name in ("TAG", "INDEX"):
        url, client = new_queue(s3_site, name)
        monkeypatch.setenv(f"{name}_QUEUE_URL", url)
    return client


def sent_to(client: Any, url: str) -> list[tuple[str, str]]:
    """Return the changes that wait in a queue, as (kind, key)."""
    found = []
    while messages := client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            found += [(each.kind, each.key) for each in parse_events(json.loads(message["Body"]))]
    return sorted(found)


def test_the_plan_goes_to_the_queue_and_nothing_is_tagged_here(
    s3_site: S3Site, sqs: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store, library = s3_site.store(), f"s3://{s3_site.bucket}"
    keys = [f"uploads/a b+{number}.png" for number in range(3)]
    for number, key in enumerate(keys):
        store.put(key, encode(noise(40, 30, number), "png"))
    recognizer = ToldRecognizer()
    options = Options(to_queue=True)
    assert tag(library, options, recognizer) == 0
    assert "3 sent to the queue" in capsys.readouterr().out
    assert recognizer.seen == 0
    assert list(store.list("metadata/")) == []
    tag_url = sqs.get_queue_url(QueueName=f"{s3_site.bucket}-TAG")["QueueUrl"]
    assert sent_to(sqs, tag_url) == [("created", key) for key in keys]
    assert tag(library, Options(), recognizer) == 0  # as the stack's tagger does
    assert tag(library, options, recognizer) == 0
    assert "There is nothing to tag." in capsys.readouterr().out
    assert tag(library, Options(to_queue=True, force=True), recognizer) == 0
    assert sent_to(sqs, tag_url) == [("tag_again", key) for key in keys]
    store.close()


def test_a_folder_has_no_queue_and_a_bucket_needs_one_named(
    folder: Folder, s3_site: S3Site, sqs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(MistakeError, match="a folder has no queue"):
        tag(str(folder), Options(to_queue=True), ToldRecognizer())
    for name in ("TAG_QUEUE_URL", "INDEX_QUEUE_URL"):
        monkeypatch.delenv(name)
    with pytest.raises(MistakeError, match="TagQueueUrl"):
        tag(f"s3://{s3_site.bucket}", Options(to_queue=True), ToldRecognizer())


def test_no_more_are_sent_than_people_can_wait_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "WAIT_SECONDS", 0.0)
    client = FakeSqs()
    queues = WorkQueues("bucket", TAG, INDEX, client)
    todo = [Todo(f"uploads/{number}.png", again=False, calls=True) for number in range(2500)]
    most = 0

    class Tagger(threading.Event):
        """Takes some messages off the queue whenever it is waited for."""

        def wait(self, timeout: float | None = None) -> bool:
            nonlocal most
            most = max(most, len(client.messages))
            del client.messages[:200]
            return False

    assert sending.send(todo, queues, lambda _: None, Tagger()) == 2500
    assert 1000 < most <= 1100


def test_stopped_it_sends_no_more() -> None:
    stop = threading.Event()
    client = FakeSqs()
    queues = WorkQueues("bucket", TAG, INDEX, client)
    todo = [Todo(f"uploads/{number}.png", again=True, calls=True) for number in range(500)]
    assert sending.send(todo, queues, lambda _: stop.set(), stop) == 100
    assert len(client.messages) == 100
