"""What every answer has, who is answered, and how mistakes of address are answered."""

from typing import Any

import pytest

from catalog.errors import CatalogUnavailableError, StoreUnavailableError
from tests.integration.conftest import Site, make_site

PAGES = ["/", "/help", "/nothing/here"]
PROBLEMS = ["/api/nothing", "/api", "/api/images/x", "/media/x/original", "/static/x/y.js"]


@pytest.mark.parametrize("path", [*PAGES, *PROBLEMS, "/api/images", "/healthz"])
def test_headers_of_every_answer(site: Site, path: str) -> None:
    headers = site.client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert "access-control-allow-origin" not in headers
    assert any(word in headers["cache-control"] for word in ("private", "no-store"))


def test_nonce_is_of_this_page_alone(site: Site) -> None:
    def policy() -> str:
        return site.client.get("/").headers["content-security-policy"]

    assert policy() != policy()
    page = site.client.get("/")
    nonce = page.headers["content-security-policy"].split("'nonce-")[1].split("'")[0]
    assert f'nonce="{nonce}"' in page.text


@pytest.mark.parametrize("path", PROBLEMS)
def test_unknown_addresses_of_the_api(site: Site, path: str) -> None:
    response = site.client.get(path)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == 404


def test_unknown_page_is_a_page(site: Site) -> None:
    for path in ("/nothing/here", "/images/x", "/apiary"):
        response = site.client.get(path)
        assert response.status_code == 404
        assert response.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/api/images", "GET, HEAD"),
        ("PUT", "/api/images/abc", "DELETE, GET, HEAD"),
        ("GET", "/api/uploads", "POST"),
        ("DELETE", "/api/labels", "GET, HEAD"),
        ("TRACE", "/api/images", "GET, HEAD"),
        ("OPTIONS", "/api/images", "GET, HEAD"),
        ("POST", "/", "GET, HEAD"),
        ("GET", "/api/images/abc/labels", "PATCH"),
    ],
)
def test_method_that_is_not_there(site: Site, method: str, path: str, allowed: str) -> None:
    response = site.client.request(method, path)
    assert response.status_code == 405
    assert response.headers["allow"] == allowed


@pytest.mark.parametrize("path", ["/", "/api/images", "/api/labels", "/healthz", "/help"])
def test_head_is_get_without_the_body(site: Site, path: str) -> None:
    whole, head = site.client.get(path), site.client.head(path)
    assert head.status_code == whole.status_code == 200
    assert head.content == b""
    assert head.headers["content-type"] == whole.headers["content-type"]


def test_no_method_override(site: Site) -> None:
    image_id = site.add()
    address = f"/api/images/{image_id}"
    headers = {"X-HTTP-Method-Override": "DELETE"}
    assert site.client.post(f"{address}?_method=DELETE", headers=headers).status_code == 405
    assert site.client.get(address).json()["trashed"] is False


def test_interactive_documentation_is_off(site: Site) -> None:
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert site.client.get(path).status_code == 404


# --- hosts and origins ---


@pytest.mark.parametrize("host", ["localhost", "localhost:9999", "[::1]:8000", "127.0.0.1"])
def test_hosts_of_this_machine(site: Site, host: str) -> None:
    assert site.client.get("/api/images", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/api/images", "/healthz", "/static/x/y.js", "/media/x/y"])
def test_other_hosts_are_refused(site: Site, path: str) -> None:
    response = site.client.get(path, headers={"Host": "evil.example:8000"})
    assert response.status_code == 403
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("host", ["", "a b", "localhost:x", "localhost/evil"])
def test_what_is_no_host(site: Site, host: str) -> None:
    assert site.client.get("/api/images", headers={"Host": host}).status_code == 400


def test_hosts_of_the_operator(tmp_path: Any) -> None:
    site = make_site(tmp_path, allowed_hosts=("nas.local",), public_url="https://p.example.org")
    for host in ("nas.local:8000", "p.example.org"):
        assert site.client.get("/api/images", headers={"Host": host}).status_code == 200
    headers = {"Host": "p.example.org", "Origin": "https://p.example.org"}
    body: dict[str, Any] = {"files": [{"name": "a.jpg", "size": 1, "type": "", "sha256": "0" * 64}]}
    ticket = site.client.post("/api/uploads", json=body, headers=headers).json()["uploads"][0]
    assert ticket["url"].startswith("https://p.example.org/upload/")
    site.database.close()
    site.journal.close()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Cookie": "taglight_session=x"},
    ],
)
def test_writes_from_elsewhere_are_refused(site: Site, headers: dict[str, str]) -> None:
    image_id = site.add(labels={"Dog": 90.0})
    ticket = site.ask_ticket()
    calls = [
        ("DELETE", f"/api/images/{image_id}", {}),
        ("POST", f"/api/images/{image_id}/retry", {}),
        ("POST", f"/api/images/{image_id}/restore", {}),
        ("PATCH", f"/api/images/{image_id}/labels", {"json": {"add": ["A"]}}),
        ("POST", "/api/uploads", {"json": {"files": []}}),
        ("POST", f"/images/{image_id}/delete", {}),
        ("PUT", ticket["url"], {"content": b"x"}),
    ]
    for method, path, body in calls:
        response = site.client.request(method, path, headers=headers, **body)
        assert response.status_code == 403, path
        assert response.headers["content-type"] == "application/problem+json"
    assert site.client.get(f"/api/images/{image_id}").json()["trashed"] is False


