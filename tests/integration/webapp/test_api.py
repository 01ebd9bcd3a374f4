"""The JSON API of the public contract: search, one picture, labels, status, and what people do."""

import json
import random
from typing import Any

import pytest

from catalog import keys, reads
from tests.integration.conftest import Site

LABELS = {f"Label {n:02}": 99.0 - n for n in range(15)} | {"Dog": 64.5}


def problem(response: Any, status: int) -> dict[str, Any]:
    """Check that this is a problem document of this status, and return it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document["status"] == status
    assert document["title"]
    assert document["detail"].strip().endswith((".", ":", "?", "”"))
    return document


# --- GET /api/images ---


def test_empty_library(site: Site) -> None:
    response = site.client.get("/api/images")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.json() == {"images": [], "next": None, "total": 0, "total_is_exact": True}


def test_picture_in_a_list(site: Site) -> None:
    image_id = site.add("2026/11/dog-00000001.jpg", LABELS, name="cute dog.jpg")
    (image,) = site.client.get("/api/images").json()["images"]
    assert image["labels"] == [{"name": f"Label {n:02}", "confidence": 99.0 - n} for n in range(10)]
    del image["labels"]
    assert image == {
        "id": image_id,
        "key": "uploads/2026/11/dog-00000001.jpg",
        "name": "cute dog.jpg",
        "page": f"/images/{image_id}",
        "thumbnail": None,
        "width": 400,
        "height": 300,
        "uploaded_at": "2026-11-22T16:04:56Z",
        "taken_at": None,
        "status": "tagged",
        "error": None,
    }


def test_labels_in_a_list_are_those_at_min(site: Site) -> None:
    site.add(labels={"Dog": 90.0, "Cat": 70.0, "Wolf": 69.9, "Fox": 31.0})

    def names(query: str) -> list[str]:
        (image,) = site.client.get(f"/api/images{query}").json()["images"]
        return [label["name"] for label in image["labels"]]

    assert names("") == ["Dog", "Cat"]
    assert names("?min=0") == ["Dog", "Cat", "Wolf", "Fox"]
    assert names("?min=69.9") == ["Dog", "Cat", "Wolf"]
    assert names("?min=") == ["Dog", "Cat"]


def test_failed_picture_says_why(site: Site) -> None:
    site.add(failed="Could not read this picture: it ends in the middle.")
    (image,) = site.client.get("/api/images?q=is:failed").json()["images"]
    assert image["status"] == "failed"
    assert image["error"] == {
        "code": "truncated",
        "message": "Could not read this picture: it ends in the middle.",
    }


def test_pending_picture(site: Site) -> None:
    site.add_pending()
    (image,) = site.client.get("/api/images").json()["images"]
    assert (image["status"], image["labels"], image["thumbnail"]) == ("pending", [], None)


def test_filter_and_pages(site: Site) -> None:
    for n in range(5):
        site.add(f"dog{n}.jpg", {"Dog": 80.0 + n})
    site.add("cat.jpg", {"Cat": 99.0})
    asked = {"q": "dog", "sort": "confidence", "limit": "2", "min": "80.5"}
    first = site.client.get("/api/images", params=asked).json()
    assert first["total"] == 4
    assert first["total_is_exact"] is True
    assert [image["name"] for image in first["images"]] == ["dog4.jpg", "dog3.jpg"]
    second = site.client.get("/api/images", params=asked | {"cursor": first["next"]}).json()
    assert [image["name"] for image in second["images"]] == ["dog2.jpg", "dog1.jpg"]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("query", "position"),
    [
        ("dog>", None),
        ("dog cat>x", None),
        ('"dog', None),
        ("is:nothing", None),
        ("d" * 10_001, None),
    ],
)
def test_mistake_in_the_search(site: Site, query: str, position: None) -> None:
    for path in ("/api/images", "/api/labels"):
        found = problem(site.client.get(path, params={"q": query}), 400)
        assert 0 <= found["position"] <= len(query)


@pytest.mark.parametrize(
    "query",
    [
        "min=-1",
        "min=100.1",
        "min=nan",
        "min=inf",
        "min=high",
        "min=1e1",
        "min=%D9%A7%D9%A0",
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=ten",
        "limit=1.5",
        "limit=99999999999999999999",
        "sort=size",
        "sort=newest;drop",
        "cursor=x",
        "cursor=%00",
        "cursor=" + "A" * 5000,
    ],
)
def test_bad_parameter(site: Site, query: str) -> None:
    site.add()
    problem(site.client.get(f"/api/images?{query}"), 400)


def test_slider_with_all_the_digits_of_a_float(site: Site) -> None:
    site.add(labels={"Dog": 94.8})
    for low, found in (("94.75985096694882", 1), ("94.80000000000001", 0), ("100.", 0)):
        assert site.client.get(f"/api/images?min={low}").json()["total"] == found


def test_lists_from_memory_are_those_of_the_database(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the byte, with the same headers; what is kept from before is not asked for."""
    chance = random.Random(3)
    for n in range(30):
        names = chance.sample(["Dog", "Cat", "Cow", 'a "b" \\ é'], 3)
        sure = {name: chance.choice([60.0, 70.0, 69.99, 80.5, 100.0]) for name in names}
        site.add(f"{n:02}.jpg", sure, name=f"ü {n % 7}.jpg")
    searches = ["", "dog", "dog cat", "dog>90|cow", "-dog", "is:pending", "unheard of"]
    asked = [
        f"/api/images?q={search}&sort={sort}&limit={limit}{low}"
        for search in searches
        for sort in ("newest", "name", "confidence")
        for limit, low in ((7, ""), (60, "&min=69.99"), (60, "&min=80.5"), (3, "&min=0"))
    ]
    chance.shuffle(asked)
    first = [site.client.get(f"{path}&turn=1") for path in asked]
    at_once, found = reads.cards_at_once, list[bool]()

    def noted(*given: Any, **named: Any) -> Any:
        page = at_once(*given, **named)
        found.append(page is not None)
        return page

    monkeypatch.setattr(reads, "cards_at_once", noted)
    again = [site.client.get(f"{path}&turn=2") for path in asked]
    monkeypatch.setattr(reads, "cards_at_once", lambda *_, **__: None)
    by_the_route = [site.client.get(f"{path}&turn=3") for path in asked]
    site.database.uses_arrays = False
    by_sql = [site.client.get(f"{path}&turn=4") for path in asked]
    assert sum(found) > len(asked) / 2
    for path, *answers in zip(asked, first, again, by_the_route, by_sql, strict=True):
        assert len({answer.content for answer in answers}) == 1, path
        assert len({tuple(sorted(answer.headers)) for answer in answers}) == 1, path


