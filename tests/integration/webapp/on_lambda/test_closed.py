"""Closed, never open: who comes by another way, and a function that is not set up."""

import random
import sys
from types import ModuleType

import pytest

from catalog.errors import CatalogUnavailableError
from tests.integration.webapp.on_lambda.conftest import (
    FROM_CLOUDFRONT,
    PUBLIC,
    Function,
    add_picture,
)
from tests.integration.webapp.signin.test_route_table import table
from webapp.on_lambda import snapshots
from webapp.on_lambda.home import Home, open_door, open_home
from webapp.on_lambda.settings import LambdaSettings
from webapp.static_files import StaticTree

HOSTS = [
    "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com",
    "d111111abcdef8.cloudfront.net",
    "localhost",
    "127.0.0.1",
    "evil.example",
]


# --- who comes by another way than CloudFront ---


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(
    "secret", [None, "", "another", FROM_CLOUDFRONT + "x", FROM_CLOUDFRONT[:-1]]
)
@pytest.mark.parametrize("path", ["/", "/healthz", "/api/images", "/static/x/css/base.css"])
def test_nobody_goes_round_cloudfront(
    function: Function, host: str, secret: str | None, path: str
) -> None:
    answer = function.ask(path=path, role="editor", host=host, x_taglight_origin=secret)
    assert answer.status == 403
    assert "CloudFront alone" in answer.text


@pytest.mark.parametrize("host", [*HOSTS, None, "a b", ""])
def test_through_cloudfront_the_host_is_that_of_the_site(
    function: Function, host: str | None
) -> None:
    add_picture(function)
    answer = function.ask(role="editor", host=host, x_forwarded_host="evil.example")
    assert answer.status == 200
    assert "evil" not in answer.text
    assert "execute-api" not in answer.text
    assert answer.headers["strict-transport-security"]


def test_the_secret_can_be_changed_without_a_gap(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("ORIGIN_SECRET", f"the next one,{FROM_CLOUDFRONT}")
    function = Function(open_door())
    for secret, status in ((FROM_CLOUDFRONT, 200), ("the next one", 200), ("the", 403)):
        assert function.ask(path="/healthz", x_taglight_origin=secret).status == status


@pytest.mark.parametrize("host", [h for h in HOSTS if h != PUBLIC.partition("//")[2]])
def test_without_that_secret_only_the_sites_own_host_is_answered(
    settings: pytest.MonkeyPatch, host: str
) -> None:
    settings.delenv("ORIGIN_SECRET")
    function = Function(open_door())
    assert function.ask(path="/healthz", host=PUBLIC.partition("//")[2]).status == 200
    for path in ("/", "/healthz", "/api/images"):
        answer = function.ask(path=path, role="editor", host=host, x_taglight_origin="x")
        assert answer.status == 403


# --- a function that is not set up ---

MISTAKES: dict[str, dict[str, str | None]] = {
    "no sign-in": {"OIDC_ISSUER": None, "OIDC_CLIENT_ID": None},
    "half a sign-in": {"OIDC_CLIENT_ID": None},
    "an issuer without TLS": {"OIDC_ISSUER": "http://login.example.org"},
    "no secret": {"SESSION_SECRET": None},
    "a short secret": {"SESSION_SECRET": "short"},
    "no address": {"PUBLIC_URL": None},
    "an address without TLS": {"PUBLIC_URL": "http://pictures.example.org"},
    "an address that is none": {"PUBLIC_URL": "pictures"},
    "no bucket": {"BUCKET_NAME": None},
    "no catalog": {"CATALOG_URL": ""},
    "no queue": {"TAG_QUEUE_URL": None},
    "a password in clear": {"TAGLIGHT_PASSWORD_HASH": "a password in clear"},
    "anyone of Google": {"OIDC_ISSUER": "https://accounts.google.com"},
    "nothing": dict.fromkeys(("BUCKET_NAME", "PUBLIC_URL", "OIDC_ISSUER", "SESSION_SECRET")),
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_what_is_not_set_up_is_closed(
    settings: pytest.MonkeyPatch,
    mistake: dict[str, str | None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name, value in mistake.items():
        settings.delenv(name) if value is None else settings.setenv(name, value)
    function = Function(open_door())
    assert "Nothing is answered" in caplog.text
    assert "a password in clear" not in caplog.text
    for route in [*table(), "GET /nothing/here"]:
        method, path = route.split()
        for role in ("", "editor"):
            answer = function.ask(method, path, role, b"")
            refused = {503} if method == "GET" else {403, 503}  # for coming from nowhere
            expected = {404} if path.startswith("/static/") else refused
            assert answer.status in expected, route
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["x-content-type-options"] == "nosniff"
    tree = StaticTree()
    assert function.ask(path=tree.url("css/base.css")).body == tree.read("css/base.css")


def test_while_the_catalog_is_away_static_files_are_served_and_then_all(
    settings: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    away = [True]

    def opened(known: LambdaSettings) -> Home:
        if away[0]:
            raise CatalogUnavailableError("secret details")
        return open_home(known)

    function = Function(open_door(opened))
    for path in ("/", "/healthz", "/api/images", "/signin"):
        answer = function.ask(path=path, role="editor")
        assert answer.status == 503
        assert "secret details" not in answer.text
    tree = StaticTree()
    assert function.ask(path=tree.url("css/base.css")).body == tree.read("css/base.css")
    assert function.ask(path="/static/x/../../etc/passwd").status == 404
    away[0] = False
    assert function.ask(role="editor").status == 200
    assert "secret details" in caplog.text


# --- SnapStart ---


def test_a_copy_of_a_process_has_connections_and_numbers_of_its_own(
    function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_picture(function)
    assert function.door.behind is not None
    runtime = ModuleType("snapshot_restore_py")
    hooks: dict[str, object] = {}
    runtime.register_before_snapshot = lambda hook: hooks.update(before=hook)  # type: ignore[attr-defined]
    runtime.register_after_restore = lambda hook: hooks.update(after=hook)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "snapshot_restore_py", runtime)
    assert snapshots.register(function.door.behind.let_go)
    home = function.door.behind.home
    assert home is not None
    client = home.store.client
    hooks["before"]()  # type: ignore[operator]
    state = random.getstate()
    numbers = []
    for _ in range(2):  # two copies begin with the same state
        random.setstate(state)
        hooks["after"]()  # type: ignore[operator]
        numbers.append(random.random())
    assert numbers[0] != numbers[1]
    assert home.store.client is not client
    assert function.ask(role="viewer").status == 200


def test_elsewhere_there_are_no_snapshots() -> None:
    assert snapshots.register(lambda: None) is False
