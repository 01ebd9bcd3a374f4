"""The function as Lambda calls it: composed once, heard in its log, counted in metrics."""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from catalog.keys import image_id, metadata_key
from tagger import lambda_handler
from tagger.aws.environment import LambdaEnvironment
from tagger.aws.home import Home, Parts, compose
from tagger.imaging import open_here
from tagger.recognizers.rekognition import RekognitionRecognizer
from tests.fake_sqs import Sent, batch
from tests.lambda_house import BUCKET, KEY, House, created


@dataclass
class Context:
    aws_request_id: str = "c0ffee"


@dataclass
class Function:
    house: House
    lines: list[dict[str, Any]] = field(default_factory=list)

    def call(self, *messages: Sent) -> Any:
        return lambda_handler.handler(batch(*messages), Context())


@pytest.fixture
def function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Function]:
    house = House(f"sqlite:///{tmp_path}/catalog.sqlite")
    made: list[Home] = []

    def composed(
        environment: LambdaEnvironment, tell: Callable[[str], None], about: Any, measure: Any
    ) -> Home:
        parts = Parts(house.store, RekognitionRecognizer(house.rekognition), open_here, house.sqs)
        made.append(compose(environment, tell, about, parts, measure))
        return made[-1]

    monkeypatch.setattr(lambda_handler, "compose", composed)
    monkeypatch.setenv("BUCKET_NAME", BUCKET)
    monkeypatch.setenv("CATALOG_URL", house.catalog)
    monkeypatch.setenv("TAG_QUEUE_URL", "https://sqs/tag")
    monkeypatch.setenv("INDEX_QUEUE_URL", "https://sqs/index")
    lambda_handler._home.cache_clear()
    yield Function(house)
    lambda_handler._home.cache_clear()
    assert len(made) == 1, "composed once for all calls"
    made[0].close()


def metrics(captured: str) -> dict[str, Any]:
    (line,) = [line for line in captured.splitlines() if '"_aws"' in line]
    found: dict[str, Any] = json.loads(line)
    return found


def test_what_happens_is_counted(function: Function, capsys: pytest.CaptureFixture[str]) -> None:
    twin = "uploads/twin.jpg"
    for key in (KEY, twin, "uploads/empty.jpg"):
        function.house.add(key, b"" if "empty" in key else None)
    function.call(created(KEY), created(twin), created("uploads/empty.jpg"))
    told = metrics(capsys.readouterr().out)
    assert told["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Taglight"
    assert told["service"] == lambda_handler.SERVICE
    assert told["PicturesTagged"] == [1.0, 1.0]
    assert (told["PicturesFailed"], told["RecognizerCalls"]) == ([1.0], [1.0])
    assert told["LabelsCopied"] == [1.0]
    assert len(told["TimeToTag"]) == len(told["TimeSinceUpload"]) == 3
    assert all(0 <= each < 300_000 for each in (*told["TimeToTag"], *told["TimeSinceUpload"]))
    function.call(created(metadata_key(KEY)), created("uploads/"), created(bucket="another"))
    told = metrics(capsys.readouterr().out)
    assert (told["DocumentsIndexed"], told["EventsIgnored"]) == ([1.0], [1.0, 1.0])
    function.house.rekognition.fails("ThrottlingException")
    function.house.add("uploads/new.jpg", b"GIF89a")
    function.call(created("uploads/empty.jpg"))
    assert "_aws" not in capsys.readouterr().out, "nothing happened"


def test_a_picture_can_be_followed_by_its_id(function: Function) -> None:
    function.house.add()
    function.house.rekognition.fails("ThrottlingException")
    logging.getLogger("catalog").setLevel(logging.INFO)
    seen: list[dict[str, Any]] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            line = lambda_handler.logger.registered_formatter.format(record)
            seen.append(json.loads(line))

    listener = Listener()
    for name in ("tagger", "catalog"):
        logging.getLogger(name).addHandler(listener)
    try:
        function.call(created())
        function.call(created())
        function.call(created(metadata_key(KEY)), Sent("https://sqs/tag", "{"))
    finally:
        for name in ("tagger", "catalog"):
            logging.getLogger(name).removeHandler(listener)
        logging.getLogger("catalog").setLevel(logging.NOTSET)
    waiting = next(line for line in seen if "Trying again" in line["message"])
    assert (waiting["picture"], waiting["request"]) == (image_id(KEY), "c0ffee")
    steps = [line["step"] for line in seen if line.get("picture") == image_id(KEY)
             and "step" in line]  # fmt: skip
    assert steps == ["indexed", "tagged", "indexed"]
    bad = next(line for line in seen if "not JSON" in line["message"])
    assert "picture" not in bad


def test_every_happening_has_a_metric() -> None:
    from typing import get_args

    from tagger.aws.messages import Told
    from tagger.pipeline import Happening

    assert set(lambda_handler.METRICS) == {*get_args(Told), *get_args(Happening)}
