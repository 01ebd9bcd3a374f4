"""Signing in at a real provider, and every way in which its tokens may be wrong."""

import json
import time
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.integration.conftest import BASE, Site
from tests.integration.webapp.signin.conftest import MakeSite
from tests.provider_process import ProviderProcess
from webapp.signin import routes
from webapp.signin.errors import TokenError


def begin(site: Site, wanted: str = "/?q=dog") -> str:
    """Go to the provider; return its address. The client keeps the cookies as a browser does."""
    answer = site.client.get("/signin/provider", params={"next": wanted})
    assert answer.status_code == 303
    return str(answer.headers["location"])


def come_back(site: Site, location: str) -> Any:
    parts = urlsplit(location)
    assert (parts.netloc, parts.path) == ("127.0.0.1:8000", "/signin/callback")
    return site.client.get(f"{parts.path}?{parts.query}")


def sign_in(site: Site, provider: ProviderProcess, who: str, wanted: str = "/?q=dog") -> Any:
    return come_back(site, provider.sign_in(begin(site, wanted), who))


def refused(site: Site, answer: Any, sentence: str = "Please begin again") -> bool:
    assert answer.status_code == 403, answer.headers
    assert sentence in answer.text
    assert "taglight_session" not in site.client.cookies
    return bool(site.client.get("/api/images").status_code == 401)


def test_one_comes_in_and_back_to_where_one_wanted_to_go(
    open_to_example: Site, provider: ProviderProcess
) -> None:
    asked = open_to_example.client.get("/images/x?q=cat")
    assert asked.headers["location"] == "/signin?next=%2Fimages%2Fx%3Fq%3Dcat"
    answer = sign_in(open_to_example, provider, "anna", "/images/x?q=cat")
    assert (answer.status_code, answer.headers["location"]) == (303, "/images/x?q=cat")
    session = next(c for c in answer.headers.get_list("set-cookie") if "_session=" in c)
    for part in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age=43200"):
        assert part in session
    page = open_to_example.client.get("/")
    assert "anna@example.org" in page.text
    assert "data-upload-pick" in page.text


