"""Signing in with a real browser: at a real provider, with a password, and what lies in between."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser_pages import tiles, upload
from tests.e2e.conftest import NewContext, Server, Watch, serving
from tests.provider_process import ProviderProcess, provider_process
from webapp.signin.passwords import make_hash

PASSWORD = "correct horse battery"
SETTINGS = {
    "OIDC_CLIENT_ID": "taglight",
    "OIDC_CLIENT_SECRET": "hush",
    "TAGLIGHT_ALLOWED_EMAILS": "*@example.org",
    "TAGLIGHT_EDITOR_EMAILS": "anna@example.org",
}


@pytest.fixture(scope="module")
def provider() -> Iterator[ProviderProcess]:
    """A real provider, which knows an editor, a viewer and a stranger."""
    with provider_process() as running:
        for who in ("anna@example.org", "bert@example.org", "eve@evil.example"):
            running.know(who.partition("@")[0], email=who, email_verified=True)
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, provider: ProviderProcess) -> Iterator[Server]:
    """A server that asks who comes in: by the provider or by the password."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (SETTINGS | {"OIDC_ISSUER": provider.issuer}).items():
            patch.setenv(name, value)
        patch.setenv("TAGLIGHT_PASSWORD_HASH", make_hash(PASSWORD))
        with serving(tmp_path_factory.mktemp("sign-in")) as made:
            yield made
    log = made.log.read_text()
    for secret in ("@example.org", "eyJ", "taglight_session", "/upload/", PASSWORD, "code="):
        assert secret not in log
    assert "Traceback" not in log


def at_the_provider(page: Page, who: str) -> None:
    page.get_by_role("link", name="Sign in with your account").click()
    page.get_by_placeholder("sub").fill(who)
    page.get_by_role("button", name="Authorize").click()


def test_an_editor_comes_in_adds_a_picture_and_signs_out(
    new_context: NewContext, server: Server, provider: ProviderProcess, photographs: Path
) -> None:
    page = new_context().new_page()
    page.goto("/?q=cat")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    at_the_provider(page, "anna")
    expect(page).to_have_url(f"{server.url}/?q=cat")
    expect(page.get_by_text("anna@example.org")).to_be_visible()
    page.goto("/?q=name:chelsea*")
    upload(page, photographs / "chelsea.jpg")
    expect(tiles(page)).to_have_count(1)
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile(re.escape(f"{provider.issuer}/oauth2/end_session")))
    page.get_by_role("button", name="End session").click()
    expect(page).to_have_url(f"{server.url}/signin")
    page.goto("/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_viewer_sees_no_control_and_drops_nothing(
    new_context: NewContext, server: Server, photographs: Path
) -> None:
    (server.library / "uploads" / "cup.jpg").write_bytes((photographs / "coffee.jpg").read_bytes())
    page = new_context().new_page()
    page.goto("/?q=name:cup*")
    at_the_provider(page, "bert")
    deadline = time.monotonic() + 90
    while tiles(page).count() == 0 and time.monotonic() < deadline:  # until it is indexed
        page.wait_for_timeout(300)
        page.reload()
    expect(tiles(page)).to_have_count(1)
    expect(page.get_by_role("button", name="Add pictures")).to_have_count(0)
    expect(page.locator("#upload-files")).to_have_count(0)
    tiles(page).first.click()
    expect(page.get_by_role("button", name="Delete")).to_have_count(0)
    expect(page.get_by_label("Add a label")).to_have_count(0)


def test_a_stranger_is_told_and_stays_out(new_context: NewContext, watch: Watch) -> None:
    watch.expected.append("status of 403")
    page = new_context().new_page()
    page.goto("/")
    at_the_provider(page, "eve")
    expect(page.get_by_role("alert")).to_contain_text("not open to you")
    page.goto("/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


LIES = {
    "expired": {"claims": {"exp": 1_000_000_000}},
    "for another audience": {"claims": {"aud": "someone-else"}},
    "with another nonce": {"claims": {"nonce": "x" * 43}},
    "unsigned": {"alg": "none"},
}


@pytest.mark.parametrize("order", LIES.values(), ids=LIES)
def test_a_token_that_lies_opens_nothing(
    new_context: NewContext, watch: Watch, provider: ProviderProcess, order: dict[str, object]
) -> None:
    watch.expected.append("status of 403")
    page = new_context().new_page()
    page.goto("/")
    provider.order("next", **order)
    at_the_provider(page, "anna")
    expect(page.get_by_role("alert")).to_contain_text("Please begin again")
    page.goto("/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_going_back_to_the_callback_opens_nothing(new_context: NewContext, watch: Watch) -> None:
    watch.expected.append("status of 403")
    page = new_context().new_page()
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url))
    page.goto("/")
    at_the_provider(page, "anna")
    expect(page.get_by_text("anna@example.org")).to_be_visible()
    replayed = next(url for url in seen if "/signin/callback" in url)
    other = new_context().new_page()
    other.goto(replayed)
    expect(other.get_by_role("alert")).to_contain_text("Please begin again")


def test_the_password_lets_in_without_javascript(new_context: NewContext, watch: Watch) -> None:
    watch.expected.append("status of 403")
    page = new_context(java_script_enabled=False).new_page()
    page.goto("/help")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("not the password")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Finding pictures")).to_be_visible()


def test_what_a_script_can_reach_is_no_session(new_context: NewContext) -> None:
    page = new_context().new_page()
    page.goto("/signin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    assert page.evaluate("document.cookie") == ""


def test_what_it_looks_like(new_context: NewContext) -> None:
    for scheme, width in (("light", 1440), ("dark", 390)):
        page = new_context(width=width, color_scheme=scheme).new_page()
        page.goto("/signin")
        folder = Path("test-results")
        folder.mkdir(exist_ok=True)
        page.screenshot(path=folder / f"sign-in-{width}-{scheme}.png")
