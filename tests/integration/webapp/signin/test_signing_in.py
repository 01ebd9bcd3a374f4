"""The shared password, sessions, and what a site with a sign-in answers."""

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.conftest import Site, make_site
from tests.integration.webapp.signin.conftest import ORIGIN, PASSWORD, SECRET, MakeSite, cookie
from webapp.signin.passwords import is_right, make_hash
from webapp.signin.sessions import COOKIE, SECURE_COOKIE

FROM_HERE = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}


def sign_in(site: Site, password: str = PASSWORD, wanted: str = "/", **headers: str) -> Any:
    form = {"password": password, "next": wanted}
    return site.client.post("/signin/password", data=form, headers=FROM_HERE | headers)


def test_without_a_sign_in_nobody_is_asked(site: Site) -> None:
    page = site.client.get("/")
    assert page.status_code == 200
    assert "Sign out" not in page.text
    assert "data-upload-pick" in page.text
    assert site.client.get("/signin").status_code == 404


def test_the_password_lets_in_and_back_to_where_one_wanted_to_go(signed: Site) -> None:
    image_id = signed.add()
    asked = signed.client.get(f"/images/{image_id}?q=dog")
    assert asked.status_code == 303
    page = signed.client.get(asked.headers["location"])
    assert f'value="/images/{image_id}?q=dog"' in page.text
    answer = sign_in(signed, wanted=f"/images/{image_id}?q=dog")
    assert answer.headers["location"] == f"/images/{image_id}?q=dog"
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "SameSite=lax" in answer.headers["set-cookie"]
    page = signed.client.get(f"/images/{image_id}")
    assert "Delete" in page.text
    assert "Sign out" in signed.client.get("/").text


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_nobody_is_led_to_another_site(signed: Site, wanted: str) -> None:
    assert "evil" not in signed.client.get("/signin", params={"next": wanted}).text
    assert sign_in(signed, wanted=wanted).headers["location"] == "/"


def test_a_wrong_password_does_not_let_in(signed: Site) -> None:
    answer = sign_in(signed, "wrong")
    assert answer.status_code == 403
    assert "This is not the password" in answer.text
    assert signed.client.get("/api/images").status_code == 401


def test_attempts_are_limited(signed: Site) -> None:
    answers = [sign_in(signed, f"guess {n}") for n in range(11)]
    assert {answer.status_code for answer in answers[:10]} == {403}
    assert answers[10].status_code == 429
    assert 0 < int(answers[10].headers["retry-after"]) <= 300
    assert sign_in(signed).status_code == 429, "the right one waits, too"


def test_what_is_right_is_not_limited(signed: Site) -> None:
    assert {sign_in(signed).status_code for _ in range(12)} == {303}


def test_a_form_of_another_site_signs_nobody_in(signed: Site) -> None:
    answer = sign_in(signed, Origin="https://evil.example")
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_a_new_password_ends_the_sessions_of_the_old_one(make_signed: MakeSite) -> None:
    old, new = make_signed(), make_signed(password_hash=make_hash("another password"))
    sign_in(old)
    session = {"Cookie": f"{COOKIE}={old.client.cookies[COOKIE]}"}
    assert old.client.get("/api/images", headers=session).status_code == 200
    assert new.client.get("/api/images", headers=session).status_code == 401


def test_sessions_are_shared_by_all_that_know_the_secret(make_signed: MakeSite) -> None:
    first, second = make_signed(), make_signed()
    sign_in(first)
    second.client.cookies = first.client.cookies
    assert second.client.get("/api/images").status_code == 200


def test_a_new_secret_ends_all_sessions_and_the_old_one_beside_it_none(
    make_signed: MakeSite,
) -> None:
    fresh = "another secret of the tests"
    before = cookie("viewer")
    rotated = make_signed(session_secret=f"{fresh},{SECRET}")
    assert rotated.client.get("/api/images", headers=before).status_code == 200
    ended = make_signed(session_secret=fresh)
    assert ended.client.get("/api/images", headers=before).status_code == 401


def test_an_ended_session_is_none(signed: Site) -> None:
    for ago, status in ((timedelta(hours=11), 200), (timedelta(hours=13), 401)):
        headers = cookie("viewer", ago=ago)
        assert signed.client.get("/api/images", headers=headers).status_code == status


