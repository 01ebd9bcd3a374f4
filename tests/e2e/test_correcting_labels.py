"""Labels corrected on the picture's page: added, rejected, taken back; and found by search."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.browser_pages import tile, tiles, upload

pytestmark = pytest.mark.browser


def label(page: Page, name: str) -> Locator:
    """Return a label of the picture, by its link."""
    return page.locator(".label").filter(has=page.get_by_role("link", name=name, exact=True))


def test_add_reject_and_take_back(page: Page, photographs: Path) -> None:
    upload(page, photographs / "chelsea.jpg", photographs / "coffee.jpg")
    tile(page, "chelsea.jpg").get_by_role("link").click()

    page.get_by_label("Add a label").fill("Chelsea the <b>cat</b>")
    page.get_by_role("button", name="Add", exact=True).click()
    added = label(page, "Chelsea the <b>cat</b>")
    expect(added).to_have_class(re.compile("person"))
    page.get_by_role("button", name="Reject Cat", exact=True).click()
    rejected = page.get_by_role("list", name="Rejected labels")
    expect(rejected).to_contain_text("Cat")
    address = page.url

    page.goto("/?q=cat")
    expect(tiles(page)).to_have_count(0)
    page.goto("/?q=chelsea*")
    expect(tile(page, "chelsea.jpg")).to_be_visible()

    page.goto(address)
    page.get_by_role("button", name="Take back the rejection of Cat").click()
    expect(rejected).to_have_count(0)
    page.get_by_role("button", name="Take back Chelsea the <b>cat</b>").click()
    expect(added).to_have_count(0)
    page.goto("/?q=cat")
    expect(tile(page, "chelsea.jpg")).to_be_visible()
    page.goto("/?q=chelsea*")
    expect(tiles(page)).to_have_count(0)
