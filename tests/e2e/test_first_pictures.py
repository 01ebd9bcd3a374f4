"""The whole product once, as its first user meets it: drop, watch, filter, open, delete, undo."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser_pages import drop, expect_state, facet, row, tile, tiles, tray
from tests.e2e.conftest import Server, Watch

pytestmark = pytest.mark.browser

NAMES = ("chelsea.jpg", "coffee.jpg", "rocket.jpg")


def send_by_api(page: Page, path: Path) -> str:
    """Send a file with a proper ticket, as a script would, and return its key."""
    content = path.read_bytes()
    file = {
        "name": path.name,
        "size": len(content),
        "type": "image/jpeg",
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    answer = page.request.post("/api/uploads", data={"files": [file]})
    ticket = answer.json()["uploads"][0]
    assert ticket["status"] == "ready", ticket
    sent = page.request.put(ticket["url"], headers=ticket["headers"], data=content)
    assert sent.ok, sent.text()
    key: str = ticket["key"]
    return key


def wait_for_status(page: Page, key: str, wanted: str) -> dict[str, Any]:
    """Ask until the picture is in this state, and return what is said of it."""
    for _ in range(300):
        answer = page.request.post("/api/images/status", data={"keys": [key]}).json()
        status: dict[str, Any] = answer["images"][0]
        if status["status"] == wanted:
            return status
        page.wait_for_timeout(200)
    raise AssertionError(f"{key} is still {status['status']}, not {wanted}")


def labels_of(page: Page, name: str) -> dict[str, float]:
    """Return a picture's labels with their confidence."""
    found = page.request.get(f"/api/images?q=name:{name}&min=0").json()["images"][0]
    return {label["name"]: label["confidence"] for label in found["labels"]}


def test_drop_watch_filter_open_delete_undo_and_start_again(
    page: Page,
    server: Server,
    photographs: Path,
    take_screenshots: Callable[[str], None],
    watch: Watch,
) -> None:
    expect(page.get_by_role("heading", name="Drop pictures here")).to_be_visible()
    take_screenshots("first-run")

    # Three photographs and a text that says it is one, dropped together.
    drop(page, *(photographs / name for name in NAMES), photographs / "letter.jpg")
    expect_state(page, "letter.jpg", "rejected", within_ms=5000)
    expect(row(page, "letter.jpg")).to_contain_text("not a picture that Taglight can read")
    take_screenshots("uploading")
    for name in NAMES:
        expect_state(page, name, "tagged")
    expect(row(page, "chelsea.jpg")).to_contain_text("Cat")
    expect(tray(page)).to_contain_text("3 tagged · 1 problem")
    expect(tiles(page)).to_have_count(3)
    take_screenshots("tagged")

    # The same text, sent through the API, is taken, and ends failed with a reason.
    key = send_by_api(page, photographs / "letter.jpg")
    status = wait_for_status(page, key, "failed")
    assert status["error"]["code"]
    assert status["error"]["message"].endswith(".")
    tray(page).get_by_role("button", name="Close").click()
    expect(tray(page)).to_be_hidden()

    # Labels with their confidence; one that only the cat has.
    cat = labels_of(page, "chelsea.jpg")["Cat"]
    assert "Cat" not in labels_of(page, "coffee.jpg") | labels_of(page, "rocket.jpg")
    facet(page, "Cat").click()
    expect(tiles(page)).to_have_count(1)
    expect(tile(page, "chelsea.jpg")).to_be_visible()
    assert "q=Cat" in page.url
    take_screenshots("filtered")

    # The slider, raised until the picture vanishes.
    slider = page.get_by_role("slider")
    slider.fill(str(int(cat)))
    expect(tiles(page)).to_have_count(1)
    slider.fill(str(int(cat) + 1))
    expect(tiles(page)).to_have_count(0)
    expect(page.get_by_role("heading", name="No picture matches all of this")).to_be_visible()
    slider.fill("70")
    expect(tiles(page)).to_have_count(1)

    # Open it, delete it, take it back.
    tile(page, "chelsea.jpg").get_by_role("link").click()
    expect(page.get_by_role("heading", name="chelsea.jpg")).to_be_visible()
    expect(page.get_by_role("link", name="Cat", exact=True).first).to_be_visible()
    take_screenshots("picture")
    page.get_by_role("button", name="Delete").click()
    expect(tile(page, "chelsea.jpg")).to_have_count(0)
    take_screenshots("deleted")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("The picture is back")).to_be_visible()
    page.goto("/")
    expect(tile(page, "chelsea.jpg")).to_be_visible()

    # Everything is still there after a restart.
    before = {name: labels_of(page, name) for name in NAMES}
    page.goto("about:blank")
    server.restart()
    page.goto("/?q=cat")
    expect(tiles(page)).to_have_count(1)
    assert {name: labels_of(page, name) for name in NAMES} == before
    page.goto("/?q=is:failed")
    expect(tile(page, "letter.jpg")).to_contain_text("Not tagged")
    take_screenshots("failed")
