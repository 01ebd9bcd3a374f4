"""The seed's set-up: its bucket, its trigger, its role, and no more, are enough for the tagger."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from catalog.clock import utc_now, utc_text
from catalog.document import Document, read_document
from tagger.aws.environment import lambda_environment
from tagger.aws.home import Home, Parts, compose
from tagger.aws.serving import serve
from tagger.recognizers.rekognition import RekognitionRecognizer
from tests import pictures
from tests.fake_rekognition import FakeRekognition
from tests.strict_s3.errors import RefusedError

EVENTS = Path(__file__).parents[2] / "events"
KEY = "uploads/cute_dog.jpg"
DOCUMENT = "metadata/cute_dog.jpg.json"
SETTINGS = ("CATALOG_URL", "RECOGNIZER", "TAG_QUEUE_URL", "INDEX_QUEUE_URL", "MIN_CONFIDENCE")


class Seed:
    """A bucket as its owner sees it, and the function under the seed's role."""

    def __init__(self, site: Any) -> None:
        self.site = site
        self.owner = boto3.client("s3", endpoint_url=site.moto_url)
        self.rekognition = FakeRekognition("v3-people-properties")
        self.home: Home = compose(
            lambda_environment(), parts=Parts(recognizer=RekognitionRecognizer(self.rekognition))
        )
        self.denied: tuple[str, ...] = ()
        site.front.interfere = self._role

    def _role(self, seen: Any) -> None:
        """Allow s3:GetObject and s3:PutObject; hide by 403 what is not there, as S3 does then."""
        if seen.service != "s3":
            return
        allowed = seen.method in ("GET", "HEAD", "PUT") and seen.key
        if not allowed or seen.key.startswith(self.denied or ("\0",)):
            raise RefusedError("AccessDenied", "Access Denied")
        if seen.method != "PUT" and seen.key not in self.keys():
            raise RefusedError("AccessDenied", "Access Denied")

    def keys(self) -> set[str]:
        listed = self.owner.list_objects_v2(Bucket=self.site.bucket).get("Contents", [])
        return {each["Key"] for each in listed}

    def put(self, key: str, content: bytes) -> None:
        self.owner.put_object(Bucket=self.site.bucket, Key=key, Body=content)

    def event(self, key: str = KEY) -> dict[str, Any]:
        body: dict[str, Any] = json.loads((EVENTS / "s3-put.json").read_text("utf-8"))
        body["Records"][0]["eventTime"] = utc_text(utc_now())
        body["Records"][0]["s3"]["bucket"]["name"] = self.site.bucket
        body["Records"][0]["s3"]["object"]["key"] = key
        return body

    def document(self, key: str = DOCUMENT) -> Document:
        content = self.owner.get_object(Bucket=self.site.bucket, Key=key)["Body"].read()
        return read_document(content)


@pytest.fixture
def seed(s3_site: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seed]:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BUCKET_NAME", s3_site.bucket)
    seed = Seed(s3_site)
    yield seed
    seed.owner.close()
    seed.home.close()


@pytest.fixture
def photograph() -> bytes:
    return pictures.photograph("chelsea")


def test_the_role_of_the_seed_is_enough(seed: Seed, photograph: bytes) -> None:
    seed.put(KEY, photograph)
    assert serve(seed.home, seed.event()) is None
    document = seed.document()
    assert document.labels[0].name == "Clothing"
    assert (document.status, document.image.key, document.image.size) == (
        "tagged",
        KEY,
        len(photograph),
    )
    assert seed.keys() == {
        KEY,
        DOCUMENT,
        "thumbs/cute_dog.jpg/320.webp",
        "thumbs/cute_dog.jpg/1280.webp",
    }
    raw = json.loads(seed.owner.get_object(Bucket=seed.site.bucket, Key=DOCUMENT)["Body"].read())
    assert raw["Labels"][0]["Name"] == "Clothing" and raw["LabelModelVersion"] == "3.0"


def test_an_event_that_comes_twice_is_not_paid_for_twice(seed: Seed, photograph: bytes) -> None:
    seed.put(KEY, photograph)
    for _ in range(3):
        serve(seed.home, seed.event())
    assert seed.rekognition.asked == 1


def test_thumbnails_may_be_denied(seed: Seed, photograph: bytes) -> None:
    seed.denied = ("thumbs/", "trash/")
    seed.put(KEY, photograph)
    for _ in range(2):
        serve(seed.home, seed.event())
    assert (seed.document().status, seed.document().thumbnails) == ("tagged", [])
    assert seed.keys() == {KEY, DOCUMENT}
    assert seed.rekognition.asked == 1


def test_a_document_that_may_not_be_read_again_is_paid_for_once(
    seed: Seed, photograph: bytes
) -> None:
    def blind(seen: Any) -> None:
        if seen.method in ("GET", "HEAD") and not seen.key.startswith("uploads/"):
            raise RefusedError("AccessDenied", "Access Denied")

    seed.site.front.interfere = blind
    seed.put(KEY, photograph)
    serve(seed.home, seed.event())
    assert (seed.document().status, seed.rekognition.asked) == ("tagged", 1)


def test_the_seeds_own_documents_stay(seed: Seed, photograph: bytes) -> None:
    seed.put(KEY, photograph)
    written = {"Labels": [{"Name": "Cat", "Confidence": 91.5, "Parents": [{"Name": "Animal"}]}]}
    seed.put(DOCUMENT, json.dumps(written).encode())
    serve(seed.home, seed.event())
    document = seed.document()
    assert [label.name for label in document.labels] == ["Cat"]
    assert (document.image.width, document.tagging) == (451, None)
    assert seed.rekognition.asked == 0


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "empty"), (b"GIF", "not_a_picture"), (pictures.truncated(), "truncated")],
)
def test_what_cannot_be_tagged_gets_an_answer(seed: Seed, content: bytes, code: str) -> None:
    seed.put(KEY, content)
    serve(seed.home, seed.event())
    tagging = seed.document().tagging
    assert tagging and tagging.error and tagging.error.code == code


def test_what_is_gone_is_left_alone_with_a_line_in_the_log(
    seed: Seed, caplog: pytest.LogCaptureFixture
) -> None:
    seed.put("metadata/old.jpg.json", b'["Dog"]')
    serve(seed.home, seed.event("uploads/old.jpg"))
    assert seed.keys() == {"metadata/old.jpg.json"}
    assert "s3:GetObject" in caplog.text


@pytest.mark.parametrize("key", ["metadata/x.json", "thumbs/x/320.webp", "elsewhere.jpg"])
def test_what_it_writes_itself_is_no_work(seed: Seed, key: str) -> None:
    seed.put(key, b'["Dog"]')
    before = seed.keys()
    serve(seed.home, seed.event(key))
    assert (seed.keys(), seed.rekognition.asked) == (before, 0)


def test_a_role_that_may_not_write_is_told_to_the_caller(seed: Seed, photograph: bytes) -> None:
    seed.put(KEY, photograph)
    pass_on: Callable[[Any], None] = seed.site.front.interfere

    def refuse_writing(seen: Any) -> None:
        if seen.method == "PUT" and seen.key.startswith("metadata/"):
            raise RefusedError("AccessDenied", "Access Denied")
        pass_on(seen)

    seed.site.front.interfere = refuse_writing
    with pytest.raises(Exception, match="refuses PutObject"):
        serve(seed.home, seed.event())