def test_what_is_asked_of_the_provider(open_to_example: Site) -> None:
    asked = parse_qs(urlsplit(begin(open_to_example)).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == ["http://127.0.0.1:8000/signin/callback"]
    for name in ("state", "nonce", "code_challenge"):
        assert len(asked[name][0]) >= 43
    assert "client_secret" not in asked


def test_a_viewer_sees_and_changes_nothing(
    open_to_example: Site, provider: ProviderProcess
) -> None:
    image_id = open_to_example.add(labels={"Dog": 90.0})
    assert sign_in(open_to_example, provider, "bert").status_code == 303
    page = open_to_example.client.get(f"/images/{image_id}").text
    assert "Dog" in page
    for control in ("Delete", "Tag again", "Add a label", "data-upload-pick", "Reject Dog"):
        assert control not in page
    origin = {"Origin": "http://127.0.0.1:8000"}
    answer = open_to_example.client.delete(f"/api/images/{image_id}", headers=origin)
    assert (answer.status_code, answer.json()["status"]) == (403, 403)


@pytest.mark.parametrize("who", ["eve", "liar"])
def test_who_is_not_named_does_not_come_in(
    open_to_example: Site, provider: ProviderProcess, who: str
) -> None:
    assert refused(open_to_example, sign_in(open_to_example, provider, who), "not open to you")


def test_a_group_lets_in_and_makes_editors(
    make_signed: MakeSite, provider: ProviderProcess
) -> None:
    site = make_signed(
        oidc_issuer=provider.issuer,
        oidc_client_id="taglight",
        oidc_client_secret="hush",
        editor_groups="guests",
        allowed_groups="family",
    )
    assert sign_in(site, provider, "bert").status_code == 303
    assert "data-upload-pick" in site.client.get("/").text
    site.client.cookies.clear()
    assert refused(site, sign_in(site, provider, "anna"), "not open to you")


PAST = int(time.time()) - 3600
SPOILED: dict[str, dict[str, Any]] = {
    "expired": {"claims": {"exp": PAST, "iat": PAST - 60}},
    "without expiry": {"without": ["exp"]},
    "of the future": {"claims": {"iat": PAST + 7200}},
    "for another audience": {"claims": {"aud": "someone-else"}},
    "for several audiences": {"claims": {"aud": ["someone-else", "taglight"]}},
    "for another party": {"claims": {"azp": "someone-else"}},
    "of another issuer": {"claims": {"iss": "https://evil.example"}},
    "with another nonce": {"claims": {"nonce": "x" * 43}},
    "without nonce": {"without": ["nonce"]},
    "without subject": {"without": ["sub"]},
    "unsigned": {"alg": "none"},
    "signed by another key": {"key": "other"},
    "signed with the public key as a password": {"alg": "HS256", "key": "public"},
}


@pytest.mark.parametrize("order", SPOILED.values(), ids=SPOILED)
def test_a_token_that_is_wrong_is_refused(
    open_to_example: Site, provider: ProviderProcess, order: dict[str, Any]
) -> None:
    location = provider.sign_in(begin(open_to_example), "anna")
    provider.order("next", **order)
    assert refused(open_to_example, come_back(open_to_example, location))


def test_a_replayed_token_is_refused(open_to_example: Site, provider: ProviderProcess) -> None:
    assert sign_in(open_to_example, provider, "anna").status_code == 303
    open_to_example.client.cookies.clear()
    location = provider.sign_in(begin(open_to_example), "anna")
    provider.order("next", replay=True)
    assert refused(open_to_example, come_back(open_to_example, location))


def test_a_replayed_address_is_refused(open_to_example: Site, provider: ProviderProcess) -> None:
    location = provider.sign_in(begin(open_to_example), "anna")
    begun = dict(open_to_example.client.cookies)
    assert come_back(open_to_example, location).status_code == 303
    open_to_example.client.cookies.clear()
    assert refused(open_to_example, come_back(open_to_example, location))
    for name, value in begun.items():  # even with the cookie of then: a code counts once
        open_to_example.client.cookies.set(name, value)
    assert refused(open_to_example, come_back(open_to_example, location))


def test_a_state_of_someone_else_is_refused(
    open_to_example: Site, provider: ProviderProcess
) -> None:
    of_eve = provider.sign_in(begin(open_to_example), "eve")
    open_to_example.client.cookies.clear()
    begin(open_to_example)
    assert refused(open_to_example, come_back(open_to_example, of_eve))


def test_a_sign_in_that_takes_too_long_is_refused(
    open_to_example: Site, provider: ProviderProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "BEGUN_FOR", timedelta(0))
    location = provider.sign_in(begin(open_to_example), "anna")
    assert refused(open_to_example, come_back(open_to_example, location))


def test_who_says_no_at_the_provider_is_not_in(open_to_example: Site) -> None:
    state = parse_qs(urlsplit(begin(open_to_example)).query)["state"][0]
    answer = open_to_example.client.get(f"/signin/callback?error=access_denied&state={state}")
    assert refused(open_to_example, answer)


def test_codes_that_are_none_are_not_passed_on_without_end(
    open_to_example: Site, provider: ProviderProcess
) -> None:
    def guess(n: int) -> Any:
        state = parse_qs(urlsplit(begin(open_to_example)).query)["state"][0]
        return open_to_example.client.get(f"/signin/callback?code=guess-{n}&state={state}")

    assert {guess(n).status_code for n in range(10)} == {403}
    answer = guess(10)
    assert (answer.status_code, "Too many attempts" in answer.text) == (429, True)
    assert 0 < int(answer.headers["retry-after"]) <= 300
    assert json.loads(provider.order("asked"))["form"]["code"] == "guess-9"


def test_people_of_one_address_who_come_in_are_not_limited(
    open_to_example: Site, provider: ProviderProcess
) -> None:
    answers = {sign_in(open_to_example, provider, "anna").status_code for _ in range(12)}
    assert answers == {303}


def test_a_new_key_of_the_provider_is_learnt(
    open_to_example: Site, provider: ProviderProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.signin.provider.ASK_AGAIN_AFTER", 0.0)
    assert sign_in(open_to_example, provider, "anna").status_code == 303
    provider.order("rotate")
    assert sign_in(open_to_example, provider, "anna").status_code == 303


def test_without_a_client_secret_the_proof_is_pkce_alone(
    make_signed: MakeSite, provider: ProviderProcess
) -> None:
    site = make_signed(oidc_issuer=provider.issuer, oidc_client_id="taglight")
    location = provider.sign_in(begin(site), "anna")
    assert come_back(site, location).status_code == 303
    sent = json.loads(provider.order("asked"))
    assert sent["form"]["client_id"] == "taglight"
    assert len(sent["form"]["code_verifier"]) >= 43
    assert "client_secret" not in sent["form"]
    assert "Authorization" not in sent["headers"]


def test_without_a_client_secret_a_code_is_of_no_use_to_others(
    make_signed: MakeSite, provider: ProviderProcess
) -> None:
    site = make_signed(oidc_issuer=provider.issuer, oidc_client_id="taglight")
    location = provider.sign_in(begin(site), "anna")
    thief = site.app.state.services.signin.provider()
    with pytest.raises(TokenError):
        code = parse_qs(urlsplit(location).query)["code"][0]
        thief.redeem(code, f"{BASE}/signin/callback", "x" * 43, "x" * 43)


def test_a_client_secret_is_sent_where_there_is_one(
    open_to_example: Site, provider: ProviderProcess
) -> None:
    assert sign_in(open_to_example, provider, "anna").status_code == 303
    sent = json.loads(provider.order("asked"))
    assert sent["headers"]["Authorization"].startswith("Basic ")
    assert "client_secret" not in sent["form"]
    assert len(sent["form"]["code_verifier"]) >= 43


def test_a_provider_that_does_not_answer_is_said(make_signed: MakeSite) -> None:
    site = make_signed(oidc_issuer="http://127.0.0.1:9", oidc_client_id="taglight")
    answer = site.client.get("/signin/provider")
    assert answer.status_code == 503
    assert "cannot be reached" in answer.text


def test_signing_out_ends_it_here_and_there(
    open_to_example: Site, provider: ProviderProcess
) -> None:
    sign_in(open_to_example, provider, "anna")
    origin = {"Origin": "http://127.0.0.1:8000"}
    answer = open_to_example.client.post("/signin/out", headers=origin)
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert f"{provider.issuer}/oauth2/end_session" in answer.text
    assert "taglight_session" not in open_to_example.client.cookies
    assert open_to_example.client.get("/").status_code == 303


# --- bearer tokens ---


def ask(site: Site, token: str, path: str = "/api/images", method: str = "GET") -> Any:
    return site.client.request(method, path, headers={"Authorization": f"Bearer {token}"})


GOOD = {"sub": "robot", "aud": "taglight-api", "email": "anna@example.org", "email_verified": True}


def test_a_program_comes_in_with_a_token(open_to_example: Site, provider: ProviderProcess) -> None:
    image_id = open_to_example.add()
    token = provider.order("token", claims=GOOD)
    assert ask(open_to_example, token).status_code == 200
    assert ask(open_to_example, token, f"/api/images/{image_id}", "DELETE").status_code == 204
    viewer = provider.order("token", claims=GOOD | {"email": "bert@example.org"})
    assert ask(open_to_example, viewer).status_code == 200
    answer = ask(open_to_example, viewer, f"/api/images/{image_id}/restore", "POST")
    assert answer.status_code == 403


def test_an_access_token_of_cognito_names_the_client_instead(
    make_signed: MakeSite, provider: ProviderProcess
) -> None:
    site = make_signed(oidc_issuer=provider.issuer, oidc_client_id="taglight")
    claims = {"sub": "robot", "token_use": "access"}
    assert ask(site, provider.order("token", claims=claims | {"client_id": "taglight"})).is_success
    for wrong in ({"client_id": "other"}, {}, {"client_id": "taglight", "aud": "other"}):
        assert ask(site, provider.order("token", claims=claims | wrong)).status_code == 401


WRONG: dict[str, dict[str, Any]] = {
    "expired": {"claims": GOOD | {"exp": PAST}},
    "without expiry": {"claims": GOOD | {"exp": None}},
    "not yet": {"claims": GOOD | {"nbf": PAST + 7200}},
    "for another audience": {"claims": GOOD | {"aud": "someone-else"}},
    "for no audience": {"claims": {"sub": "robot", "email": "anna@example.org"}},
    "of another issuer": {"claims": GOOD | {"iss": "https://evil.example"}},
    "of nobody": {"claims": GOOD | {"sub": None}},
    "of someone no list names": {"claims": GOOD | {"email": "eve@evil.example"}},
    "unsigned": {"claims": GOOD, "alg": "none"},
    "signed by another key": {"claims": GOOD, "key": "other"},
    "signed with the public key as a password": {"claims": GOOD, "alg": "HS256", "key": "public"},
}


@pytest.mark.parametrize("order", WRONG.values(), ids=WRONG)
def test_a_bearer_token_that_is_wrong_is_refused(
    open_to_example: Site, provider: ProviderProcess, order: dict[str, Any]
) -> None:
    answer = ask(open_to_example, provider.order("token", **order))
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é", "x" * 20_000, ".." * 10])
def test_what_is_no_token_is_refused(open_to_example: Site, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}".encode()}
    assert open_to_example.client.get("/api/images", headers=headers).status_code == 401  # type: ignore[arg-type]


def test_a_token_counts_alone_whatever_session_comes_with_it(
    open_to_example: Site, provider: ProviderProcess
) -> None:
    sign_in(open_to_example, provider, "anna")
    assert open_to_example.client.get("/api/images").status_code == 200
    assert ask(open_to_example, "x").status_code == 401
    for given in ("", "Basic YTpi", "Digest x"):
        answer = open_to_example.client.get("/api/images", headers={"Authorization": given})
        assert answer.status_code == 401
