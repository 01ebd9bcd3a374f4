"""Pages on a catalog that is written to, locked, full or gone: the truth, or a clear sentence."""

import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from catalog import keys
from catalog.dialects import sqlite
from tests.integration.conftest import Site, make_site

SENTENCE = "The catalog cannot be reached now: try again shortly."
FULL = "The disk is full: nothing more can be kept until some space is free."
BROWSER = {"Accept": "text/html", "Origin": "http://127.0.0.1:8000"}
READ = ["/", "/?q=dog", "/?q=dog&part=results", "/insights", "/api/images", "/api/labels"]


@pytest.fixture
def impatient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site with a picture of a dog that waits for other writers a short moment only."""
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT", 0.2)
    made = make_site(tmp_path / "library")
    made.add(labels={"Dog": 90.0})
    with made.client:
        yield made
    made.database.close()
    made.journal.close()


def is_said(answer: Any, *, page: bool, sentence: str = SENTENCE) -> None:
    """Check that an answer says what is the matter and when to ask again."""
    assert answer.status_code == 503, answer.text
    assert answer.headers["retry-after"] == "5"
    if page:
        assert answer.headers["content-type"].startswith("text/html")
        assert sentence in answer.text
    else:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"] == sentence
    assert "sqlite" not in answer.text.casefold()


def the_id(site: Site) -> str:
    """Return the id of the picture that is there."""
    return keys.image_id("uploads/2026/11/dog-00000001.jpg")


def read_all(site: Site, check: Callable[[Any, bool], None]) -> None:
    for path in [*READ, f"/images/{the_id(site)}", f"/api/images/{the_id(site)}"]:
        check(site.client.get(path, headers=BROWSER), not path.startswith("/api"))


@contextmanager
def locked(site: Site) -> Iterator[None]:
    """Be another writer who does not come to an end."""
    file = site.root / ".taglight" / "catalog.sqlite"
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@contextmanager
def held(site: Site) -> Iterator[None]:
    """Let nobody else even read."""
    site.database.close()
    other = sqlite3.connect(site.root / ".taglight" / "catalog.sqlite", isolation_level=None)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        other.close()


@contextmanager
def gone(site: Site) -> Iterator[None]:
    """Take the folder of the catalog away, as a disk that is unplugged."""
    site.database.close()
    ours = site.root / ".taglight"
    away = ours.rename(site.root / "away")
    try:
        yield
    finally:
        away.rename(ours)


@contextmanager
def full(site: Site) -> Iterator[None]:
    """Let the file of the catalog grow no more."""
    limit = 1  # never less than there are

    def checkout(driver: Any, *_: object) -> None:
        driver.execute(f"PRAGMA max_page_count = {limit}")

    event.listen(site.database._engine, "checkout", checkout)
    try:
        yield
    finally:
        limit = 1073741823
        with site.database.reading():
            pass
        event.remove(site.database._engine, "checkout", checkout)


def add_labels(site: Site) -> Any:
    """Add as many and as long labels as one request may: they need room."""
    names = [f"{number:03} ".ljust(99, "x") + "." for number in range(100)]
    return site.client.patch(f"/api/images/{the_id(site)}/labels", json={"add": names})


@pytest.mark.parametrize(("trouble", "sentence"), [(locked, SENTENCE), (full, FULL)])
def test_what_cannot_be_written_is_said_and_all_is_still_shown(
    impatient: Site, trouble: Callable[[Site], Any], sentence: str
) -> None:
    site = impatient
    before = site.client.get("/api/labels").json()
    with trouble(site):
        is_said(add_labels(site), page=False, sentence=sentence)
        assert site.client.get("/api/labels").json() == before
        read_all(site, lambda answer, _: answer.raise_for_status())
    assert add_labels(site).status_code == 200
    found = site.client.get("/api/labels?limit=200").json()["labels"]
    assert len(found) == 101


def test_a_form_that_meets_a_locked_catalog_leads_to_a_page_that_says_so(impatient: Site) -> None:
    form = f"/images/{the_id(impatient)}/delete"
    with locked(impatient):
        is_said(impatient.client.post(form, headers=BROWSER), page=True)


@pytest.mark.parametrize("trouble", [held, gone])
def test_what_cannot_be_read_is_said_and_comes_back(
    impatient: Site, trouble: Callable[[Site], Any], caplog: pytest.LogCaptureFixture
) -> None:
    site = impatient
    before = [site.client.get(path).status_code for path in READ]
    with trouble(site):
        read_all(site, lambda answer, page: is_said(answer, page=page))
        health = site.client.get("/healthz")
        assert (health.status_code, health.json()["catalog"]) == (503, "does not answer")
    for route in ("/", "/api/images", "/api/images/{image_id}"):
        assert f"GET {route}: The catalog " in caplog.text
    assert [site.client.get(path).status_code for path in READ] == before
    assert site.client.get("/api/images").json()["total"] == 1


def test_count_facet_and_pictures_agree_while_others_write(site: Site) -> None:
    for number in range(20):
        site.add(f"2026/11/{number:03}.jpg", {"Dog": 90.0, "Cat": 80.0})
    done = threading.Event()

    def write() -> None:
        turn = 0
        while not done.is_set():
            turn += 1
            labels = {"Dog": 90.0, "Cat": 80.0} if turn % 3 else {"Cat": 80.0}
            site.add(f"2026/11/{turn % 20:03}.jpg", labels)

    writer = threading.Thread(target=write)
    writer.start()
    seen = set[int]()
    try:
        for turn in range(2000):
            if turn >= 30 and len(seen) > 1:  # there was something to disagree about
                break
            page = site.client.get("/?q=dog").text
            tiles = page.count('class="tile ')
            (count,) = re.findall(r'data-part="count">(\d+) pictures?', page)
            dogs = re.findall(r'<span>Dog</span><span class="n">(\d+)</span>', page)
            assert [tiles] == [int(count)] == [int(number) for number in dogs]
            listed = site.client.get("/api/images?q=dog").json()
            assert listed["total"] == len(listed["images"])
            seen.add(tiles)
    finally:
        done.set()
        writer.join()
    assert len(seen) > 1
