"""What is sent again is never old: each change is seen by the very next request."""

import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.integration.conftest import Site

ASKED = ["/api/images", "/api/images?q=dog", "/api/labels", "/", "/?q=dog", "/?q=dog&part=results"]
WRITER = """
import sys
from pathlib import Path
from catalog.database import Database
from catalog.indexer import Indexer
from catalog.storage.folder import FolderStore
root = Path(sys.argv[1])
store = FolderStore(root)
store.put("uploads/a.jpg", b"bytes")
store.put("metadata/a.jpg.json", b'[{"Name": "Wolf", "Confidence": 90}]')
Indexer(store, Database.open(f"sqlite:///{root}/.taglight/catalog.sqlite")).index("uploads/a.jpg")
"""


def look(site: Site) -> list[str]:
    """Ask for everything twice; both must say the same but for the nonce."""
    first, second = ([site.client.get(path) for path in ASKED] for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert (one.status_code, other.status_code) == (200, 200)
        assert without_nonce(one.text) == without_nonce(other.text)
    return [without_nonce(answer.text) for answer in second]


def without_nonce(page: str) -> str:
    return re.sub(r'nonce="[^"]+"', "", page)


def total(site: Site, query: str = "") -> int:
    found: int = site.client.get(f"/api/images{query}").json()["total"]
    return found


def test_what_people_do_is_seen_by_the_next_request(site: Site) -> None:
    image_id = site.add("2026/11/dog-00000001.jpg", {"Dog": 90.0})
    site.add("2026/11/dog-00000002.jpg", {"Dog": 95.0})
    seen = [look(site)]
    picture = f"/api/images/{image_id}"
    steps: list[tuple[Callable[[], int], int]] = [
        (lambda: site.client.patch(f"{picture}/labels", json={"add": ["Rex"]}).status_code, 200),
        (lambda: site.client.patch(f"{picture}/labels", json={"remove": ["Dog"]}).status_code, 200),
        (lambda: site.client.delete(picture).status_code, 204),
        (lambda: site.client.post(f"{picture}/restore").status_code, 200),
        (lambda: len(site.add("2026/11/dog-00000003.jpg", {"Dog": 80.0})), 26),
    ]
    totals = [(total(site), total(site, "?q=dog"))]
    for act, expected in steps:
        assert act() == expected
        totals.append((total(site), total(site, "?q=dog")))
        seen.append(look(site))
    assert totals == [(2, 2), (2, 2), (2, 1), (1, 1), (2, 1), (3, 2)]
    changed = [seen[n][0] != seen[n + 1][0] and seen[n][3] != seen[n + 1][3] for n in range(5)]
    assert changed == [True] * 5


def test_what_another_process_writes_is_seen_by_the_next_request(site: Site) -> None:
    before = look(site)
    command = [sys.executable, "-c", WRITER, str(site.root)]
    subprocess.run(command, check=True, timeout=120)
    assert total(site, "?q=wolf") == total(site) == 1
    after = look(site)
    assert "Wolf" in after[0]
    assert "Wolf" in after[2]
    assert "Wolf" in after[3]
    assert before[1] == after[1]  # no dog came


def test_every_page_has_a_nonce_of_its_own_that_its_policy_allows(site: Site) -> None:
    site.add(labels={"Dog": 90.0})
    nonces = set()
    for _ in range(3):
        answer = site.client.get("/")
        (nonce,) = set(re.findall(r'nonce="([^"]+)"', answer.text))
        assert f"'nonce-{nonce}'" in answer.headers["content-security-policy"]
        assert int(answer.headers["content-length"]) == answer.num_bytes_downloaded
        nonces.add(nonce)
    assert len(nonces) == 3


@pytest.mark.parametrize("path", ["/api/images", "/api/labels", "/"])
def test_headers_and_compression_are_those_of_the_first_answer(site: Site, path: str) -> None:
    for number in range(9):
        site.add(f"2026/11/dog-{number:08}.jpg", {"Dog": 90.0, "Cat": 80.0})
    for coding in ("gzip", "identity", "gzip", "identity"):
        answers = [site.client.get(path, headers={"Accept-Encoding": coding}) for _ in range(2)]
        names = [sorted(set(answer.headers) - {"content-length"}) for answer in answers]
        assert names[0] == names[1]
        assert len(answers[1].headers.get_list("content-security-policy")) == 1
        assert without_nonce(answers[0].text) == without_nonce(answers[1].text)
        if coding == "identity":
            assert "content-encoding" not in answers[1].headers
    head = site.client.head(path)
    assert (head.status_code, head.content) == (200, b"")
