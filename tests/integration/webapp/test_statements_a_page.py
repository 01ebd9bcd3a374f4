"""How often a page asks the database: a few times, as often for sixty pictures as for one."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from catalog.document import Document, ImageFacts, Label, Tagging
from catalog.rows import ImageRow, document_row
from catalog.storage import ObjectInfo
from catalog.writes import put_images
from tests.integration.conftest import Site, make_site
from tests.postgres import Cluster

CARDS = {"one": 1, "few": 7, "page": 60, "more": 70}
MOST = 12  # statements of one gallery page
NO_QUESTIONS = ("BEGIN", "ROLLBACK", "PRAGMA data_version")
ASKED = {"page": "/?q={}", "part": "/?q={}&part=results", "list": "/api/images?q={}"}


def row(number: int) -> ImageRow:
    """Return a picture that shows each label that this many cards or more are to show.

    Beyond that it shows none of them, but Other.
    """
    key = f"uploads/2026/11/{number:03}.jpg"
    shown = [name for name, cards in CARDS.items() if number < cards]
    labels = [Label(name, 90.0) for name in shown or ["Other"]]
    document = Document(image=ImageFacts(key=key), tagging=Tagging("tagged"), labels=labels)
    info = ObjectInfo(key, 1000, "etag", datetime(2026, 11, 22, tzinfo=UTC))
    return document_row(info, key, document, "etag")


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory, postgres: Cluster) -> Iterator[dict[str, Site]]:
    """The same pictures in a file with arrays in memory, in one without, and on a server."""
    root: Path = tmp_path_factory.mktemp("counted")
    rows = [row(number) for number in range(max(CARDS.values()) + 1)]
    server = postgres.create("counted")
    made = {name: make_site(root / name, catalog=url) for name, url in
            (("arrays", ""), ("SQL alone", ""), ("server", server))}  # fmt: skip
    made["SQL alone"].database.uses_arrays = False
    for site in made.values():
        site.database.write(lambda connection: put_images(connection, rows))
        # Loads arrays, order and names, which is done once; no picture that is asked for below.
        site.client.get("/?q=other")
        site.client.get("/api/labels")
        site.client.get("/api/images?q=nothing")  # looks whether they are still right
    yield made
    for site in made.values():
        site.database.close()
        site.journal.close()


@contextmanager
def noted(site: Site) -> Iterator[list[str]]:
    """Note each statement that the driver is given, whoever gives it."""
    statements: list[str] = []
    engine = site.database._engine

    def checkout(driver: Any, *_: object) -> None:
        driver.set_trace_callback(statements.append)

    def execute(_connection: Any, _cursor: Any, statement: str, *_: object) -> None:
        statements.append(statement)

    on_sqlite = engine.dialect.name == "sqlite"
    name, listener = ("checkout", checkout) if on_sqlite else ("before_cursor_execute", execute)
    event.listen(engine, name, listener)
    beside = site.database._commits  # what it is asked besides marks is asked without a transaction
    if beside is not None and beside.mark() is not None:
        checkout(beside._connection)
    try:
        yield statements
    finally:
        event.remove(engine, name, listener)


@pytest.mark.parametrize("what", ASKED)
@pytest.mark.parametrize("where", ["arrays", "SQL alone", "server"])
def test_a_page_asks_as_often_for_sixty_pictures_as_for_one(
    sites: dict[str, Site], where: str, what: str
) -> None:
    site = sites[where]
    found: dict[str, list[str]] = {}
    for name in CARDS:
        with noted(site) as statements:
            answer = site.client.get(ASKED[what].format(name))
        assert answer.status_code == 200
        shown = min(CARDS[name], 60)
        tiles = answer.text.count('class="tile ')
        assert (len(answer.json()["images"]) if what == "list" else tiles) == shown
        asked = [each for each in statements if not each.startswith(NO_QUESTIONS)]
        found[name] = asked
    counts = {name: len(each) for name, each in found.items()}
    assert 0 < counts["one"] == counts["few"] == counts["page"] <= MOST, found
    # How many there are in all is asked where the page does not show all.
    assert counts["page"] <= counts["more"] <= counts["page"] + 1, found


@pytest.mark.parametrize("what", ["page", "list"])
def test_after_a_commit_a_page_reads_what_was_written_and_little_more(
    sites: dict[str, Site], what: str
) -> None:
    """While many are uploaded somebody commits before each page: sixty pictures stay known."""
    site = sites["arrays"]
    site.client.get(ASKED[what].format("one|few|page"))
    for _ in range(3):
        site.database.write(lambda connection: put_images(connection, [row(0)]))
        with noted(site) as statements:
            answer = site.client.get(ASKED[what].format("one|few|page"))
        assert answer.status_code == 200
        listed = [each.rpartition(" IN (")[2] for each in statements if " FROM image" in each]
        assert [len(each.split(",")) for each in listed if each] == [1] * len(listed), statements
