"""The web app on a bucket: tickets and pictures go past it, everything else is as in a folder."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from catalog.announcements import Announcements
from catalog.database import Database
from catalog.indexer import Indexer
from catalog.library import Library
from catalog.storage.s3 import S3Store
from tagger.pipeline import Tagger, TaggingSettings
from tests.fakes import FakeQueue, ToldRecognizer
from tests.pictures import encode, noise
from tests.strict_s3.sending import send
from tests.strict_s3.site import S3Site
from webapp.app import create_app
from webapp.s3_tickets import S3Tickets
from webapp.s3_urls import S3Urls
from webapp.settings import WebSettings

BASE = "http://127.0.0.1:8000"


@dataclass
class Site:
    """A bucket with its web app, and a tagger that is called by hand."""

    s3: S3Site
    store: S3Store
    indexer: Indexer
    tagger: Tagger
    client: TestClient

    def ask(self, name: str, content: bytes, **changed: Any) -> dict[str, Any]:
        sha256 = hashlib.sha256(content).hexdigest()
        file = {"name": name, "size": len(content), "type": "image/jpeg", "sha256": sha256}
        answer = self.client.post("/api/uploads", json={"files": [{**file, **changed}]})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()["uploads"][0]
        return found

    def put(self, ticket: dict[str, Any], content: bytes) -> int:
        return send(self.s3, ticket["method"], ticket["url"], ticket["headers"], content)[0]


@pytest.fixture
def site(s3_site: S3Site, tmp_path: Path) -> Iterator[Site]:
    store = s3_site.store()
    database = Database.open(f"sqlite:///{tmp_path}/catalog.sqlite")
    indexer = Indexer(store, database)
    presigner = s3_site.presigner()
    app = create_app(
        WebSettings(),
        store,
        database,
        indexer,
        Library(store, indexer, FakeQueue()),
        S3Tickets(presigner, Announcements(database).keep),
        S3Urls(presigner),
        bucket_origin=s3_site.address().origin,
    )
    tagger = Tagger(store, indexer, ToldRecognizer(Dog=97.5), TaggingSettings())
    with TestClient(app, base_url=BASE) as client:
        yield Site(s3_site, store, indexer, tagger, client)
    database.close()


def test_from_dropped_to_shown(site: Site) -> None:
    content = encode(noise(240, 160))
    ticket = site.ask("süßer Hund.jpg", content)
    assert ticket["status"] == "ready"
    assert ticket["url"].startswith(site.s3.address().origin)
    assert set(ticket["headers"]) == {"Content-Type", "If-None-Match", "x-amz-checksum-sha256"}
    assert ticket["expires_at"] > f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    assert site.client.get("/api/images?q=is:pending").json()["images"] == []
    assert site.put(ticket, content) == 200

    site.tagger.tag(ticket["key"])
    [image] = site.client.get("/api/images?q=dog").json()["images"]
    assert (image["name"], image["status"]) == ("süßer Hund.jpg", "tagged")
    assert send(site.s3, "GET", image["thumbnail"]["url"])[0] == 200
    document = site.client.get(f"/api/images/{image['id']}").json()
    assert document["document"]["Image"]["Name"] == "süßer Hund.jpg"
    assert document["document"]["Image"]["SHA256"] == hashlib.sha256(content).hexdigest()
    assert send(site.s3, "GET", document["original"])[2] == content

    page = site.client.get("/")
    [source] = re.findall(r'<img src="([^"]+)"', page.text)
    assert send(site.s3, "GET", unescape(source))[1]["content-type"] == "image/webp"
    policy = page.headers["content-security-policy"]
    assert f"img-src 'self' blob: {site.s3.address().origin};" in policy
    assert f"connect-src 'self' {site.s3.address().origin};" in policy


def test_the_same_bytes_again_are_known_before_they_are_tagged(site: Site) -> None:
    content = encode(noise(240, 160))
    ticket = site.ask("one.jpg", content)
    site.put(ticket, content)
    site.indexer.mark_pending(ticket["key"])
    again = site.ask("two.jpg", content)
    assert (again["status"], again["key"]) == ("duplicate", ticket["key"])


def test_a_lost_answer_leads_to_the_same_key_and_a_412(site: Site) -> None:
    content = encode(noise(240, 160))
    ticket = site.ask("one.jpg", content)
    assert site.put(ticket, content) == 200
    again = site.ask("one.jpg", content)
    assert (again["status"], again["key"]) == ("ready", ticket["key"])
    assert site.put(again, content) == 412


def test_another_picture_of_the_same_eight_digits_gets_a_key_of_its_own(site: Site) -> None:
    content = encode(noise(240, 160))
    taken = site.ask("one.jpg", content)["key"]
    site.store.put(taken, b"another's bytes")
    ticket = site.ask("one.jpg", content)
    assert ticket["key"] != taken
    assert site.put(ticket, content) == 200


def test_a_ticket_needs_the_hash(site: Site) -> None:
    answer = site.ask("one.jpg", encode(noise(240, 160)), sha256=None)
    assert (answer["status"], answer["error"]["code"]) == ("rejected", "sha256_required")


def test_nothing_is_received_here(site: Site) -> None:
    assert site.client.put("/upload/anything", content=b"x").status_code == 404


def test_deleting_and_restoring(site: Site) -> None:
    content = encode(noise(240, 160))
    ticket = site.ask("one.jpg", content)
    site.put(ticket, content)
    site.tagger.tag(ticket["key"])
    address = f"/api/images/{ticket['id']}"
    assert site.client.delete(address).status_code == 204
    assert site.client.get("/api/images").json()["images"] == []
    [trashed] = site.client.get("/api/images?q=is:trashed").json()["images"]
    assert send(site.s3, "GET", trashed["thumbnail"]["url"])[2] == content
    assert site.client.post(f"{address}/restore").status_code == 200
    [image] = site.client.get("/api/images?q=dog").json()["images"]
    assert image["key"] == ticket["key"]
    changed = site.client.patch(f"{address}/labels", json={"add": ["Rex"], "remove": ["Dog"]})
    assert [label["name"] for label in changed.json()["labels"]] == ["Rex"]


def test_it_says_when_the_bucket_is_gone(site: Site) -> None:
    assert site.client.get("/healthz").status_code == 200
    site.store.bucket = "no-such-bucket-here"
    assert site.client.get("/healthz").status_code == 503
