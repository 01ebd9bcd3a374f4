"""One picture: over the gallery and as a page, walking, zoom, boxes, and back to the same place."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.browser_pages import open_whole
from tests.e2e.conftest import NewContext, Server, Watch, serving
from tests.e2e.libraries import put_many, wait_for

pytestmark = pytest.mark.browser

FEW = 12


def put_boxed(library: Path) -> None:
    """Put a large picture there in which a dog and two balls were seen."""
    picture = library / "uploads" / "boxed.jpg"
    Image.effect_noise((1800, 1200), 60).convert("RGB").save(picture, quality=80)

    def seen(left: float, top: float) -> dict[str, object]:
        box = {"Left": left, "Top": top, "Width": 0.2, "Height": 0.25}
        return {"BoundingBox": box, "Confidence": 91.0}

    labels = [
        {"Name": "Dog", "Confidence": 98.0, "Instances": [seen(0.1, 0.2)]},
        {"Name": "Ball", "Confidence": 88.0, "Instances": [seen(0.5, 0.3), seen(0.7, 0.6)]},
        {"Name": "Grass", "Confidence": 75.0},
    ]
    document = library / "metadata" / "boxed.jpg.json"
    document.write_text(json.dumps({"Labels": labels}))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests here, of which only the last takes something away for good."""
    with serving(tmp_path_factory.mktemp("picture")) as made:
        put_many(made.library, FEW)
        put_boxed(made.library)
        yield made


@pytest.fixture
def gallery(new_context: NewContext) -> Page:
    """A few pictures in a wide window, one of them with boxes."""
    page = new_context().new_page()
    page.goto("/")
    wait_for(page, FEW + 1)
    open_whole(page, "/?sort=name")
    return page


def name(page: Page) -> str:
    """Return the name of the picture that is shown."""
    return page.locator(".info h1").inner_text()


def test_it_opens_over_the_gallery_and_walks(
    gallery: Page, take_screenshots: Callable[[str], None]
) -> None:
    page = gallery
    address = page.url
    page.locator(".tile a").nth(3).click()
    dialog = page.get_by_role("dialog", name="Picture")
    expect(dialog).to_be_visible()
    expect(page).to_have_url(re.compile(r"/images/\w+\?sort=name$"))
    expect(page.locator(".place")).to_have_text(f"4 of {FEW + 1}")
    third = name(page)

    page.keyboard.press("ArrowRight")
    expect(page.locator(".place")).to_have_text(f"5 of {FEW + 1}")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".place")).to_have_text(f"3 of {FEW + 1}")
    page.get_by_role("link", name="Next picture").click()
    expect(page.get_by_role("heading", name=third)).to_be_visible()
    # Its address alone shows the same as a page.
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.get_by_role("heading", name=third)).to_be_visible()
    expect(other.get_by_role("dialog")).to_have_count(0)
    other.keyboard.press("ArrowRight")
    expect(other.locator(".place")).to_have_text(f"5 of {FEW + 1}")
    other.close()

    # One step back closes it, wherever one has walked; the focus is where one was last.
    page.keyboard.press("ArrowRight")
    expect(page.locator(".place")).to_have_text(f"5 of {FEW + 1}")
    page.go_back()
    expect(dialog).to_have_count(0)
    expect(page).to_have_url(address)
    expect(page.locator(".tile a").nth(4)).to_be_focused()
    page.go_forward()
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_reloaded_while_it_is_open_it_still_leads_back(gallery: Page) -> None:
    address = gallery.url
    gallery.locator(".tile a").nth(3).click()
    expect(gallery.get_by_role("dialog", name="Picture")).to_be_visible()
    gallery.reload(wait_until="networkidle")
    expect(gallery.locator(".place")).to_have_text(f"4 of {FEW + 1}")
    gallery.keyboard.press("Escape")
    expect(gallery).to_have_url(address)
    expect(gallery.locator(".tile")).to_have_count(FEW + 1)


