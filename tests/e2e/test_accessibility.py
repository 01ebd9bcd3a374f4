"""Every page and state under axe-core's rules, wide and narrow, light and dark."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser_pages import drop, expect_state, tile, upload
from tests.e2e.conftest import REPOSITORY, SCREENSHOTS, SIZES, Watch

pytestmark = pytest.mark.browser

AXE = REPOSITORY / "node_modules" / "axe-core" / "axe.min.js"
# In the dark a page has other colours and nothing else: there the rules about colours are asked.
_COLOURS = ["color-contrast", "link-in-text-block"]
_RULES: dict[str, object] = {"light": {}, "dark": {"runOnly": {"type": "rule", "values": _COLOURS}}}
_RUN = """(rules) => axe.run(document, { resultTypes: ["violations"], ...rules }).then(
  ({ violations }) => violations.flatMap(({ id, help, nodes }) => nodes.map(({ html, any, all }) =>
    `${id}: ${help}: ${html.slice(0, 200)} ${[...any, ...all].map(({ message }) => message)}`)))"""


@pytest.fixture
def found(page: Page) -> "Found":
    """Look at pages as axe-core does."""
    if not AXE.is_file():
        if os.environ.get("CI"):
            pytest.fail("axe-core is not installed: on CI nothing is skipped.")
        pytest.skip("axe-core is not installed (npm ci)")
    return Found(page)


class Found:
    """What axe-core finds on the pages that it was shown, each in every size and scheme."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.violations: list[str] = []

    def look(self, name: str) -> None:
        """Look at the page as it is now, and keep what it looked like in test-results/."""
        SCREENSHOTS.mkdir(exist_ok=True)
        before = self.page.viewport_size
        for width, height in SIZES.items():
            for scheme in ("light", "dark"):
                self.page.set_viewport_size({"width": width, "height": height})
                self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                file = f"state-{name.replace(' ', '-')}-{width}-{scheme}.png"
                self.page.screenshot(path=SCREENSHOTS / file)
                if not self.page.evaluate("() => 'axe' in window"):
                    self.page.evaluate(AXE.read_text())
                where = f"{name}, {width} px, {scheme}"
                found = self.page.evaluate(_RUN, _RULES[scheme])
                self.violations += [f"{where}: {each}" for each in found]
        if before:
            self.page.set_viewport_size(before)


def test_no_page_breaks_a_rule(page: Page, found: Found, watch: Watch, photographs: Path) -> None:
    found.look("the first visit")
    drop(page, photographs / "letter.jpg")
    expect_state(page, "letter.jpg", "rejected")
    upload(page, photographs / "chelsea.jpg", photographs / "coffee.jpg")
    found.look("the gallery with the tray")

    page.reload()
    tile(page, "chelsea.jpg").get_by_role("link").focus()
    found.look("a tile's caption")
    page.goto("/?q=cat+-coffee&min=55")
    found.look("a search")
    page.get_by_label("Search by label").press_sequentially(" c")
    expect(page.get_by_role("option").first).to_be_visible()
    found.look("completion")
    page.goto("/?q=zebra+sea")
    found.look("nothing found")
    page.goto("/help")
    found.look("the help")
    page.goto("/insights")
    found.look("insights")
    page.goto("/", wait_until="networkidle")
    page.keyboard.press("a")
    expect(page.get_by_role("form", name="Selected pictures")).to_be_visible()
    found.look("pictures selected")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    found.look("the keys")

    page.goto("/?q=chelsea*|cat")
    tile(page, "chelsea.jpg").get_by_role("link").click()
    expect(page.get_by_role("heading", name="chelsea.jpg")).to_be_visible()
    page.get_by_label("Add a label").fill("Chelsea")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".label.person")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Reject")).first.click()
    expect(page.get_by_role("list", name="Rejected labels")).to_be_visible()
    for summary in page.locator(".view summary").all():
        summary.click()
    found.look("a picture")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("The picture is in the trash.")).to_be_visible()
    found.look("a picture deleted")
    page.goto("/trash")
    found.look("the trash")
    page.locator("summary", has_text="Empty the trash").click()
    found.look("the trash, asking whether to empty it")
    page.goto("/?q=is:trashed")
    page.locator("#results .tile a").click()
    expect(page.get_by_role("button", name="Put back")).to_be_visible()
    found.look("a picture in the trash")

    watch.expected += ["400 (Bad Request)", "404 (Not Found)"]
    page.goto("/?q=dog%3E")
    found.look("a mistake in the search")
    page.goto("/images/nothing")
    found.look("a page that is not there")
    assert found.violations == []
