"""The site with its catalog on a server: counts that are about right, and a server that is gone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog import reads
from catalog.query import parse
from tests.integration.conftest import Site, make_site
from tests.postgres import Cluster, binaries, remove, temporary_folder

PICTURES, BUDGET = 80, 20
BROWSER = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def own_cluster() -> Iterator[Cluster]:
    """A server that only these tests stop and start."""
    binaries()
    cluster = Cluster.make(temporary_folder())
    try:
        cluster.start()
        yield cluster
    finally:
        remove(cluster)


@pytest.fixture(scope="module")
def site(own_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """More pictures than are counted one by one, and than one page shows."""
    root: Path = tmp_path_factory.mktemp("server") / "library"
    made = make_site(root, catalog=own_cluster.create("site"))
    made.database.exact_up_to = BUDGET
    for number in range(PICTURES):
        labels = {"Dog": 90.0} | ({"Rex": 90.0} if number < BUDGET else {})
        made.add(f"2026/11/{number:03}.jpg", labels)
    with made.client:
        yield made
    made.database.close()
    made.journal.close()


def test_the_api_says_which_counts_are_about_right(site: Site) -> None:
    found = site.client.get("/api/images?limit=5").json()
    assert found["total_is_exact"] is False
    assert found["total"] > BUDGET
    labels = site.client.get("/api/labels").json()
    assert labels["counts_are_exact"] is False
    assert labels["labels"][0] == {"name": "Dog", "count": found["total"]}
    found = site.client.get("/api/images?q=rex&limit=5").json()
    assert (found["total"], found["total_is_exact"]) == (BUDGET, True)
    labels = site.client.get("/api/labels?q=rex").json()
    assert labels["counts_are_exact"] is True
    assert {each["name"]: each["count"] for each in labels["labels"]} == {"Dog": 20, "Rex": 20}


def test_the_api_counts_what_it_shows_whole(site: Site) -> None:
    found = site.client.get("/api/images?limit=200").json()
    assert (found["total"], found["total_is_exact"], found["next"]) == (PICTURES, True, None)


def test_the_gallery_says_about(site: Site) -> None:
    page = site.client.get("/", headers=BROWSER).text
    with site.database.reading() as connection:
        total = reads.count(connection, parse(""))
    assert f"about {total.number:,} pictures" in page
    assert "Too many pictures to count one by one" in page
    page = site.client.get("/?q=rex", headers=BROWSER).text
    assert f"{BUDGET} pictures" in page
    assert "about" not in page.split('id="facets"')[1].split("</aside>")[0]
    assert "Too many pictures" not in page


def test_a_picture_says_about_where_it_stands(site: Site) -> None:
    ids = [each["id"] for each in site.client.get("/api/images?limit=200").json()["images"]]
    first, far, last = (
        site.client.get(f"/images/{ids[n]}", headers=BROWSER).text for n in (0, 60, -1)
    )
    assert "1 of about " in first
    assert "about " in far.split('class="place">')[1].split(" of about ")[0]
    place = last.split('class="place">')[1].split("<")[0]
    assert len(set(place.split(" of "))) == 1


def test_a_server_that_is_gone_is_said_and_comes_back(site: Site, own_cluster: Cluster) -> None:
    before = site.client.get("/api/images?limit=200").json()
    own_cluster.stop()
    try:
        answer = site.client.get("/api/images")
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"] == "The catalog cannot be reached now: try again shortly."
        page = site.client.get("/", headers=BROWSER)
        assert page.status_code == 503
        assert "The catalog cannot be reached now: try again shortly." in page.text
        health = site.client.get("/healthz")
        assert (health.status_code, health.json()["catalog"]) == (503, "does not answer")
    finally:
        own_cluster.start()
    assert site.client.get("/api/images?limit=200").json() == before