def test_what_is_beneath_is_out_of_reach(gallery: Page) -> None:
    gallery.locator(".tile a").first.click()
    expect(gallery.get_by_role("dialog", name="Picture")).to_be_visible()
    gallery.keyboard.press("/")
    expect(gallery.locator("#q")).not_to_be_focused()
    for _ in range(60):
        gallery.keyboard.press("Tab")
        assert not gallery.evaluate("() => document.activeElement.closest('[inert]') !== null")


def test_the_next_picture_is_there_before_it_is_asked_for(gallery: Page, watch: Watch) -> None:
    watch.expected.append("ERR_INTERNET_DISCONNECTED")  # of the one after
    gallery.locator(".tile a").nth(1).click()
    expect(gallery.locator(".place")).to_have_text(f"2 of {FEW + 1}")
    gallery.wait_for_load_state("networkidle")
    asked: list[str] = []
    gallery.on("request", lambda request: asked.append(request.url))
    gallery.context.set_offline(True)
    gallery.keyboard.press("ArrowRight")
    expect(gallery.locator(".place")).to_have_text(f"3 of {FEW + 1}")
    expect(gallery.locator(".stage-picture img")).to_have_js_property("complete", True)
    gallery.context.set_offline(False)


def open_boxed(page: Page) -> None:
    page.goto("/?q=name:boxed*")
    page.wait_for_load_state("networkidle")
    page.locator(".tile a").click()
    expect(page.get_by_role("heading", name="boxed.jpg")).to_be_visible()


def test_boxes_and_labels_light_each_other_up(gallery: Page) -> None:
    open_boxed(gallery)
    boxes = gallery.locator(".box")
    expect(boxes).to_have_count(3)
    dog = gallery.locator(".label", has_text="Dog")
    dog.hover()
    expect(boxes.nth(0)).to_have_class(re.compile(r"\bon\b"))
    expect(boxes.nth(1)).not_to_have_class(re.compile(r"\bon\b"))
    boxes.nth(2).hover()
    expect(gallery.locator(".label", has_text="Ball")).to_have_class(re.compile(r"\blit\b"))
    gallery.keyboard.press("b")
    expect(gallery.get_by_role("button", name="Boxes")).to_have_attribute("aria-pressed", "false")
    expect(boxes.nth(0)).to_have_css("opacity", "0")
    # The same as a list, for who does not see the picture.
    assert gallery.locator(".seen").all_inner_texts() == ["1 box", "2 boxes"]
    gallery.get_by_text("3 boxes as a list").click()
    first = gallery.locator(".box-list li").first
    expect(first).to_have_text(
        "Dog 91 % top left, 20 % by 25 % of the picture", use_inner_text=True
    )
    gallery.keyboard.press("b")
    first.hover()
    expect(boxes.nth(0)).to_have_class(re.compile(r"\bon\b"))


def test_zoom_and_pan(gallery: Page) -> None:
    open_boxed(gallery)
    picture = gallery.locator(".stage-picture")
    before = picture.bounding_box()
    assert before
    gallery.keyboard.press("z")
    expect(gallery.get_by_role("button", name="Zoom")).to_have_attribute("aria-pressed", "true")
    zoomed = picture.bounding_box()
    assert zoomed
    assert zoomed["width"] > 2 * before["width"]
    expect(picture.locator("img")).to_have_attribute("src", re.compile("original"))
    gallery.mouse.move(500, 450)
    gallery.mouse.down()
    gallery.mouse.move(420, 400, steps=4)
    gallery.mouse.up()
    moved = picture.bounding_box()
    assert moved
    assert round(moved["x"] - zoomed["x"]) == -80
    assert round(moved["y"] - zoomed["y"]) == -50
    gallery.keyboard.press("z")
    assert picture.bounding_box() == before
    gallery.mouse.wheel(0, -300)
    gallery.wait_for_timeout(100)
    wheeled = picture.bounding_box()
    assert wheeled
    assert wheeled["width"] > before["width"]


