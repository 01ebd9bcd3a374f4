"""Calls of AWS that no other test makes through boto3: each is a right in template.yaml."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.announcements import Announcements
from catalog.database import Database
from catalog.errors import PreconditionFailedError
from catalog.indexer import Indexer
from catalog.library import Library
from catalog.queues import SqsTagQueue
from catalog.storage import ObjectInfo
from catalog.storage.changes import ObjectChange
from catalog.storage.s3 import S3Store
from tagger.aws.indexes import NoIndex
from tagger.aws.queues import WorkQueues
from tagger.recognizers.rekognition import RekognitionRecognizer
from tagger.trashed import throw_away_document
from tests.pictures import noise
from tests.recorded_calls import seen
from tests.strict_s3.site import S3Site
from webapp.app import create_app
from webapp.s3_tickets import S3Tickets
from webapp.s3_urls import S3Urls
from webapp.settings import WebSettings

KEY = "uploads/2026/11/dog.jpg"


@pytest.fixture(autouse=True)
def straight_to_moto(s3_site: S3Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The strict front is for S3; everything else is moto's."""
    for service in ("SQS", "REKOGNITION"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", s3_site.moto_url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", s3_site.region)


def new_queue(s3_site: S3Site, name: str) -> tuple[str, object]:
    import boto3

    client = boto3.client(
        "sqs",
        endpoint_url=s3_site.moto_url,
        region_name=s3_site.region,
        aws_access_key_id=s3_site.key.id,
        aws_secret_access_key=s3_site.key.secret,
    )
    return client.create_queue(QueueName=f"{s3_site.bucket}-{name}")["QueueUrl"], client


def test_rekognition_is_asked(s3_site: S3Site) -> None:
    found = RekognitionRecognizer().recognize(noise(320, 240), min_confidence=30, max_labels=10)
    assert [label.name for label in found.labels] == ["Mobile Phone"]  # whatever moto is shown
    assert ("rekognition:DetectLabels", "*") in seen()["tagger"]


def test_the_tagger_sends_to_both_queues(s3_site: S3Site) -> None:
    tag, client = new_queue(s3_site, "tag")
    index, _ = new_queue(s3_site, "index")
    queues = WorkQueues(s3_site.bucket, tag, index)
    document = "metadata/2026/11/dog.jpg.json"
    changes = [ObjectChange("ObjectCreated:Put", key) for key in (KEY, document)]
    assert queues.announce_many(changes) == 2
    for url, key in ((tag, KEY), (index, document)):
        [message] = client.receive_message(QueueUrl=url)["Messages"]  # type: ignore[attr-defined]
        assert f'"{key}"' in message["Body"]


def test_a_document_that_never_stands_still_leaves_nothing_in_the_trash(s3_site: S3Site) -> None:
    class Restless(S3Store):
        """Somebody writes the document again whenever it has been copied."""

        def copy(self, source: str, target: str, *, if_none_match: bool) -> ObjectInfo:
            info = super().copy(source, target, if_none_match=if_none_match)
            self.count = getattr(self, "count", 0) + 1
            self.put("metadata/2026/11/dog.jpg.json", b"{}" + b" " * self.count, content_type="")
            return info

    store = Restless(s3_site.bucket)
    store.put("metadata/2026/11/dog.jpg.json", b"{}", content_type="application/json")
    with pytest.raises(PreconditionFailedError):
        throw_away_document(store, NoIndex(), KEY, datetime(2026, 11, 22, tzinfo=UTC))
    assert [info.key for info in store.list("trash/")] == []
    assert ("s3:DeleteObject", "trash/") in seen()["tagger"]


def test_try_again_goes_through_the_tag_queue(s3_site: S3Site, tmp_path: Path) -> None:
    from starlette.testclient import TestClient

    url, client = new_queue(s3_site, "tag")
    store = s3_site.store()
    store.put(KEY, b"a picture", content_type="image/jpeg")
    database = Database.open(f"sqlite:///{tmp_path}/catalog.sqlite")
    indexer = Indexer(store, database)
    indexer.mark_pending(KEY, size=9)
    presigner = s3_site.presigner()
    app = create_app(
        WebSettings(),
        store,
        database,
        indexer,
        Library(store, indexer, SqsTagQueue(url, s3_site.bucket)),
        S3Tickets(presigner, Announcements(database).keep),
        S3Urls(presigner),
        bucket_origin=s3_site.address().origin,
    )
    with TestClient(app, base_url="http://127.0.0.1:8000") as browser:
        [image] = browser.get("/api/images?q=is:pending").json()["images"]
        assert browser.post(f"/api/images/{image['id']}/retry").status_code == 202
    database.close()
    [message] = client.receive_message(QueueUrl=url)["Messages"]  # type: ignore[attr-defined]
    assert "Taglight:TagAgain" in message["Body"]
    assert ("sqs:SendMessage", "TagQueue") in seen()["web"]