def test_cursor_of_another_order(site: Site) -> None:
    for n in range(3):
        site.add(f"{n}.jpg")
    cursor = site.client.get("/api/images?limit=1&sort=newest").json()["next"]
    problem(site.client.get(f"/api/images?limit=1&sort=name&cursor={cursor}"), 400)


def test_unknown_parameters_are_ignored(site: Site) -> None:
    assert site.client.get("/api/images?utm=1&q=").status_code == 200


@pytest.mark.parametrize("query", ["%ff%fe", "%00", "%F0%9F%98%80", "'%20OR%201=1--", "%25"])
def test_odd_search_texts(site: Site, query: str) -> None:
    assert site.client.get(f"/api/images?q={query}").status_code in (200, 400)


# --- GET /api/labels ---


def test_label_counts(site: Site) -> None:
    site.add("a.jpg", {"Dog": 90.0, "Pet": 80.0})
    site.add("b.jpg", {"Dog": 60.0, "Pet": 90.0, "Piano": 99.0})
    answer = site.client.get("/api/labels").json()
    assert answer["counts_are_exact"] is True
    assert {label["name"]: label["count"] for label in answer["labels"]} == {
        "Pet": 2,
        "Dog": 1,
        "Piano": 1,
    }
    narrowed = site.client.get("/api/labels?q=piano&min=50&prefix=p&limit=1").json()["labels"]
    assert narrowed == [{"name": "Pet", "count": 1}]


def test_bad_parameters_of_labels(site: Site) -> None:
    problem(site.client.get("/api/labels?min=x"), 400)
    problem(site.client.get("/api/labels?limit=0"), 400)


# --- GET /api/images/<id> ---


def test_one_picture(site: Site) -> None:
    image_id = site.add(labels=LABELS)
    image = site.client.get(f"/api/images/{image_id}").json()
    assert len(image["labels"]) == 16
    assert image["labels"][0] == {
        "name": "Label 00",
        "confidence": 99.0,
        "source": "recognizer",
        "parents": [],
        "aliases": [],
        "categories": [],
        "instances": [],
    }
    assert image["document"]["Labels"][0]["Name"] == "Label 00"
    assert image["properties"] is None
    assert site.client.get(image["original"]).content.startswith(b"\xff\xd8")