def test_a_swipe_turns_the_page(gallery: Page, new_context: NewContext) -> None:
    page = new_context(width=390, has_touch=True, is_mobile=True).new_page()
    open_whole(page, "/?sort=name")
    page.locator(".tile a").nth(2).tap()
    expect(page.locator(".place")).to_have_text(f"3 of {FEW + 1}")
    devtools = page.context.new_cdp_session(page)

    def swipe(start: int, end: int) -> None:
        def touch(kind: str, *xs: float) -> None:
            points = [{"x": x, "y": 300} for x in xs]
            devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        touch("touchStart", start)
        for step in range(1, 6):
            touch("touchMove", start + (end - start) * step / 5)
        touch("touchEnd")

    swipe(300, 80)
    expect(page.locator(".place")).to_have_text(f"4 of {FEW + 1}")
    swipe(80, 300)
    expect(page.locator(".place")).to_have_text(f"3 of {FEW + 1}")


def test_delete_goes_on_to_the_next_and_undo_brings_it_back(gallery: Page) -> None:
    gallery.locator(".tile a").nth(2).click()
    gone = name(gallery)
    gallery.keyboard.press("ArrowRight")
    expect(gallery.locator(".place")).to_have_text(f"4 of {FEW + 1}")
    following = name(gallery)
    gallery.keyboard.press("ArrowLeft")
    expect(gallery.get_by_role("heading", name=gone)).to_be_visible()
    gallery.keyboard.press("Delete")
    expect(gallery.get_by_role("heading", name=following)).to_be_visible()
    expect(gallery.locator(".place")).to_have_text(f"3 of {FEW}")
    expect(gallery.get_by_text("The picture is in the trash.")).to_be_visible()
    gallery.keyboard.press("u")
    expect(gallery.get_by_role("heading", name=gone)).to_be_visible()
    expect(gallery.locator(".place")).to_have_text(f"3 of {FEW + 1}")
    gallery.keyboard.press("Escape")
    expect(gallery.get_by_role("dialog")).to_have_count(0)
    expect(gallery.locator(".tile")).to_have_count(FEW + 1)
    expect(gallery.locator(".tile").nth(2)).to_contain_text(gone)


def test_on_a_phone_the_next_one_is_in_sight_after_a_delete(
    gallery: Page, new_context: NewContext
) -> None:
    page = new_context(width=390, has_touch=True, is_mobile=True).new_page()
    open_whole(page, "/?sort=name")
    page.locator(".tile a").nth(2).tap()
    expect(page.locator(".place")).to_have_text(f"3 of {FEW + 1}")
    page.get_by_role("button", name="Delete").tap()
    expect(page.locator(".place")).to_have_text(f"3 of {FEW}")
    expect(page.locator(".stage-picture")).to_be_in_viewport(ratio=0.9)
    page.get_by_role("button", name="Undo").tap()
    expect(page.locator(".place")).to_have_text(f"3 of {FEW + 1}")
    # On its side the picture takes the height of the screen.
    page.set_viewport_size({"width": 844, "height": 390})
    box = page.locator(".stage-picture").bounding_box()
    assert box
    assert box["height"] > 300 or box["width"] > 800


def test_delete_of_the_last_one_closes_it(gallery: Page) -> None:
    open_whole(gallery, "/?q=name:boxed*")
    gallery.locator(".tile a").click()
    expect(gallery.get_by_role("dialog")).to_be_visible()
    gallery.get_by_role("button", name="Delete").click()
    expect(gallery.get_by_role("dialog")).to_have_count(0)
    expect(gallery.locator(".tile")).to_have_count(0)
    expect(gallery.get_by_role("button", name="Undo")).to_be_focused()
    gallery.keyboard.press("Enter")
    expect(gallery.locator(".tile")).to_have_count(1)


def test_a_picture_deleted_elsewhere_is_said_to_be_gone(gallery: Page, watch: Watch) -> None:
    watch.expected.append("404 (Not Found)")
    gallery.locator(".tile a").nth(2).click()
    expect(gallery.get_by_role("dialog")).to_be_visible()
    key = gallery.locator("dd").last.inner_text()
    found = gallery.request.get("/api/images?limit=200").json()["images"]
    (image,) = [each for each in found if each["key"] == key]
    assert gallery.request.delete(f"/api/images/{image['id']}").ok
    gallery.get_by_label("Add a label").fill("Sky")
    gallery.get_by_role("button", name="Add", exact=True).click()
    expect(gallery.get_by_role("alert")).to_contain_text("not here")