def test_writes_from_our_own_page(site: Site) -> None:
    headers = {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"}
    image_id = site.add()
    assert site.client.delete(f"/api/images/{image_id}", headers=headers).status_code == 204


def test_link_from_another_site_opens_a_page(site: Site) -> None:
    headers = {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    }
    assert site.client.get("/", headers=headers).status_code == 200
    headers |= {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    assert site.client.get("/api/images", headers=headers).status_code == 403


# --- trouble ---


def test_healthz(site: Site) -> None:
    response = site.client.get("/healthz")
    assert (response.status_code, response.json()["status"]) == (200, "ok")


def test_healthz_names_what_does_not_answer(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: object) -> None:
        raise CatalogUnavailableError("secret details")

    monkeypatch.setattr(type(site.database), "check", silent)
    response = site.client.get("/healthz")
    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["catalog"] == "does not answer"
    assert response.json()["store"] == "ok"
    assert "secret" not in response.text


@pytest.mark.parametrize("error", [CatalogUnavailableError("x"), StoreUnavailableError("x")])
def test_what_does_not_answer_is_503(
    site: Site, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def silent(*_: object) -> None:
        raise error

    monkeypatch.setattr(type(site.database), "reading", silent)
    for path in ("/api/images", "/api/labels", "/api/images/x"):
        response = site.client.get(path)
        assert response.status_code == 503
        assert response.headers["retry-after"] == "5"
        assert response.headers["content-type"] == "application/problem+json"
    assert site.client.get("/").headers["content-type"].startswith("text/html")
    assert site.client.get("/").status_code == 503


def test_what_nobody_foresaw_shows_no_internals(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret details")

    monkeypatch.setattr(type(site.database), "reading", broken)
    for path, kind in (("/api/images", "application/problem+json"), ("/", "text/html")):
        response = site.client.get(path)
        assert response.status_code == 500
        assert response.headers["content-type"].startswith(kind)
        assert "secret" not in response.text
        assert "nosniff" in response.headers["x-content-type-options"]
    assert "secret details" in caplog.text


# --- static files and compression ---


def test_static_files(site: Site) -> None:
    address = site.app.state.services.static.url("js/main.js")
    response = site.client.get(address)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/javascript; charset=utf-8"
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["content-encoding"] == "gzip"
    plain = site.client.get(address, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == response.content


def test_static_files_under_an_old_hash_are_not_kept(site: Site) -> None:
    response = site.client.get("/static/0123456789abcdef/js/main.js")
    assert response.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["../webapp/app.py", "%2e%2e/webapp/app.py", "js/", "", "js"])
def test_static_files_there_are_not(site: Site, path: str) -> None:
    assert site.client.get(site.app.state.services.static.url(path)).status_code == 404


def test_text_is_compressed_and_pictures_are_not(site: Site) -> None:
    for n in range(20):
        image_id = site.add(f"{n}.jpg", {"Dog": 90.0}, content=b"a" * 5000)
    assert site.client.get("/api/images").headers["content-encoding"] == "gzip"
    picture = site.client.get(f"/media/{image_id}/original")
    assert "content-encoding" not in picture.headers
