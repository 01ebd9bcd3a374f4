"""For everyone: narrow screens, 200 % zoom, fingers, forced colours; and names made to break it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.browser_pages import tiles
from tests.e2e.conftest import SCREENSHOTS, NewContext, Server, Watch, serving
from tests.e2e.libraries import put_many, wait_for

pytestmark = pytest.mark.browser

LEAST_TARGET = 24
NAMES = (
    "<script>alert(1)<&script>.png",
    "a very long name " * 12 + ".png",
    "שלום עולם مرحبا.png",
    "👩‍👩‍👧‍👦 party 🎉.png",
    "\" onerror='x' y=\".png",
)
SHAPES = ((1200, 60), (60, 1200), (80, 60), (300, 200), (40, 40))
LABELS = ("<b>Bold</b>", "W" * 300, "שלום", "🎉", '"quoted" label', "<script>alert(2)</script>")
LONG_NAME = "N" * 300 + ".png"
CAMERA = "<img src=x onerror=alert(3)>"
# What is wider than the window, and what fingers may miss: links within text are no targets.
_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
_SMALL = """(least) => [...document.querySelectorAll("a, button, input, select, summary")]
  .filter((each) => each.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
  .filter((each) => !each.closest(".sr-only, .skip, [inert]") && !each.matches("p a, .name a"))
  .map((each) => [each.getBoundingClientRect(), each.outerHTML.slice(0, 120)])
  .filter(([box]) => box.width > 0 && (box.width < least || box.height < least))
  .map(([box, html]) => `${Math.round(box.width)} x ${Math.round(box.height)} ${html}`)"""


_RING = "(each) => getComputedStyle(each, '::after').borderTopStyle"


def put_strange(library: Path) -> None:
    """Put pictures there whose names, labels and shapes are made to break a page."""
    for number, (name, shape) in enumerate(zip(NAMES, SHAPES, strict=True)):
        stored = f"{number}{name.replace('/', '-')[:120]}"
        colour = (40 * number, 120, 90)
        exif = Image.Exif()
        exif[0x0110] = CAMERA  # the model
        picture = Image.new("RGB", shape, colour)
        picture.save(library / "uploads" / stored, "PNG", exif=exif)
        labels = [{"Name": label, "Confidence": 99.0 - at} for at, label in enumerate(LABELS)]
        document = library / "metadata" / f"{stored}.json"
        image = {"Name": LONG_NAME} if number == 1 else {}
        document.write_text(json.dumps({"Labels": labels, "Image": image}), "utf-8")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests here, of which only the last takes something away."""
    with serving(tmp_path_factory.mktemp("everyone")) as made:
        put_many(made.library, 6)
        put_strange(made.library)
        yield made


@pytest.fixture
def strange(new_context: NewContext) -> Page:
    page = new_context(width=390).new_page()
    page.goto("/")
    wait_for(page, 11)
    return page


PAGES = ("/", "/?q=sea>85 boat -dog|cat&min=40", "/insights", "/help", "/?q=is:failed", "/?q=%3E")


@pytest.mark.parametrize("width", [320, 390, 720, 1440])
def test_nothing_is_wider_than_the_window_whatever_it_is_called(
    strange: Page, width: int, watch: Watch
) -> None:
    watch.expected.append("400 (Bad Request)")
    # 320 px is a window of 640 at 200 %, 720 one of 1440.
    strange.set_viewport_size({"width": width, "height": 700})
    for path in PAGES:
        strange.goto(path, wait_until="networkidle")
        assert strange.evaluate(_WIDE) <= 0, path
    strange.goto("/", wait_until="networkidle")
    for index in range(tiles(strange).count()):
        box = tiles(strange).nth(index).bounding_box()
        assert box
        assert box["width"] >= 40
        assert box["x"] + box["width"] <= width
    strange.goto("/?q=name:*alert*", wait_until="networkidle")
    tiles(strange).first.get_by_role("link").click()
    expect(strange.locator(".info h1")).to_contain_text("<script>")
    expect(strange.locator(".info dl")).to_contain_text(CAMERA)
    expect(strange.locator(".info .labels")).to_contain_text("<script>alert(2)</script>")
    strange.locator(".document summary").click()
    expect(strange.locator("#document-json")).to_contain_text("<b>Bold</b>")
    assert strange.evaluate(_WIDE) <= 0
    assert strange.locator(".view").evaluate("(view) => view.scrollWidth - view.clientWidth") <= 0
    SCREENSHOTS.mkdir(exist_ok=True)
    strange.screenshot(path=SCREENSHOTS / f"strange-{width}.png")
    strange.goto(f"/?q=name:{'N' * 20}*", wait_until="networkidle")
    tiles(strange).first.get_by_role("link").click()
    expect(strange.locator(".info h1")).to_have_text(LONG_NAME)
    assert strange.locator(".view").evaluate("(view) => view.scrollWidth - view.clientWidth") <= 0


def test_what_is_touched_is_large_enough(strange: Page) -> None:
    small = []
    for path in ("/", "/?q=sea>85 boat", "/insights"):
        strange.goto(path, wait_until="networkidle")
        small += [(path, each) for each in strange.evaluate(_SMALL, LEAST_TARGET)]
    strange.goto("/", wait_until="networkidle")
    tiles(strange).first.get_by_role("link").click()
    expect(strange.locator(".view")).to_be_visible()
    small += [("picture", each) for each in strange.evaluate(_SMALL, LEAST_TARGET)]
    assert not small, "\n".join(map(str, small))


def test_forced_colours_show_focus_choice_and_bars(strange: Page) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    strange.set_viewport_size({"width": 1440, "height": 900})
    strange.emulate_media(forced_colors="active", reduced_motion="reduce")
    strange.goto("/?q=sea boat|dog", wait_until="networkidle")
    strange.keyboard.press("Tab")
    strange.screenshot(path=SCREENSHOTS / "forced-colours-gallery.png")
    link = tiles(strange).first.get_by_role("link")
    link.focus()
    for ring in ("(each) => getComputedStyle(each).outlineStyle", _RING):
        assert link.evaluate(ring) == "solid"
    strange.goto("/insights", wait_until="networkidle")
    strange.screenshot(path=SCREENSHOTS / "forced-colours-insights.png")


def test_a_picture_without_its_small_ones_keeps_its_place(
    strange: Page, new_context: NewContext, server: Server, watch: Watch
) -> None:
    watch.expected.append("404 (Not Found)")
    for small in (server.library / "thumbs").rglob("*.webp"):
        small.unlink()
    strange = new_context(width=390).new_page()  # which remembers none
    strange.goto("/", wait_until="networkidle")
    expect(tiles(strange)).to_have_count(11)
    box = tiles(strange).first.bounding_box()
    assert box
    assert box["height"] > 40
    # No sign of something broken: its colour, and what it is called.
    for picture in tiles(strange).locator("img").all():
        picture.scroll_into_view_if_needed()
        expect(picture).to_be_hidden()
    expect(tiles(strange).first.locator(".caption")).to_have_css("opacity", "1")
    strange.screenshot(path=SCREENSHOTS / "without-thumbnails.png")
    tiles(strange).first.get_by_role("link").click()
    expect(strange.locator(".stage img")).to_have_js_property("complete", True)
    expect(strange.locator(".stage img")).to_have_attribute("src", re.compile("/original"))
    shown = "(image) => image.naturalWidth > 0"
    assert strange.locator(".stage img").evaluate(shown), "the original is there"