def test_signing_out_ends_the_session_in_this_browser(signed: Site) -> None:
    sign_in(signed)
    answer = signed.client.post("/signin/out", headers=FROM_HERE)
    assert "Signed out" in answer.text
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert signed.client.get("/").status_code == 303


def test_another_site_signs_nobody_out(signed: Site) -> None:
    sign_in(signed)
    headers = {"Origin": "https://evil.example"}
    assert signed.client.post("/signin/out", headers=headers).status_code == 403
    assert signed.client.get("/").status_code == 200


def test_over_tls_cookies_are_secure_and_of_this_host_alone(make_signed: MakeSite) -> None:
    site = make_signed(public_url="https://pictures.example.org")
    headers = {"Host": "pictures.example.org", "Origin": "https://pictures.example.org"}
    answer = sign_in(site, **headers)
    set_cookie = answer.headers["set-cookie"]
    assert set_cookie.startswith(f"{SECURE_COOKIE}=")
    for part in ("Secure", "HttpOnly", "Path=/", "SameSite=lax"):
        assert part in set_cookie
    assert "Domain" not in set_cookie
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    value = set_cookie.partition("=")[2].partition(";")[0]
    for name, status in ((SECURE_COOKIE, 200), (COOKIE, 401)):
        asked = headers | {"Cookie": f"{name}={value}"}
        assert site.client.get("/api/images", headers=asked).status_code == status


def test_without_tls_nothing_says_that_there_is(site: Site) -> None:
    assert "strict-transport-security" not in site.client.get("/").headers


def test_pages_of_people_stay_out_of_every_cache(signed: Site) -> None:
    image_id = signed.add()
    for path in ("/", "/help", f"/images/{image_id}", "/api/images", "/api/labels"):
        answer = signed.client.get(path, headers=cookie("viewer"))
        assert answer.headers["cache-control"] == "private, no-store", path
    for path in ("/signin", "/"):
        assert "no-store" in signed.client.get(path).headers["cache-control"], path


def test_a_script_on_the_page_hears_that_the_session_has_ended(signed: Site) -> None:
    headers = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", "Sec-Fetch-Site": "same-origin"}
    assert signed.client.get("/", headers=headers).status_code == 401


def test_edits_carry_the_name_of_who_made_them(signed: Site) -> None:
    image_id = signed.add(labels={"Dog": 90.0})
    address = f"/api/images/{image_id}/labels"
    answer = signed.client.patch(address, json={"add": ["Rex"]}, headers=cookie("editor"))
    assert answer.json()["document"]["Edits"]["Added"][0]["By"] == "editor"


def test_a_ticket_is_for_whom_it_was_made(signed: Site) -> None:
    body = {"files": [{"name": "a.jpg", "size": 3, "type": "image/jpeg"}]}
    answer = signed.client.post("/api/uploads", json=body, headers=cookie("editor"))
    ticket = answer.json()["uploads"][0]
    sign_in(signed)  # as someone else
    headers = ticket["headers"] | FROM_HERE
    answer = signed.client.put(ticket["url"], content=b"abc", headers=headers)
    assert (answer.status_code, answer.json()["detail"]) == (
        403,
        "This upload ticket is for someone else.",
    )
    headers = ticket["headers"] | cookie("editor")
    signed.client.cookies.clear()
    assert signed.client.put(ticket["url"], content=b"abc", headers=headers).status_code == 201


def test_tickets_are_limited(make_signed: MakeSite) -> None:
    site = make_signed(tickets_per_minute=5)
    body = {"files": [{"name": f"{n}.jpg", "size": 3, "type": "image/jpeg"} for n in range(4)]}
    answers = [
        site.client.post("/api/uploads", json=body, headers=cookie("editor")) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert int(answers[1].headers["retry-after"]) > 0


def test_hashes_are_of_argon2_and_no_two_are_alike() -> None:
    assert make_hash("a password").startswith("$argon2id$")
    assert make_hash("a password") != make_hash("a password")
    assert is_right("a password", make_hash("a password"))
    for password, hashed in (("", make_hash("a password")), ("a password", "no hash"), ("x", "")):
        assert not is_right(password, hashed)
    assert not is_right("x" * 1001, make_hash("a password"))


def test_only_who_asks_for_a_sign_in_gets_one(tmp_path: Any) -> None:
    made = make_site(tmp_path / "plain", session_secret=SECRET)
    assert made.client.get("/api/images").status_code == 200
    made.database.close()
    made.journal.close()
