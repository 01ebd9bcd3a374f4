"""Many pictures at once: picked in every way, labelled, deleted, listed, and taken back."""

import re
from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.browser_pages import open_whole, tiles
from tests.e2e.conftest import SCREENSHOTS, NewContext, Server, serving
from tests.e2e.libraries import put_many, wait_for

pytestmark = pytest.mark.browser

MANY = 70
FOCUS_COLOUR = (0x9A, 0x4F, 0x03)  # --light
_FOCUSED = """() => [...document.querySelectorAll("#results .tile")]
  .indexOf(document.activeElement.closest(".tile"))"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests here, which take back what they do, but for the last."""
    with serving(tmp_path_factory.mktemp("many")) as made:
        put_many(made.library, MANY)
        yield made


@pytest.fixture
def gallery(new_context: NewContext) -> Page:
    """Pictures for more than one page."""
    page = new_context().new_page()
    page.goto("/")
    wait_for(page, MANY)
    open_whole(page, "/?sort=name")
    return page


def mark(page: Page, index: int) -> None:
    """Click the check mark of a picture."""
    tile = tiles(page).nth(index)
    tile.hover()
    tile.get_by_role("checkbox").click()


def total(page: Page, query: str) -> int:
    answer = page.request.get("/api/images", params={"q": query, "limit": 1}).json()
    number: int = answer["total"]
    return number


def selected(page: Page, number: int) -> None:
    word = "picture" if number == 1 else "pictures"
    expect(page.locator("[data-picked-count]")).to_have_text(f"{number} {word} selected")


def test_pick_by_mouse_key_and_touch(gallery: Page, new_context: NewContext) -> None:
    bar = gallery.get_by_role("form", name="Selected pictures")
    mark(gallery, 2)
    selected(gallery, 1)
    gallery.keyboard.press("Escape")  # also where the mark itself has the focus
    expect(bar).to_be_hidden()
    mark(gallery, 2)
    selected(gallery, 1)
    tiles(gallery).nth(6).click(modifiers=["Shift"])
    selected(gallery, 5)
    tiles(gallery).nth(3).click()  # while some are picked, a click picks
    selected(gallery, 4)
    gallery.screenshot(path=SCREENSHOTS / "picked-1440-light.png")
    gallery.keyboard.press("Escape")
    expect(bar).to_be_hidden()

    tiles(gallery).nth(4).get_by_role("link").focus()
    gallery.keyboard.press("x")
    selected(gallery, 1)
    tiles(gallery).nth(8).get_by_role("link").focus()
    gallery.keyboard.press("Shift+X")
    selected(gallery, 5)
    gallery.get_by_role("button", name="All that is found").click()
    selected(gallery, MANY)
    expect(tiles(gallery).nth(0).get_by_role("checkbox")).to_be_checked()
    gallery.get_by_role("button", name="Select nothing").click()
    expect(bar).to_be_hidden()
    tiles(gallery).nth(1).get_by_role("link").click()
    expect(gallery.get_by_role("dialog", name="Picture")).to_be_visible()
    pick_by_touch(new_context(width=390, has_touch=True, is_mobile=True).new_page())


def pick_by_touch(page: Page) -> None:
    """By touch one says first that one wants to pick; a tap opens before, and picks after."""
    open_whole(page, "/?sort=name")
    select = page.get_by_role("button", name="Select", exact=True)
    expect(tiles(page).first.get_by_role("checkbox")).to_have_css("opacity", "0")
    select.tap()
    selected(page, 0)
    expect(tiles(page).first.get_by_role("checkbox")).to_have_css("opacity", "1")
    tiles(page).nth(0).tap()
    tiles(page).nth(2).tap()
    selected(page, 2)
    page.screenshot(path=SCREENSHOTS / "picked-390-light.png")
    page.get_by_role("button", name="Select nothing").tap()
    expect(page.get_by_role("form", name="Selected pictures")).to_be_hidden()
    tiles(page).nth(0).tap()
    expect(page.get_by_role("dialog", name="Picture")).to_be_visible()


def test_the_focus_is_seen_on_a_picture(gallery: Page) -> None:
    link = tiles(gallery).first.get_by_role("link")
    box = tiles(gallery).first.bounding_box()
    assert box
    # Its left edge: neither the name below nor the mark above.
    x, y = box["x"], box["y"] + box["height"] / 2

    def seen() -> set[object]:
        found = (
            Image.open(BytesIO(gallery.screenshot(clip={"x": x, "y": y, "width": 4, "height": 10})))
            .convert("RGB")
            .getcolors()
        )
        return {color for _, color in found or []}

    assert FOCUS_COLOUR not in seen()
    gallery.keyboard.press("ArrowRight")
    expect(link).to_be_focused()
    assert FOCUS_COLOUR in seen()


