"""Every page there is: sound HTML, and the headers that protect who looks at it."""

import re
from html.parser import HTMLParser

import pytest

from tests.integration.conftest import Site
from tests.integration.webapp.signin.conftest import PASSWORD

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
DRAWN = {"path", "circle", "rect"}
PAGES = {
    "gallery": "/",
    "search": "/?q=dog>50&min=10&sort=oldest",
    "mistake": "/?q=(",
    "nothing found": "/?q=zebra",
    "picture": "/images/{id}",
    "failed picture": "/images/{failed}",
    "waiting picture": "/images/{waiting}",
    "trash": "/?q=is:trashed",
    "deleted": "/?deleted={id}",
    "help": "/help",
    "not found": "/nothing/here",
    "sign in": "/signin?next=/help",
}
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "private, no-store",
}
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "connect-src": "'self'",
}


class Reader(HTMLParser):
    """Reads a page as strictly as no browser does."""

    def __init__(self, nonce: str) -> None:
        super().__init__(convert_charrefs=True)
        self.nonce = nonce
        self.open: list[str] = []
        self.ids: list[str] = []
        self.faults: list[str] = []
        self.labelled: set[str] = set()
        self.fields: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.faults.append(f"<{tag}> has an attribute twice")
        self.faults += [f"<{tag} {name}>" for name in names if name.startswith("on")]
        if "style" in names:
            self.faults.append(f"<{tag} style>")
        if given.get("id"):
            self.ids.append(str(given["id"]))
        for name in ("href", "src", "action", "formaction"):
            if re.match(r"\s*(javascript|data|vbscript):", given.get(name) or "", re.IGNORECASE):
                self.faults.append(f"<{tag} {name}={given[name]}>")
            if tag != "a" and re.match(r"(https?:)?//", given.get(name) or ""):
                self.faults.append(f"<{tag} {name}={given[name]}> is of a third party")
        if tag == "form" and given.get("method", "get").lower() not in ("get", "post"):
            self.faults.append("a form with another method")
        if tag == "img" and given.get("alt") is None:
            self.faults.append("a picture without alt")
        if tag == "a" and given.get("target") == "_blank":
            self.faults.append("a link to a window of its own")
        if tag in ("script", "style") and not given.get("src") and given.get("nonce") != self.nonce:
            self.faults.append(f"<{tag}> without this answer's nonce")
        if tag not in VOID and tag not in DRAWN:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in DRAWN:
            return
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> closes {self.open[-1:]}")
        else:
            self.open.pop()


@pytest.fixture
def full(signed: Site) -> tuple[Site, dict[str, str]]:
    """A site with pictures of every kind, and an editor who has signed in."""
    evil = "<script>alert(1)</script>\"'&.jpg"
    ids = {
        "id": signed.add(labels={"Dog": 90.0, "<b>Cat</b>": 40.0}, name=evil),
        "failed": signed.add("bad.jpg", failed="It ends in the <middle>."),
        "waiting": signed.add_pending(),
    }
    form = {"password": PASSWORD}
    assert signed.client.post("/signin/password", data=form).status_code == 303
    return signed, ids


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_page(full: tuple[Site, dict[str, str]], path: str) -> None:
    site, ids = full
    answer = site.client.get(path.format(**ids))
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    for name, value in HEADERS.items():
        assert answer.headers[name] == value, name
    assert "server" not in answer.headers
    policy = dict(part.strip().split(" ", 1) for part in policy_of(answer).split(";"))
    assert POLICY.items() <= policy.items()
    assert "unsafe" not in policy_of(answer)
    assert "http" not in policy_of(answer), "no third party"
    found = re.search(r"'nonce-([^']+)'", policy_of(answer))
    assert found
    reader = Reader(found[1])
    reader.feed(answer.text)
    assert answer.text.startswith('<!DOCTYPE html>\n<html lang="en"')
    assert reader.faults == []
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids)), "an id twice"
    assert len(re.findall(r"<h1\b", answer.text)) == 1
    assert len(re.findall(r"<main\b", answer.text)) == 1


def policy_of(answer: object) -> str:
    return str(answer.headers["content-security-policy"])  # type: ignore[attr-defined]
