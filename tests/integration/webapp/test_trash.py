"""The trash as a page: everything in it can be reached, put back, or deleted for good."""

import re
from datetime import UTC, datetime, timedelta

from catalog.keys import UPLOADS, metadata_key, thumbnail_key, trash_folder, trash_stamp
from tests.integration.conftest import BASE, Site
from tests.integration.webapp.test_pages import Reader, link_like, post, read

DOG = "2026/11/dog-00000001.jpg"


def stamps(site: Site) -> list[str]:
    """Return the folders of the trash, the latest first, as addresses name them."""
    found = {info.key.split("/")[1] for info in site.store.list("trash/")}
    return sorted(found, reverse=True)


def ways_back(page: Reader) -> list[str]:
    return [form["action"] for form in page.forms if "/restore?" in form["action"]]


def deleted_twice(site: Site) -> str:
    """Put two pictures under one key, one after the other, and delete both."""
    picture_id = site.add(DOG, {"Dog": 90}, content=b"first")
    site.client.delete(f"/api/images/{picture_id}")
    (stamp,) = stamps(site)
    earlier = trash_folder(datetime.now(UTC) - timedelta(days=3), "00000000")
    for info in list(site.store.list(f"trash/{stamp}/")):
        site.store.copy(info.key, info.key.replace(f"trash/{stamp}/", earlier))
        site.store.delete(info.key)
    for folder in (f"trash/{stamp}/", earlier):
        site.indexer.index_trash(folder)
    site.add(DOG, {"Dog": 90}, content=b"second")
    site.client.delete(f"/api/images/{picture_id}")
    return picture_id


def test_what_was_deleted_is_shown_with_how_long_it_is_kept(site: Site) -> None:
    picture_id = site.add(DOG, {"Dog": 90}, name="Rex at the beach.jpg")
    post(site, f"/images/{picture_id}/delete")
    assert read(site, "/").links["Trash"] == "/trash"
    page = read(site, "/trash")
    assert "Rex at the beach.jpg" in page.text
    assert re.search(r"Deleted (today|yesterday), kept 30 more days", page.text)


def test_one_is_put_back_just_as_it_was(site: Site) -> None:
    picture_id = site.add(DOG, {"Dog": 90})
    site.client.patch(f"/api/images/{picture_id}/labels", json={"add": ["Rex"]})
    key = UPLOADS + DOG
    site.store.put(thumbnail_key(key, 320), b"small")
    before = {each: site.store.read(each)[0] for each in (key, metadata_key(key))}
    post(site, f"/images/{picture_id}/delete")
    (back,) = ways_back(read(site, "/trash"))
    assert post(site, back).headers["location"].startswith("/trash?")
    assert {each: site.store.read(each)[0] for each in before} == before
    assert site.store.read(thumbnail_key(key, 320))[0] == b"small"
    assert "The trash is empty" in read(site, "/trash").text
    assert stamps(site) == []


def test_two_that_had_one_key_can_both_be_seen_and_put_back(site: Site) -> None:
    picture_id = deleted_twice(site)
    later, earlier = stamps(site)
    for stamp, content in ((later, b"second"), (earlier, b"first")):
        shown = site.client.get(f"/api/images/{picture_id}?trash={stamp}").json()
        assert shown["trashed"]
        assert site.client.get(shown["original"]).content == content
        original = link_like(read(site, shown["page"]), "Original")
        assert site.client.get(original).content == content
    assert len(ways_back(read(site, "/trash"))) == 2
    post(site, f"/images/{picture_id}/restore?trash={earlier}&trash-page=1")
    assert site.store.read(UPLOADS + DOG)[0] == b"first"
    assert stamps(site) == [later]
    page = read(site, "/trash")
    assert "Another picture has its place now." in page.text
    assert ways_back(page) == []
    answer = site.client.post(f"/api/images/{picture_id}/restore?trash={later}")
    assert answer.status_code == 409
    site.client.delete(f"/api/images/{picture_id}")
    assert site.client.post(f"/api/images/{picture_id}/restore?trash={later}").status_code == 200
    assert site.store.read(UPLOADS + DOG)[0] == b"second"


