"""POST /api/uploads and the PUT of a ticket, by every road that there is."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from catalog import keys
from catalog.errors import StoreFullError
from tests.integration.conftest import PICTURE, Site, make_site
from webapp.tickets import FolderTickets


def files_in(site: Site) -> list[str]:
    """Every file below the library that is not ours, temporary ones too."""
    return sorted(
        path.relative_to(site.root).as_posix()
        for path in site.root.rglob("*")
        if path.is_file() and ".taglight/" not in path.as_posix()
    )


def ask(site: Site, *files: dict[str, Any]) -> list[dict[str, Any]]:
    response = site.client.post("/api/uploads", json={"files": list(files)})
    assert response.status_code == 200, response.text
    answers: list[dict[str, Any]] = response.json()["uploads"]
    return answers


def test_from_ticket_to_pending_picture(site: Site) -> None:
    ticket = site.ask_ticket()
    now = datetime.now(UTC)
    digest = hashlib.sha256(PICTURE).hexdigest()
    assert ticket["status"] == "ready"
    assert ticket["name"] == "cute dog.jpg"
    assert ticket["key"] == f"uploads/{now:%Y/%m}/cute_dog-{digest[:8]}.jpg"
    assert ticket["id"] == keys.image_id(ticket["key"])
    assert ticket["method"] == "PUT"
    assert ticket["url"].startswith("http://127.0.0.1:8000/upload/")
    assert ticket["headers"]["Content-Type"] == "image/jpeg"
    assert "content-length" not in {name.lower() for name in ticket["headers"]}
    expires = datetime.fromisoformat(ticket["expires_at"])
    assert ticket["expires_at"].endswith("Z")
    assert timedelta(minutes=14) < expires - now <= timedelta(minutes=15)

    response = site.send(ticket)
    assert response.status_code == 201
    assert response.json() == {"key": ticket["key"], "id": ticket["id"], "status": "pending"}
    assert site.store.read(ticket["key"])[0] == PICTURE
    picture = site.client.get(f"/api/images/{ticket['id']}").json()
    assert (picture["status"], picture["name"]) == ("pending", "cute dog.jpg")
    assert site.journal.waiting("tag") == 1


def test_same_bytes_are_answered_with_the_picture_that_is_there(site: Site) -> None:
    first = site.upload()
    again = site.ask_ticket(name="other name.png", type="image/png")
    assert again == {
        "name": "other name.png",
        "status": "duplicate",
        "key": first["key"],
        "id": first["id"],
    }


def test_nothing_is_already_here_when_its_file_is_gone(site: Site) -> None:
    first = site.upload()
    site.store.path(first["key"]).unlink()
    assert site.ask_ticket()["status"] == "ready"
    assert site.upload(sha256=None)["key"] != first["key"]


def test_nothing_is_already_here_when_other_bytes_have_its_place(site: Site) -> None:
    first = site.upload()
    site.store.path(first["key"]).write_bytes(b"another picture")
    assert site.ask_ticket()["status"] == "ready"
    assert site.upload(sha256=None)["key"] != first["key"]


def test_same_file_twice_in_one_request(site: Site) -> None:
    file = {"name": "a.jpg", "size": 5, "type": "", "sha256": "ab" * 32}
    first, second = ask(site, file, file | {"name": "b.jpg"})
    assert first["status"] == "ready"
    assert second == {
        "name": "b.jpg",
        "status": "duplicate",
        "key": first["key"],
        "id": first["id"],
    }


def test_two_files_of_one_name(site: Site) -> None:
    first, second = site.upload(b"one"), site.upload(b"two")
    assert first["key"] != second["key"]
    assert site.store.read(first["key"])[0] == b"one"
    assert site.store.read(second["key"])[0] == b"two"


def test_same_eight_digits_never_overwrite(site: Site) -> None:
    same = "12345678" + "0" * 56, "12345678" + "1" * 56
    file = {"name": "a.jpg", "size": 5, "type": "", "sha256": same[0]}
    first, second = ask(site, file, file | {"sha256": same[1]})
    assert first["status"] == second["status"] == "ready"
    assert first["key"] != second["key"]


def test_key_that_others_have_is_left_alone(site: Site) -> None:
    ticket = site.ask_ticket()
    site.store.put(ticket["key"], b"put there by hand")
    again = site.ask_ticket()
    assert again["status"] == "ready"
    assert again["key"] != ticket["key"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"size": 0}, "empty"),
        ({"size": 50 * 1024 * 1024 + 1}, "too_large"),
        ({"size": 10**30}, "too_large"),
        ({"name": "notes.txt", "type": "text/plain"}, "unsupported_type"),
        ({"name": "notes.txt", "type": ""}, "unsupported_type"),
        ({"name": "notes.txt"}, "unsupported_type"),
        ({"type": "text/html"}, "unsupported_type"),
        ({"type": "image/svg+xml", "name": "a.svg"}, "unsupported_type"),
        ({"name": ""}, "bad_name"),
        ({"name": ".."}, "bad_name"),
        ({"name": "a" * 1001 + ".jpg"}, "bad_name"),
        ({"name": "\x00\n"}, "bad_name"),
        ({"sha256": "xyz"}, "bad_sha256"),
        ({"sha256": "ab" * 31}, "bad_sha256"),
    ],
)
def test_rejected_with_a_sentence(site: Site, changed: dict[str, Any], code: str) -> None:
    answer = site.ask_ticket(**changed)
    assert answer["status"] == "rejected"
    assert answer["error"]["code"] == code
    assert answer["error"]["message"].endswith(".")


def test_answers_come_in_order(site: Site) -> None:
    good = {"name": "a.jpg", "size": 5, "type": "image/jpeg", "sha256": "ab" * 32}
    answers = ask(site, good | {"size": 0}, good, good | {"name": "b.txt"})
    assert [answer["status"] for answer in answers] == ["rejected", "ready", "rejected"]
    assert [answer["name"] for answer in answers] == ["a.jpg", "a.jpg", "b.txt"]


def test_limit_of_the_settings(tmp_path: Any) -> None:
    site = make_site(tmp_path, max_upload_bytes=10)
    assert site.ask_ticket(b"1234567890")["status"] == "ready"
    answer = site.ask_ticket(b"12345678901")
    assert (
        answer["error"]["message"] == "This file is too large: pictures may have 10 bytes at most."
    )
    site.database.close()
    site.journal.close()


@pytest.mark.parametrize(
    "name",
    [
        "with space.jpg",
        "a+b.jpg",
        "a%2Fb.jpg",
        "😀.jpg",
        "../../etc/passwd.jpg",
        "..\\..\\boot.jpg",
        "/etc/x.jpg",
        "a\x00b.jpg",
        "a\nb.jpg",
        "n" * 250 + ".jpg",
        "é" * 996 + ".jpg",
        "-rf.jpg",
        "CON.jpg",
        "a" * 5 + "." * 100 + "jpg",
        "<script>alert(1)</script>.jpg",
    ],
)
def test_any_name_is_made_safe(site: Site, name: str) -> None:
    content = name.encode("utf-8", "replace")
    ticket = site.ask_ticket(content, name=name)
    assert ticket["status"] == "ready"
    assert ticket["name"] == name
    assert site.send(ticket, content).status_code == 201
    keys.check_key(ticket["key"])
    assert files_in(site) == [ticket["key"]]
    shown = site.client.get(f"/api/images/{ticket['id']}").json()["name"]
    assert shown
    assert "/" not in shown
    assert shown.isprintable() or "?" in shown


def test_name_with_half_a_character(site: Site) -> None:
    body = b'{"files":[{"name":"\\ud83d.jpg","size":5,"type":""}]}'
    ticket = site.client.post("/api/uploads", content=body).json()["uploads"][0]
    assert ticket["status"] == "ready"
    assert site.send(ticket, b"12345").status_code == 201


def test_without_hash(site: Site) -> None:
    ticket = site.ask_ticket(sha256=None)
    assert ticket["status"] == "ready"
    assert site.send(ticket).status_code == 201
    digest = hashlib.sha256(PICTURE).hexdigest()
    assert site.client.get(f"/api/images/{ticket['id']}").json()["sha256"] == digest
    assert site.ask_ticket()["status"] == "duplicate"


def test_without_hash_a_duplicate_is_found_after_sending(site: Site) -> None:
    first = site.upload()
    ticket = site.ask_ticket(sha256=None, name="again.jpg")
    response = site.send(ticket)
    assert response.status_code == 200
    assert response.json() == {"key": first["key"], "id": first["id"], "status": "duplicate"}
    assert files_in(site) == [first["key"]]


def test_empty_hash_and_type_are_as_if_left_out(site: Site) -> None:
    ticket = site.ask_ticket(sha256="", type="")
    assert ticket["status"] == "ready"
    assert ticket["headers"]["Content-Type"] == "image/jpeg"


def test_text_that_says_it_is_a_jpeg_is_taken(site: Site) -> None:
    ticket = site.upload(b"hello", name="text.jpg")
    assert site.client.get(f"/api/images/{ticket['id']}").json()["status"] == "pending"


def test_ticket_twice_meets_its_own_picture(site: Site) -> None:
    ticket = site.upload()
    response = site.send(ticket)
    assert response.status_code == 412
    assert response.json()["same_content"] is True
    assert response.json()["key"] == ticket["key"]


def test_ticket_is_used_once_even_when_the_picture_is_gone(site: Site) -> None:
    ticket = site.upload()
    site.library.delete(ticket["key"])
    response = site.send(ticket)
    assert response.status_code == 403
    assert "used before" in response.json()["detail"]
    assert ticket["key"] not in files_in(site)


def test_key_taken_by_other_bytes(site: Site) -> None:
    ticket = site.ask_ticket()
    site.store.put(ticket["key"], b"put there by hand")
    response = site.send(ticket)
    assert response.status_code == 412
    assert response.json()["same_content"] is False
    assert site.store.read(ticket["key"])[0] == b"put there by hand"


def test_two_tabs_at_once(site: Site) -> None:
    tickets = [site.ask_ticket(), site.ask_ticket()]
    with ThreadPoolExecutor() as pool:
        codes = sorted(response.status_code for response in pool.map(site.send, tickets))
    assert codes == [201, 412]
    assert files_in(site) == [tickets[0]["key"]]


def test_other_bytes_of_the_same_length(site: Site) -> None:
    ticket = site.ask_ticket()
    response = site.send(ticket, PICTURE[::-1])
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert files_in(site) == []
    assert site.send(ticket).status_code == 201  # a damaged try does not use the ticket up


@pytest.mark.parametrize("content", [PICTURE + b"x", PICTURE[:-1], b""])
def test_other_length(site: Site, content: bytes) -> None:
    assert site.send(site.ask_ticket(), content).status_code == 403
    assert files_in(site) == []


def test_length_that_is_not_said(site: Site) -> None:
    ticket = site.ask_ticket()
    response = site.client.put(
        ticket["url"], content=iter([PICTURE]), headers={"Content-Type": "image/jpeg"}
    )
    assert response.status_code == 403


@pytest.mark.parametrize("kind", ["image/png", "text/html", "image/jpeg; charset=utf-8", ""])
def test_other_type(site: Site, kind: str) -> None:
    assert site.send(site.ask_ticket(), **{"Content-Type": kind}).status_code == 403


def test_other_checksum_header(site: Site) -> None:
    assert site.send(site.ask_ticket(), **{"x-amz-checksum-sha256": "AAAA"}).status_code == 403


@pytest.mark.parametrize("left_out", ["if-none-match", "x-amz-checksum-sha256", "content-type"])
def test_headers_of_the_ticket_are_all_sent(site: Site, left_out: str) -> None:
    ticket = site.ask_ticket()
    headers = {name: value for name, value in ticket["headers"].items() if name.lower() != left_out}
    assert len(headers) == len(ticket["headers"]) - 1
    response = site.client.put(ticket["url"], content=PICTURE, headers=headers)
    assert response.status_code == 403
    assert site.client.get("/api/images").json()["total"] == 0


def test_forged_and_expired_tickets(site: Site) -> None:
    ticket = site.ask_ticket()
    url = ticket["url"][:-5] + "AAAAA"
    assert site.send(ticket | {"url": url}).status_code == 403
    assert site.send(ticket | {"url": "/upload/x"}).status_code == 403
    late = FolderTickets(
        "a secret of the tests",
        site.journal.use_once,
        clock=lambda: datetime.now(UTC) - timedelta(minutes=16),
    )
    token = site.tickets.open(ticket["url"].rsplit("/", 1)[1])
    response = site.send(ticket | {"url": late.issue(token.upload).url})
    assert response.status_code == 403
    assert "expired" in response.json()["detail"]


def test_other_methods_on_a_ticket(site: Site) -> None:
    url = site.ask_ticket()["url"]
    assert site.client.get(url).status_code == 405
    assert site.client.post(url).status_code == 405


def test_body_that_is_not_json(site: Site) -> None:
    response = site.client.post("/api/uploads", content=b"{files")
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b'{"files": NaN}', b"[" * 100_000])
def test_more_bodies_that_are_not_json(site: Site, body: bytes) -> None:
    assert site.client.post("/api/uploads", content=body).status_code == 400


def test_a_whole_number_with_a_point_is_one(site: Site) -> None:
    body = b'{"files":[{"name":"a.jpg","size":5.0,"type":""}]}'
    answer = site.client.post("/api/uploads", content=body).json()["uploads"][0]
    assert answer["status"] == "ready"


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"files": {}},
        {"files": ["a"]},
        {"files": [{"name": "a.jpg"}]},
        {"files": [{"name": 1, "size": 1}]},
        {"files": [{"name": "a.jpg", "size": "1"}]},
        {"files": [{"name": "a.jpg", "size": 1.5}]},
        {"files": [{"name": "a.jpg", "size": -1}]},
        {"files": [{"name": "a.jpg", "size": True}]},
        {"files": [{"name": "a.jpg", "size": 1, "type": 1}]},
    ],
)
def test_body_of_the_wrong_shape(site: Site, body: Any) -> None:
    response = site.client.post("/api/uploads", json=body)
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"


def test_no_files_are_fine(site: Site) -> None:
    assert ask(site) == []


def test_a_hundred_files_and_one_more(site: Site) -> None:
    files = [{"name": f"{n}.jpg", "size": 5, "type": "", "sha256": f"{n:064x}"} for n in range(101)]
    assert {answer["status"] for answer in ask(site, *files[:100])} == {"ready"}
    response = site.client.post("/api/uploads", json={"files": files})
    assert response.status_code == 413
    assert response.headers["content-type"] == "application/problem+json"


def test_body_beyond_all_measure(site: Site) -> None:
    assert site.client.post("/api/uploads", content=b" " * 2_100_000).status_code == 413
    chunks = (b" " * 1_000_000 for _ in range(3))
    assert site.client.post("/api/uploads", content=chunks).status_code == 413


def test_full_disk(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that says so is answered with 503, and with when to try again."""

    def full(*_: object, **__: object) -> object:
        raise StoreFullError("No space left.")

    ticket = site.ask_ticket()
    monkeypatch.setattr(type(site.store), "writer", full)
    response = site.send(ticket)
    assert response.status_code == 503
    assert response.headers["retry-after"] == "5"
    assert "disk is full" in response.json()["detail"]