def test_document_of_a_raw_rekognition_answer(site: Site) -> None:
    key = "uploads/a.jpg"
    site.store.put(key, b"picture")
    raw = {
        "Labels": [
            {
                "Name": "Dog",
                "Confidence": 98.5,
                "Parents": [{"Name": "Animal"}],
                "Categories": [{"Name": "Animals and Pets"}],
                "Instances": [
                    {
                        "BoundingBox": {"Left": 0.1, "Top": 0.2, "Width": 0.3, "Height": 0.4},
                        "Confidence": 97.0,
                    }
                ],
            }
        ]
    }
    site.store.put(keys.metadata_key(key), json.dumps(raw).encode())
    site.indexer.index(key)
    image = site.client.get(f"/api/images/{keys.image_id(key)}").json()
    (label,) = image["labels"]
    assert label["parents"] == ["Animal"]
    assert label["categories"] == ["Animals and Pets"]
    (instance,) = label["instances"]
    assert instance["confidence"] == 97.0
    assert instance["bounding_box"] == {"left": 0.1, "top": 0.2, "width": 0.3, "height": 0.4}
    assert image["document"] == raw


@pytest.mark.parametrize("text", [b"not json", b"12", b"", b"[" * 100_000])
def test_document_that_makes_no_sense(site: Site, text: bytes) -> None:
    key = "uploads/a.jpg"
    site.store.put(key, b"picture")
    site.store.put(keys.metadata_key(key), text)
    site.indexer.index(key)
    image = site.client.get(f"/api/images/{keys.image_id(key)}").json()
    assert image["status"] == "failed"
    assert image["error"]["message"]


def test_no_such_picture(site: Site) -> None:
    unknown = keys.image_id("uploads/nothing.jpg")
    for bad in (unknown, "x", "%00", "..", "%2e%2e", "a" * 500, "%F0%9F%98%80"):
        problem(site.client.get(f"/api/images/{bad}"), 404)
    problem(site.client.delete(f"/api/images/{unknown}"), 404)
    problem(site.client.post(f"/api/images/{unknown}/restore"), 404)
    problem(site.client.post(f"/api/images/{unknown}/retry"), 404)
    problem(site.client.patch(f"/api/images/{unknown}/labels", json={"add": ["A"]}), 404)


# --- what people do ---


def test_delete_and_restore(site: Site) -> None:
    image_id = site.add(labels={"Dog": 90.0})
    response = site.client.delete(f"/api/images/{image_id}")
    assert (response.status_code, response.content) == (204, b"")
    assert site.client.get("/api/images").json()["total"] == 0
    assert site.client.get("/api/images?q=is:trashed").json()["total"] == 1
    assert site.client.get(f"/api/images/{image_id}").json()["trashed"] is True
    problem(site.client.delete(f"/api/images/{image_id}"), 404)
    problem(site.client.post(f"/api/images/{image_id}/retry"), 404)

    restored = site.client.post(f"/api/images/{image_id}/restore")
    assert restored.status_code == 200
    assert restored.json()["id"] == image_id
    assert restored.json()["labels"][0]["name"] == "Dog"
    assert site.client.get("/api/images?q=dog").json()["total"] == 1
    problem(site.client.post(f"/api/images/{image_id}/restore"), 404)


def test_restore_where_the_key_is_taken(site: Site) -> None:
    image_id = site.add("a.jpg")
    site.client.delete(f"/api/images/{image_id}")
    assert site.add("a.jpg", content=b"others") == image_id
    problem(site.client.post(f"/api/images/{image_id}/restore"), 409)
    site.client.delete(f"/api/images/{image_id}")
    assert site.client.get("/api/images?q=is:trashed").json()["total"] == 2


def test_retry(site: Site) -> None:
    image_id = site.add(labels={"Dog": 90.0})
    before = site.journal.waiting("tag")
    response = site.client.post(f"/api/images/{image_id}/retry")
    assert response.status_code == 202
    assert site.journal.waiting("tag") == before + 1


@pytest.mark.parametrize("failed", ["", "Could not read this picture: it ends in the middle."])
def test_retry_is_seen_by_the_next_request_and_ends_with_the_answer(
    site: Site, failed: str
) -> None:
    key = "uploads/2026/11/dog-00000001.jpg"
    image_id = site.add(labels={} if failed else {"Dog": 90.0}, failed=failed)
    site.client.post(f"/api/images/{image_id}/retry")
    status = site.client.post("/api/images/status", json={"keys": [key]}).json()["images"][0]
    assert (status["status"], status["error"]) == ("pending", None)
    assert site.client.get(f"/api/images/{image_id}").json()["status"] == "pending"
    assert site.client.get("/api/images?q=is:pending").json()["total"] == 1
    # The worker finds the same again, so the document stays as it was; the row does not.
    site.indexer.index(key)
    answer = site.client.get(f"/api/images/{image_id}").json()
    assert answer["status"] == ("failed" if failed else "tagged")


