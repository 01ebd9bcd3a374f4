"""A bucket behind the page: the browser sends to it and fetches from it, as S3 lets it."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from catalog.announcements import Announcements
from catalog.library import Library
from cli.home import Home, open_home
from cli.worker import Worker
from tests.e2e.browser_pages import TAGGED_WITHIN_MS, drop
from tests.e2e.conftest import Watch
from tests.fakes import ToldRecognizer
from tests.strict_s3.errors import RefusedError
from tests.strict_s3.front import Seen
from tests.strict_s3.signatures import Key
from tests.strict_s3.site import S3Site
from webapp.app import create_app
from webapp.s3_credentials import Credentials
from webapp.s3_signing import Presigner
from webapp.s3_tickets import S3Tickets
from webapp.s3_urls import S3Urls
from webapp.settings import WebSettings

pytestmark = pytest.mark.browser

NEXT_KEY = Key("ASIANEXT", "the next secret", "the next token")


@dataclass
class Served:
    """A page over a bucket; `key` signs what it hands out from now on."""

    url: str
    s3: S3Site
    home: Home
    key: Key

    def credentials(self) -> Credentials:
        return Credentials(self.key.id, self.key.secret, self.key.token)

    def seen(self, method: str, prefix: str) -> list[Seen]:
        return [r for r in self.s3.requests if r.method == method and r.key.startswith(prefix)]


def rules(origin: str) -> list[dict[str, Any]]:
    """Return the CORS rules that docs/bucket.md shows."""
    return [
        {
            "AllowedOrigins": [origin],
            "AllowedMethods": ["GET", "PUT"],
            "AllowedHeaders": ["content-type", "if-none-match", "x-amz-checksum-sha256"],
            "ExposedHeaders": ["ETag"],
            "MaxAge": 3000,
        }
    ]


@pytest.fixture
def served(s3_site: S3Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setenv("TAGLIGHT_STATE", str(tmp_path))
    home = open_home(f"s3://{s3_site.bucket}")
    made = Served("", s3_site, home, s3_site.key)
    address = s3_site.address(browser=True)  # http://<bucket>.localhost:<port>
    presigner = Presigner(address, lambda: made.credentials())
    app = create_app(
        WebSettings(),
        home.store,
        home.database,
        home.indexer,
        Library(home.store, home.indexer, home.journal),
        S3Tickets(presigner, Announcements(home.database).keep),
        S3Urls(presigner),
        bucket_origin=address.origin,
    )
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", access_log=False)
    )
    worker = Worker(home, ToldRecognizer(Cat=97.5))
    threads = [threading.Thread(target=server.run), threading.Thread(target=worker.run)]
    for thread in threads:
        thread.start()
    while not server.started:
        time.sleep(0.02)
    made.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    s3_site.front.cors = rules(made.url)
    with closing(home):
        yield made
        server.should_exit = True
        worker.stop.set()
        for thread in threads:
            thread.join()


@pytest.fixture
def gallery(browser: Browser, served: Served, watch: Watch) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=served.url)
    watch.listen(context)
    page = context.new_page()
    page.goto("/")
    yield page
    context.close()


def expect_shown(page: Page, where: str = "#results", signed_by: Key | None = None) -> None:
    """Wait until the first picture there has come, at an address that this key has signed."""
    image = page.locator(f"{where} img").first
    expect(image).to_be_visible(timeout=TAGGED_WITHIN_MS)
    if signed_by:
        expect(image).to_have_attribute("src", re.compile(signed_by.id))
    for _ in range(300):
        if image.evaluate("image => image.naturalWidth") > 0:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"the picture in {where} has not come")


def test_dropped_sent_tagged_and_shown(gallery: Page, served: Served, photographs: Path) -> None:
    drop(gallery, photographs / "chelsea.jpg")
    expect_shown(gallery)
    [sent] = served.seen("PUT", "uploads/")
    assert sent.status == 200
    assert sent.presigned
    assert sent.headers["host"] == served.s3.address(browser=True).host
    assert served.seen("OPTIONS", "uploads/")[0].status == 200
    assert all(request.status == 200 for request in served.seen("GET", "thumbs/"))

    gallery.locator("#results a").first.click()
    expect(gallery.get_by_role("heading", name="chelsea.jpg")).to_be_visible()
    expect_shown(gallery, ".stage")
    with gallery.expect_download() as download:
        gallery.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "chelsea.jpg"
    assert download.value.path().read_bytes() == (photographs / "chelsea.jpg").read_bytes()


def test_sent_again_is_the_same_picture(gallery: Page, served: Served, photographs: Path) -> None:
    drop(gallery, photographs / "coffee.jpg")
    expect_shown(gallery)
    drop(gallery, photographs / "coffee.jpg")
    expect(gallery.get_by_text("Already here", exact=True)).to_be_visible()
    assert len(served.seen("PUT", "uploads/")) == 1


def test_a_bucket_without_rules_takes_nothing(
    gallery: Page, served: Served, photographs: Path, watch: Watch
) -> None:
    watch.expected += ["CORS policy", "Failed to load resource"]
    served.s3.front.cors = []
    drop(gallery, photographs / "chelsea.jpg")
    expect(gallery.locator("#tray")).to_contain_text("Trying again soon")
    assert served.seen("PUT", "uploads/") == []


def test_a_picture_whose_address_has_ended_is_asked_for_by_a_new_one(
    gallery: Page, served: Served, photographs: Path
) -> None:
    drop(gallery, photographs / "rocket.jpg")
    expect_shown(gallery)
    old = served.key

    def ended(seen: Seen) -> None:
        if seen.presigned and seen.method == "GET" and old.id in seen.query:
            served.s3.front.keys[NEXT_KEY.id] = served.key = NEXT_KEY
            raise RefusedError("AccessDenied", "Request has expired")

    served.s3.front.interfere = ended
    for where in ("#results", ".stage"):
        if where == ".stage":
            gallery.locator("#results a").first.click()
            expect(gallery.get_by_role("heading", name="rocket.jpg")).to_be_visible()
        session = gallery.context.new_cdp_session(gallery)
        session.send("Network.clearBrowserCache")
        session.detach()
        served.key = old
        gallery.reload()
        expect_shown(gallery, where, NEXT_KEY)