def test_all_are_put_back_but_those_that_lost_their_place(site: Site) -> None:
    deleted_twice(site)
    site.client.delete(f"/api/images/{site.add('cat.jpg', {'Cat': 90})}")
    answer = post(site, "/trash/restore")
    page = read(site, answer.headers["location"])
    assert "2 pictures put back." in page.text
    assert "What has lost its place to another picture stays in the trash." in page.text
    assert site.store.read(UPLOADS + DOG)[0] == b"second"
    assert site.client.get("/api/images").json()["total"] == 2
    assert site.client.get("/api/images?q=is:trashed").json()["total"] == 1


def test_emptying_takes_what_the_form_showed_and_nothing_that_came_later(site: Site) -> None:
    site.add("stays.jpg", {"Dog": 90})
    site.client.delete(f"/api/images/{site.add(DOG, {'Dog': 90})}")
    page = read(site, "/trash")
    assert "1 picture will be deleted for good" in page.text
    until = datetime.now(UTC) - timedelta(hours=1)
    post(site, "/trash/empty", {"until": until.isoformat()})
    assert len(stamps(site)) == 1
    (shown,) = [found for tag, found in page.tags if found.get("name") == "until"]
    answer = post(site, "/trash/empty", {"until": shown["value"] or ""})
    assert "1 picture deleted for good." in read(site, answer.headers["location"]).text
    assert list(site.store.list("trash/")) == []
    assert site.client.get("/api/images?q=is:trashed").json()["total"] == 0
    assert site.client.get("/api/images").json()["total"] == 1


def test_a_form_without_its_moment_empties_nothing(site: Site) -> None:
    site.client.delete(f"/api/images/{site.add(DOG, {'Dog': 90})}")
    answer = site.client.post("/trash/empty", headers={"Origin": BASE})
    assert answer.status_code == 400
    assert len(stamps(site)) == 1


def test_one_is_deleted_for_good_and_no_other(site: Site) -> None:
    picture_id = deleted_twice(site)
    live = site.add(DOG, {"Dog": 90}, content=b"third")
    assert live == picture_id
    later, earlier = stamps(site)
    post(site, f"/images/{picture_id}/delete-for-good?trash={later}")
    assert stamps(site) == [earlier]
    assert site.store.read(UPLOADS + DOG)[0] == b"third"
    answer = site.client.post(f"/images/{picture_id}/delete-for-good", headers={"Origin": BASE})
    assert answer.status_code == 404  # what is not in the trash is not deleted like this
    assert site.store.read(UPLOADS + DOG)[0] == b"third"


def test_a_place_in_the_trash_that_there_is_not_is_said(site: Site) -> None:
    picture_id = site.add(DOG, {"Dog": 90})
    for stamp in ("../uploads", "x", "20261122T160000Z-0000000"):
        assert site.client.get(f"/api/images/{picture_id}?trash={stamp}").status_code == 400
    gone = trash_stamp(trash_folder(datetime(2026, 1, 1, tzinfo=UTC), "00000000"))
    for stamp in (gone, "18431663T550934Z-769ad3bd"):  # which no clock has ever shown
        assert site.client.get(f"/api/images/{picture_id}?trash={stamp}").status_code == 404
        again = site.client.post(f"/api/images/{picture_id}/restore?trash={stamp}")
        assert again.status_code == 404


def test_the_trash_is_shown_page_by_page(site: Site) -> None:
    for number in range(65):
        key = f"{UPLOADS}{number}.jpg"
        deleted_at = datetime(2026, 11, 20, tzinfo=UTC) + timedelta(minutes=number)
        folder = trash_folder(deleted_at, f"{number:08x}")
        site.store.put(folder + key, b"x")
        site.indexer.index_trash(folder)
    first = read(site, "/trash")
    second = read(site, first.links["More pictures"])
    names = [list(dict.fromkeys(re.findall(r"\d+\.jpg", page.text))) for page in (first, second)]
    assert [len(each) for each in names] == [60, 5]
    assert [*names[0], *names[1]] == [f"{number}.jpg" for number in reversed(range(65))]
