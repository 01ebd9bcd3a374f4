"""Everything without a mouse: add, search, open, go back, correct labels, delete and undo."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser_pages import expect_state, tile, tiles, upload

pytestmark = pytest.mark.browser

MOST_TABS = 60


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the element with this name (or text) has the focus, if it has it not yet."""
    for _ in range(MOST_TABS):
        focused = page.evaluate(
            "() => !document.activeElement.matches('a, button, input, select, summary') ? ''"
            " : document.activeElement.getAttribute('aria-label')"
            " ?? document.activeElement.innerText"
        )
        if name in (focused or ""):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{name!r} is not reached by Tab")


def test_add_search_open_and_come_back(page: Page, photographs: Path) -> None:
    page.wait_for_load_state("networkidle")  # the scripts answer keys once they are there
    # The browser is told to hand its dialogs over well before the key: it is not waited for.
    page.on("filechooser", lambda _: None)
    tab_to(page, "Add pictures")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files([photographs / "chelsea.jpg", photographs / "coffee.jpg"])
    for name in ("chelsea.jpg", "coffee.jpg"):
        expect_state(page, name, "tagged")
    expect(tiles(page)).to_have_count(2)

    page.keyboard.press("Escape")
    page.locator("body").evaluate("() => document.activeElement.blur()")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("cat ")
    page.keyboard.press("Enter")
    expect(tiles(page)).to_have_count(1)

    tab_to(page, "chelsea.jpg")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="chelsea.jpg")).to_be_visible()
    page.keyboard.press("Escape")
    expect(tiles(page)).to_have_count(1)
    expect(tile(page, "chelsea.jpg")).to_be_visible()


def test_tray_keeps_the_focus(page: Page, photographs: Path) -> None:
    upload(page, photographs / "chelsea.jpg")
    tab_to(page, "Minimise")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Show the files")).to_be_focused()
    tab_to(page, "Close")
    page.keyboard.press("Enter")
    expect(page.locator("#tray")).to_be_hidden()
    expect(page.get_by_role("button", name="Add pictures").first).to_be_focused()


def test_delete_and_undo(page: Page, photographs: Path) -> None:
    upload(page, photographs / "chelsea.jpg")
    tile(page, "chelsea.jpg").get_by_role("link").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="chelsea.jpg")).to_be_visible()
    tab_to(page, "Delete")
    page.keyboard.press("Enter")
    expect(tiles(page)).to_have_count(0)
    tab_to(page, "Undo")
    page.keyboard.press("Enter")
    expect(tiles(page)).to_have_count(1)
