"""Every route, asked by everyone, answers as the table in docs/security.md says."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.routing import iter_route_contexts

from tests.integration.conftest import Site
from tests.integration.webapp.signin.conftest import ORIGIN, MakeSite, cookie

PAGE = Path(__file__).resolve().parents[4] / "docs" / "security.md"
ROW = re.compile(r"^\| `([A-Z]+) (\S+)` \|(.+)\|$", re.MULTILINE)
ASKERS = ("anonymous", "viewer", "editor", "foreign origin", "expired session")

HEADERS = {
    "anonymous": {"Origin": ORIGIN},
    "viewer": cookie("viewer"),
    "editor": cookie("editor"),
    "foreign origin": cookie("editor") | {"Origin": "https://evil.example"},
    "expired session": cookie("editor", ago=timedelta(hours=13)),
}


def table() -> dict[str, dict[str, str]]:
    rows = {}
    for method, path, cells in ROW.findall(PAGE.read_text("utf-8")):
        expected = [cell.strip() for cell in cells.split("|")]
        rows[f"{method} {path}"] = dict(zip(ASKERS, expected, strict=True))
    return rows


def routes_of(site: Site) -> set[str]:
    found = set()
    for route in iter_route_contexts(site.app.routes):
        assert route.path is not None, f"{route} is of a kind that nobody has thought of"
        assert route.methods, f"{route} is of a kind that nobody has thought of"
        methods = route.methods - {"HEAD"}  # answered as GET is, before any route
        found |= {f"{method} {route.path}" for method in methods}
    return found


@pytest.fixture
def whole(make_signed: MakeSite) -> Site:
    """A site with every kind of sign-in; its provider does not answer."""
    return make_signed(oidc_issuer="http://127.0.0.1:9", oidc_client_id="taglight")


def test_every_route_has_a_row_and_every_row_a_route(whole: Site) -> None:
    assert routes_of(whole) == set(table())


@pytest.mark.parametrize("asker", ASKERS)
@pytest.mark.parametrize("route", table())
def test_everyone_gets_what_the_table_says(whole: Site, route: str, asker: str) -> None:
    method, path = route.split()
    image_id = whole.add(labels={"Dog": 90.0})
    path = path.replace("{image_id}", image_id).replace("{width}", "320")
    path = re.sub(r"\{[^}]+\}", "x", path)
    response = whole.client.request(method, path, headers=HEADERS[asker])
    expected = table()[route][asker]
    if expected == "yes":
        words = response.text if response.status_code in (401, 403) else ""
        assert "Sign in first" not in words
        assert "not change them" not in words
        assert "another site" not in words
        assert not response.headers.get("location", "").startswith("/signin?")
    elif expected == "sign-in":
        assert response.status_code == 303
        assert response.headers["location"].startswith("/signin")
    else:
        assert response.status_code == int(expected), response.text
        kinds = ("application/problem+json", "text/html") if is_page(path) else ("application/pr",)
        assert response.headers["content-type"].startswith(kinds)
    if expected != "yes" and method != "GET":
        there = whole.client.get(f"/api/images/{image_id}", headers=HEADERS["editor"]).json()
        assert there["trashed"] is False
        assert [label["name"] for label in there["labels"]] == ["Dog"]


def is_page(path: str) -> bool:
    return not path.startswith(("/api", "/media", "/upload", "/static", "/healthz"))


@pytest.mark.parametrize("path", ["/api/nothing", "/api", "/media/x", "/upload", "/apiary", "/x/y"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "FOO"])
def test_what_is_not_there_is_closed_too(whole: Site, method: str, path: str) -> None:
    response = whole.client.request(method, path, headers=HEADERS["anonymous"])
    assert response.status_code in (401, 303), response.text


@pytest.mark.parametrize(
    "path",
    ["/static/../api/images", "/static/%2e%2e/api/images", "/signin/../api/images", "//api/images"],
)
def test_no_way_round(whole: Site, path: str) -> None:
    whole.add(labels={"Dog": 90.0})
    for asked in (path, path.upper()):
        response = whole.client.get(asked, headers=HEADERS["anonymous"])
        assert "Dog" not in response.text
        assert response.status_code in (401, 404, 303)