def test_corrections(site: Site) -> None:
    image_id = site.add(labels={"Wolf": 90.0, "Animal": 80.0})
    address = f"/api/images/{image_id}/labels"
    response = site.client.patch(address, json={"add": ["Rex"], "remove": ["wolf"]})
    assert response.status_code == 200
    labels = [(label["name"], label["source"]) for label in response.json()["labels"]]
    assert labels == [("Rex", "person"), ("Animal", "recognizer")]
    assert response.json()["document"]["Edits"]["Removed"][0]["Name"].lower() == "wolf"
    assert site.client.get("/api/images?q=rex").json()["total"] == 1
    assert site.client.get("/api/images?q=wolf").json()["total"] == 0

    taken_back = site.client.patch(address, json={"add": ["Wolf"], "remove": ["Rex"]}).json()
    names = [label["name"] for label in taken_back["labels"]]
    assert names == ["Wolf", "Animal"]
    assert site.client.patch(address, json={}).status_code == 200


@pytest.mark.parametrize(
    "body",
    [[], {"add": "Dog"}, {"add": [1]}, {"remove": None}, {"add": ["a"] * 101}, {"add": [""]},
     {"add": ["x" * 1000]}],
)  # fmt: skip
def test_corrections_of_the_wrong_shape(site: Site, body: Any) -> None:
    image_id = site.add(labels={"Dog": 90.0})
    problem(site.client.patch(f"/api/images/{image_id}/labels", json=body), 422)


def test_corrections_that_are_not_json(site: Site) -> None:
    image_id = site.add(labels={"Dog": 90.0})
    problem(site.client.patch(f"/api/images/{image_id}/labels", content=b"add"), 400)


def test_pending_picture_cannot_be_corrected_yet(site: Site) -> None:
    image_id = site.add_pending()
    found = problem(site.client.patch(f"/api/images/{image_id}/labels", json={"add": ["A"]}), 409)
    assert "waiting" in found["detail"]


# --- POST /api/images/status ---


def test_statuses(site: Site) -> None:
    site.add("a.jpg", {"Dog": 90.0})
    site.add("b.jpg", failed="It is not a picture.")
    site.add_pending("c.jpg")
    asked = ["uploads/a.jpg", "uploads/b.jpg", "uploads/c.jpg", "uploads/d.jpg", "../x", ""]
    response = site.client.post("/api/images/status", json={"keys": asked})
    assert response.status_code == 200
    images = response.json()["images"]
    assert [image["key"] for image in images] == asked
    assert [image["status"] for image in images] == [
        "tagged",
        "failed",
        "pending",
        "unknown",
        "unknown",
        "unknown",
    ]
    assert images[1]["error"] == {"code": "truncated", "message": "It is not a picture."}
    assert images[0] == {
        "key": "uploads/a.jpg",
        "id": keys.image_id("uploads/a.jpg"),
        "status": "tagged",
        "error": None,
    }


def test_status_of_a_key_that_is_no_text(site: Site) -> None:
    body = b'{"keys": ["uploads/\\ud83d.jpg"]}'
    (image,) = site.client.post("/api/images/status", content=body).json()["images"]
    assert image["status"] == "unknown"


def test_status_of_deleted_picture_is_unknown(site: Site) -> None:
    site.client.delete(f"/api/images/{site.add('a.jpg')}")
    body = {"keys": ["uploads/a.jpg"]}
    (image,) = site.client.post("/api/images/status", json=body).json()["images"]
    assert image["status"] == "unknown"


@pytest.mark.parametrize("body", [[], {}, {"keys": "a"}, {"keys": [1]}, {"keys": None}])
def test_statuses_of_the_wrong_shape(site: Site, body: Any) -> None:
    problem(site.client.post("/api/images/status", json=body), 422)


def test_statuses_of_too_many(site: Site) -> None:
    body = {"keys": [f"uploads/{n}.jpg" for n in range(101)]}
    problem(site.client.post("/api/images/status", json=body), 413)
    assert (
        site.client.post("/api/images/status", json={"keys": body["keys"][:100]}).status_code == 200
    )


def test_statuses_that_are_not_json(site: Site) -> None:
    problem(site.client.post("/api/images/status", content=b"keys"), 400)
