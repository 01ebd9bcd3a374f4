"""Every page there is: sound HTML, and the headers that protect who looks at it."""

import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.integration.conftest import Site
from tests.integration.webapp.signin.conftest import ORIGIN, PASSWORD, cookie
from tests.integration.webapp.signin.test_route_table import routes_of
from webapp.errors import is_page

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
DRAWN = {"path", "circle", "rect"}
ROOT = Path(__file__).resolve().parents[4]
HTML_VALIDATE = ROOT / "node_modules" / ".bin" / "html-validate"
# Each exception with its reason.
RULES = {
    "root": True,
    "extends": ["html-validate:standard", "html-validate:a11y", "html-validate:document"],
    "rules": {
        "require-sri": ["error", {"target": "crossorigin"}],  # what is our own needs no hash
        "aria-label-misuse": ["error", {"allowAnyNamable": True}],  # lists have names here
    },
}
PAGES = {
    "gallery": "/",
    "search": "/?q=dog>50&min=10&sort=oldest",
    "mistake": "/?q=(",
    "nothing found": "/?q=zebra",
    "picture": "/images/{id}",
    "failed picture": "/images/{failed}",
    "waiting picture": "/images/{waiting}",
    "trash": "/trash",
    "search for what is in the trash": "/?q=is:trashed",
    "deleted": "/?deleted={id}",
    "insights": "/insights",
    "insights of a label": "/insights?label=Dog",
    "all that failed": "/?q=is:failed",
    "help": "/help",
    "not found": "/nothing/here",
    "sign in": "/signin?next=/help",
    "a sign-in that was not begun": "/signin/callback?code=x&state=y",
    "no provider": "/signin/provider",
}
ORIGINAL = "/images/{image_id}/original"  # leads to a file, and is no page itself
PAGES_OF_OTHERS = {"gallery of a viewer": "/", "picture of a viewer": "/images/{id}"}
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


def test_every_page_there_is_is_looked_at(signed: Site) -> None:
    asked = [path.partition("?")[0] for path in PAGES.values()]
    for route in routes_of(signed):
        method, path = route.split()
        if method == "GET" and is_page(path) and path != ORIGINAL:
            pattern = re.sub(r"\{[^}]+\}", "[^/]+", path)
            assert any(re.fullmatch(pattern, one) for one in asked), path


def test_every_page_is_html_by_the_standard(
    full: tuple[Site, dict[str, str]], tmp_path: Path
) -> None:
    if shutil.which("node") is None or not HTML_VALIDATE.exists():
        reason = "html-validate is not installed: `npm ci` installs it, and needs node"
        if os.environ.get("CI"):
            pytest.fail(f"{reason}; on CI nothing is skipped.")
        pytest.skip(reason)
    site, ids = full
    folder = tmp_path / "pages"
    folder.mkdir()
    pages = PAGES | PAGES_OF_OTHERS
    for name, path in pages.items():
        headers = cookie("viewer") if name in PAGES_OF_OTHERS else {}
        page = site.client.get(path.format(**ids), headers=headers)
        (folder / f"{name.replace(' ', '-')}.html").write_text(page.text, "utf-8")
    out = site.client.post("/signin/out", headers={"Origin": ORIGIN})
    (folder / "signed-out.html").write_text(out.text, "utf-8")
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps(RULES), "utf-8")
    result = subprocess.run(
        [HTML_VALIDATE, "--config", rules, "--formatter", "text", "--max-warnings", "0", folder],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def policy_of(answer: object) -> str:
    return str(answer.headers["content-security-policy"])  # type: ignore[attr-defined]
