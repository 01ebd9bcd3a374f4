"""Endless scrolling: bounded, every picture once, and the same place after Back and reload."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser_pages import tiles
from tests.e2e.conftest import NewContext, Server, serving
from tests.e2e.libraries import put_many, wait_for

pytestmark = pytest.mark.browser

MANY = 500
MOST_TILES = 400
_STEP = "() => window.scrollBy({ top: innerHeight * 0.8, behavior: 'instant' })"
_SHOWN = """() => [...document.querySelectorAll("#results .tile")].map((tile) => tile.id)"""
_TOP = """() => {
  const top = [...document.querySelectorAll("#results .tile")].find(
    (tile) => tile.getBoundingClientRect().top > 120);
  return [top?.id, Math.round(top?.getBoundingClientRect().top ?? 0)];
}"""

# What moved in sight without being asked: how far, and what.
_WATCH_SHIFTS = """() => {
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const { value, sources } of list.getEntries()) {
      shifts.push([value, ...sources.map(({ node }) => node?.outerHTML?.slice(0, 80))]);
    }
  }).observe({ type: "layout-shift" });
}"""
# Pictures whose ratio is not known any more.
_SHAPELESS = """() => [...document.querySelectorAll("#results .tile")]
  .filter((tile) => !getComputedStyle(tile).getPropertyValue("--r"))
  .map((tile) => tile.id)"""
LATE = 200  # ms until an answer begins: later than one scrolls

_PLACE = "(id) => document.getElementById(id).getBoundingClientRect().top"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests here, which only look."""
    with serving(tmp_path_factory.mktemp("scrolling")) as made:
        put_many(made.library, MANY)
        yield made


@pytest.fixture
def many(new_context: NewContext) -> Page:
    """A library that fills many screens, newest first."""
    page = new_context().new_page()
    page.goto("/")
    wait_for(page, MANY)
    page.goto("/", wait_until="networkidle")
    return page


def scroll_down(page: Page, seen: set[str], until: Callable[[], bool]) -> int:
    """Scroll screen by screen and collect the pictures; return the most that were there at once."""
    most = 0
    for _ in range(900):
        shown = page.evaluate(_SHOWN)
        assert len(shown) == len(set(shown)), "a picture is there twice"
        seen |= set(shown)
        most = max(most, len(shown))
        if until():
            return most
        page.evaluate(_STEP)
        page.wait_for_timeout(60)
    raise AssertionError(f"only {len(seen)} pictures came")


def settle(page: Page) -> None:
    """Wait until place and address, which follows it a moment later, have stopped changing."""
    looks: list[object] = []
    for _ in range(100):
        looks = [*looks[-3:], (page.url, page.evaluate(_TOP))]
        if len(looks) == 4 and all(look == looks[0] for look in looks):
            return
        page.wait_for_timeout(250)
    raise AssertionError("the page does not come to rest")


def test_all_pictures_pass_by_and_few_are_there_at_once(many: Page) -> None:
    many.evaluate(_WATCH_SHIFTS)
    network = many.context.new_cdp_session(many)
    slow = {"offline": False, "latency": LATE, "downloadThroughput": -1, "uploadThroughput": -1}
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", slow)
    asked: list[str] = []
    many.on("request", lambda request: asked.append(request.url))
    seen: set[str] = set()
    most = scroll_down(many, seen, lambda: len(seen) == MANY)
    assert most <= MOST_TILES
    pages = [url for url in asked if "part=results" in url]
    assert len(pages) == len(set(pages)) > 5, "each page is asked for once on the way down"
    assert many.evaluate(_SHAPELESS) == []
    assert many.evaluate("() => shifts") == []
    network.detach()
    expect(many).to_have_url(re.compile("cursor="))

    # And all the way back, where the first ones are again.
    first = many.request.get("/api/images?limit=1").json()["images"][0]["id"]
    for _ in range(300):
        many.evaluate("() => window.scrollBy({ top: -innerHeight, behavior: 'instant' })")
        if many.locator(f"#t-{first}").count() and many.evaluate("() => scrollY") == 0:
            break
        many.wait_for_timeout(40)
    expect(many.locator(f"#t-{first}")).to_be_in_viewport()
    expect(many).to_have_url(re.compile(r"/$"))
    shown = many.evaluate(_SHOWN)
    assert len(shown) == len(set(shown))
    order = [image["id"] for image in many.request.get("/api/images?limit=200").json()["images"]]
    assert [name.removeprefix("t-") for name in shown] == order[: len(shown)]


def test_the_place_is_the_same_after_a_reload_and_back(many: Page) -> None:
    seen: set[str] = set()
    scroll_down(many, seen, lambda: len(seen) > 250)
    settle(many)
    before = many.evaluate(_TOP)
    many.reload(wait_until="networkidle")
    expect(many.locator(f"#{before[0]}")).to_be_in_viewport()
    after = many.evaluate(_TOP)
    assert abs(after[1] - before[1]) <= 200

    many.goto("/help")
    many.go_back(wait_until="networkidle")
    expect(many.locator(f"#{before[0]}")).to_be_in_viewport()

    # From a shared address there is a way to the beginning.
    many.context.new_page()
    other = many.context.pages[-1]
    other.goto(many.url)
    other.get_by_role("link", name="Start from the first picture").click()
    expect(other).to_have_url(re.compile(r"/$"))
    expect(tiles(other).first).to_be_visible()


def test_a_picture_opens_over_its_place_and_closes_to_it(many: Page) -> None:
    seen: set[str] = set()
    scroll_down(many, seen, lambda: len(seen) > 200)
    settle(many)
    tile, _ = many.evaluate(_TOP)
    many.locator(f"#{tile} a").hover()  # where it is scrolled into sight for that, it is done now
    settle(many)
    place = many.evaluate(_PLACE, tile)
    address = many.url
    many.locator(f"#{tile} a").click()
    expect(many.get_by_role("dialog", name="Picture")).to_be_visible()
    expect(many).to_have_url(re.compile("/images/" + tile.removeprefix("t-")))
    many.keyboard.press("Escape")
    expect(many.get_by_role("dialog")).to_have_count(0)
    expect(many).to_have_url(address)
    assert abs(many.evaluate(_PLACE, tile) - place) <= 2
    expect(many.locator(f"#{tile} a")).to_be_focused()
