"""Reading needs no JavaScript: links, the filter form, the next page; delete and undo as forms."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.browser_pages import tiles
from tests.e2e.conftest import NewContext, Server, Watch, serving

pytestmark = pytest.mark.browser

MANY = 65  # more than a page of 60


def put_pictures(library: Path, count: int) -> None:
    """Put pictures with another tool's documents into the library, as a sync would."""
    for number in range(count):
        picture = io.BytesIO()
        Image.new("RGB", (60, 40), (number * 3, 120, 200 - number)).save(picture, "PNG")
        place = library / "uploads" / f"picture-{number:02}.png"
        document = library / "metadata" / f"picture-{number:02}.png.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        document.parent.mkdir(parents=True, exist_ok=True)
        name, confidence = ("Boat", 95.0) if number == 7 else ("Sea", 71.0 + number / 3)
        labels = [{"Name": name, "Confidence": confidence}]
        document.write_text(json.dumps({"Labels": labels}))
        place.write_bytes(picture.getvalue())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests here; the last adds a label."""
    with serving(tmp_path_factory.mktemp("plain")) as made:
        put_pictures(made.library, MANY)
        yield made


@pytest.fixture
def plain(new_context: NewContext) -> Page:
    """A page without JavaScript, on a library of many pictures."""
    context: BrowserContext = new_context(java_script_enabled=False)
    page = context.new_page()
    for _ in range(300):
        if page.request.get("/api/images?q=sea|boat").json()["total"] == MANY:
            break
        page.wait_for_timeout(200)
    page.goto("/")
    return page


def test_read_turn_the_page_and_filter(plain: Page) -> None:
    expect(plain.get_by_text("Adding pictures needs JavaScript")).to_be_visible()
    expect(plain.get_by_role("button", name="Add pictures")).to_have_count(0)
    expect(tiles(plain)).to_have_count(60)
    plain.get_by_role("link", name="More pictures").click()
    expect(tiles(plain)).to_have_count(MANY - 60)

    plain.goto("/")
    plain.locator("#q").fill("boat")
    plain.locator("#q").press("Enter")
    expect(tiles(plain)).to_have_count(1)
    plain.get_by_label("Least confidence in percent").fill("96")
    plain.get_by_role("button", name="Apply").click()
    expect(tiles(plain)).to_have_count(0)
    plain.get_by_label("Least confidence in percent").fill("95")
    plain.get_by_role("button", name="Apply").click()
    expect(tiles(plain)).to_have_count(1)


def test_a_mistake_in_the_search_is_a_page_with_a_sentence(plain: Page, watch: Watch) -> None:
    watch.expected.append("status of 400")
    answer = plain.goto('/?q="hot dog')
    assert answer is not None
    assert answer.status == 400
    expect(plain.locator("#q")).to_have_value('"hot dog')
    expect(plain.locator("#mistake")).to_be_visible()


def test_delete_undo_and_correct(plain: Page) -> None:
    plain.goto("/?q=boat")
    tiles(plain).first.get_by_role("link").click()
    expect(plain.get_by_role("heading", name="picture-07.png")).to_be_visible()

    plain.get_by_label("Add a label").fill("Ferry")
    plain.get_by_role("button", name="Add", exact=True).click()
    expect(plain.get_by_role("link", name="Ferry", exact=True)).to_be_visible()

    plain.get_by_role("button", name="Delete").click()
    plain.goto(plain.url)
    plain.get_by_role("button", name="Undo").click()
    plain.goto("/?q=ferry")
    expect(tiles(plain)).to_have_count(1)