def test_by_keys_alone_from_picture_to_picture_and_to_what_is_done_with_them(
    gallery: Page,
) -> None:
    def focused(index: int) -> None:
        expect(tiles(gallery).nth(index).get_by_role("link")).to_be_focused()

    def place(index: int) -> dict[str, float]:
        box = tiles(gallery).nth(index).bounding_box()
        assert box
        return {"x": box["x"] + box["width"] / 2, "y": box["y"]}

    gallery.keyboard.press("ArrowRight")
    focused(0)
    gallery.keyboard.press("ArrowRight")
    gallery.keyboard.press("ArrowRight")
    focused(2)
    gallery.keyboard.press("ArrowLeft")
    focused(1)
    tops = [place(index)["y"] for index in range(20)]
    second = [index for index, top in enumerate(tops) if top == sorted(set(tops))[1]]
    below = min(second, key=lambda index: abs(place(index)["x"] - place(1)["x"]))
    gallery.keyboard.press("ArrowDown")
    focused(below)
    gallery.keyboard.press("ArrowUp")
    assert place(int(gallery.evaluate(_FOCUSED)))["y"] == tops[0]
    for _ in range(12):
        gallery.keyboard.press("ArrowDown")
    last = int(gallery.evaluate(_FOCUSED))
    assert last > below
    box = tiles(gallery).nth(last).bounding_box()
    assert box
    assert 0 <= box["y"] <= 901 - box["height"], "the focus is in sight"

    gallery.keyboard.press("x")
    gallery.keyboard.press("ArrowLeft")
    gallery.keyboard.press("x")
    selected(gallery, 2)
    gallery.keyboard.press("l")
    expect(gallery.get_by_label("Label to add or reject")).to_be_focused()
    gallery.keyboard.type("Quay")
    gallery.keyboard.press("Enter")
    expect(gallery.get_by_text("“Quay” added to 2 pictures.")).to_be_visible()
    focused(last - 1)
    gallery.keyboard.press("u")
    expect(gallery.get_by_text("Undone for 2 pictures.")).to_be_visible()
    assert total(gallery, "quay") == 0
    gallery.get_by_role("button", name="Close", exact=True).click()
    expect(gallery.locator(".message")).to_have_count(0)

    focused_tile = tiles(gallery).nth(last - 1)
    focused_tile.get_by_role("link").focus()
    gallery.keyboard.press("x")
    gallery.keyboard.press("Delete")
    expect(gallery.get_by_text("1 picture moved to the trash.")).to_be_visible()
    gallery.keyboard.press("u")
    expect(gallery.get_by_text("Undone for 1 picture.")).to_be_visible()
    expect(tiles(gallery).first).to_be_visible()


def test_labels_are_added_rejected_and_taken_back(gallery: Page) -> None:
    seen = total(gallery, "sea>=0")
    for index in range(5):
        mark(gallery, index)
    gallery.get_by_label("Label to add or reject").fill("Harbour")
    gallery.get_by_role("button", name="Add", exact=True).click()
    expect(gallery.get_by_text("“Harbour” added to 5 pictures.")).to_be_visible()
    assert total(gallery, "harbour") == 5
    gallery.get_by_role("button", name="Undo").click()
    expect(gallery.get_by_text("Undone for 5 pictures.")).to_be_visible()
    assert total(gallery, "harbour") == 0

    # Rejected only where it was; and back again, each as sure as before.
    gallery.keyboard.press("a")
    selected(gallery, MANY)
    before = gallery.request.get("/api/images?q=sea>=0&limit=200&min=0").json()["images"]
    gallery.get_by_label("Label to add or reject").fill("sea")
    gallery.get_by_role("button", name="Reject", exact=True).click()
    expect(gallery.get_by_text(re.compile("rejected on"))).to_be_visible()
    assert total(gallery, "sea>=0") == 0
    gallery.get_by_role("button", name="Undo").click()
    expect(gallery.get_by_text(f"Undone for {seen} pictures.")).to_be_visible()
    after = gallery.request.get("/api/images?q=sea>=0&limit=200&min=0").json()["images"]
    assert after == before


def test_delete_what_a_search_finds_and_undo(gallery: Page) -> None:
    open_whole(gallery, "/?q=boat")
    boats = total(gallery, "boat")
    assert boats > 5
    gallery.keyboard.press("a")
    selected(gallery, boats)
    gallery.get_by_role("button", name="Delete").click()
    expect(gallery.get_by_text(f"{boats} pictures moved to the trash.")).to_be_visible()
    expect(tiles(gallery)).to_have_count(0)
    gallery.get_by_role("button", name="Undo").click()
    expect(tiles(gallery)).to_have_count(boats)


def test_tag_again_and_download_as_a_list(gallery: Page) -> None:
    names = [tiles(gallery).nth(index).locator("b").inner_text() for index in (1, 2)]
    mark(gallery, 1)
    mark(gallery, 2)
    with gallery.expect_download() as found:
        gallery.get_by_role("link", name="List").click()
    lines = found.value.path().read_text("utf-8").splitlines()
    assert len(lines) == 3
    assert all(name in line for name, line in zip(names, lines[1:], strict=True))

    gallery.keyboard.press("Escape")
    open_whole(gallery, "/?q=boat")
    gallery.keyboard.press("a")
    with gallery.expect_download() as found:
        gallery.get_by_role("link", name="List").click()
    assert len(found.value.path().read_text("utf-8").splitlines()) == total(gallery, "boat") + 1

    gallery.keyboard.press("Escape")
    mark(gallery, 0)
    gallery.get_by_role("button", name="Tag again").click()
    expect(gallery.get_by_text("1 picture will be tagged again.")).to_be_visible()
