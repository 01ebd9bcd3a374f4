"""The filter as people use it: slider, chips, completion, latest searches, no connection."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.libraries import label_name
from benchmarks.web import running
from tests.e2e.browser_pages import facet, open_whole, tiles
from tests.e2e.conftest import NewContext, Server, Watch, serving
from tests.e2e.libraries import put_catalog, put_many, wait_for

pytestmark = pytest.mark.browser

LARGE = 100_000
MANY = 40
_FIRST_PAGE = """() =>
  [...document.querySelectorAll("#results .page:first-child .tile")].map((tile) => tile.id)"""


@pytest.fixture(scope="module")
def large_library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on a catalog of 100,000 pictures; there are no picture files."""
    library = tmp_path_factory.mktemp("large") / "library"
    put_catalog(library, LARGE)
    with running("ours", str(library)) as (client, _):
        yield str(client.base_url)


@pytest.fixture
def large(browser: Browser, large_library: str, watch: Watch) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=large_library)
    watch.listen(context)
    watch.expected.append("404 (Not Found)")  # the pictures themselves
    yield context.new_page()
    context.close()


def drag(page: Page, positions: list[int], at: dict[int, Callable[[], None]]) -> None:
    """Drag the slider over these positions in percent; look `at` what shows after so many."""
    slider = page.get_by_role("slider")
    box = slider.bounding_box()
    assert box
    thumb = 16

    def x_of(percent: int) -> float:
        return box["x"] + thumb / 2 + (box["width"] - thumb) * percent / 100

    y = box["y"] + box["height"] / 2
    page.mouse.move(x_of(int(slider.input_value())), y)
    page.mouse.down()
    for number, position in enumerate(positions):
        page.mouse.move(x_of(position), y)
        at.get(number, lambda: None)()
    page.mouse.up()


def test_dragging_over_100_000_pictures_ends_at_the_last_state(large: Page) -> None:
    query = f'"{label_name(3)}"'
    large.goto(f"/?q={query}", wait_until="networkidle")
    at_rest = large.locator(".count").inner_text()
    up, down = range(70, 98), range(98, 55, -1)

    def counted_on_the_way() -> None:
        expect(large.locator(".count")).not_to_have_text(at_rest)

    drag(large, [*up, *down, *range(55, 90), 88], {len(up) + len(down): counted_on_the_way})

    slider = large.get_by_role("slider")
    low = int(slider.input_value())
    assert 86 <= low <= 90
    answer = large.request.get("/api/images", params={"q": query, "min": low}).json()
    expect(large.locator(".count")).to_have_text(f"{answer['total']:,} pictures")
    large.wait_for_load_state("networkidle")
    expect(large.locator(".count")).to_have_text(f"{answer['total']:,} pictures")
    expect(large).to_have_url(re.compile(rf"min={low}$"))
    ids = [tile.removeprefix("t-") for tile in large.evaluate(_FIRST_PAGE)]
    expected = [image["id"] for image in answer["images"]]
    assert ids == expected[: len(ids)]
    assert len(ids) > 50
    counts = large.request.get("/api/labels", params={"q": query, "min": low}).json()["labels"]
    shown = {
        row.locator("span").first.inner_text(): row.locator(".n").inner_text()
        for row in large.locator("#facets .facet").all()[:5]
    }
    known = {label["name"]: f"{label['count']:,}" for label in counts}
    assert shown.items() <= known.items()
    # One step back is where the drag began.
    large.go_back()
    expect(large.locator(".count")).to_have_text(at_rest)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests here, which only look."""
    with serving(tmp_path_factory.mktemp("filtering")) as made:
        put_many(made.library, MANY)
        yield made


@pytest.fixture
def gallery(new_context: NewContext) -> Page:
    page = new_context().new_page()
    page.goto("/")
    wait_for(page, MANY)
    open_whole(page, "/")
    return page


def total(page: Page, query: str) -> int:
    answer = page.request.get("/api/images", params={"q": query, "limit": 1}).json()
    number: int = answer["total"]
    return number


def test_a_chip_has_its_own_threshold_to_change_in_place(gallery: Page) -> None:
    page = gallery
    open_whole(page, "/?q=sea>85 boat -dog")
    # What only those without scripts need is not shown to the others.
    expect(page.get_by_role("button", name="Set", exact=True)).to_have_count(0)
    bound = page.get_by_label("Least confidence of Sea in percent")
    expect(bound).to_have_value("85")
    bound.fill("50")
    bound.press("Enter")
    expect(page).to_have_url(re.compile(r"q=sea%3E50\+boat\+-dog$"))
    expect(page.locator(".count")).to_have_text(re.compile(f"^{total(page, 'sea>50 boat -dog')} "))
    page.get_by_label("Least confidence of Boat in percent").fill("60")
    page.keyboard.press("Tab")
    expect(page).to_have_url(re.compile(r"boat%3E%3D60"))
    page.get_by_label("Least confidence of Sea in percent").fill("")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"q=sea\+boat%3E%3D60\+-dog$"))
    page.go_back()
    expect(page.get_by_label("Least confidence of Sea in percent")).to_have_value("50")
    open_whole(page, "/?q=sea|tree")
    page.get_by_label("Least confidence of Tree in percent").fill("95")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"q=sea%7Ctree%3E%3D95$"))
    expect(page.locator(".chip")).to_have_count(1)


def test_a_label_at_the_side_is_added_excluded_and_cleared(gallery: Page) -> None:
    with_sea = total(gallery, "sea")
    facet(gallery, "Sea").click()
    expect(gallery.locator(".count")).to_have_text(f"{with_sea} pictures")
    gallery.locator("#facets .on").click()
    expect(gallery.locator(".count")).to_have_text(f"{MANY - with_sea} pictures")
    gallery.locator("#facets .not").click()
    expect(gallery.locator(".count")).to_have_text(f"{MANY} pictures")


def test_completion_of_labels_words_and_latest_searches(gallery: Page) -> None:
    box = gallery.get_by_role("combobox", name="Search by label")
    box.fill("se")
    option = gallery.get_by_role("option").first
    expect(option).to_contain_text("Sea")
    gallery.keyboard.press("ArrowDown")
    gallery.keyboard.press("Enter")
    expect(box).to_have_value("Sea ")
    gallery.keyboard.type("is:ed")
    expect(gallery.locator(".suggestions li:visible")).to_have_count(1)
    gallery.keyboard.press("ArrowDown")
    gallery.keyboard.press("Tab")
    expect(box).to_have_value("Sea is:edited ")
    gallery.keyboard.type("colo")
    expect(gallery.get_by_role("option", name="color:")).to_be_visible()
    box.fill("boat")
    gallery.keyboard.press("Enter")
    expect(gallery).to_have_url(re.compile("q=boat$"))

    box.fill("")
    box.blur()
    gallery.keyboard.press("/")
    expect(gallery.locator(".suggestions li:visible")).to_have_count(1)
    gallery.keyboard.press("Escape")
    gallery.goto("/")
    box.focus()
    gallery.keyboard.press("ArrowDown")
    gallery.keyboard.press("Enter")
    expect(gallery).to_have_url(re.compile("q=boat$"))


def test_the_focus_stays_with_what_was_used(gallery: Page) -> None:
    """A search changes under the keyboard: the label, the chip, the picture keep the focus."""
    sea = facet(gallery, "Sea")
    sea.focus()
    for state in ("on", "not", ""):
        gallery.keyboard.press("Enter")
        expect(facet(gallery, "(not )?Sea")).to_have_class(re.compile(rf"^facet {state} (f\d+)?$"))
        expect(facet(gallery, "(not )?Sea")).to_be_focused()
    open_whole(gallery, "/?q=sea boat tree")
    bound = gallery.get_by_label("Least confidence of Boat in percent")
    bound.fill("60")
    bound.press("Enter")
    expect(gallery).to_have_url(re.compile("boat%3E%3D60"))
    expect(bound).to_be_focused()
    remove = gallery.get_by_role("link", name=re.compile("^Remove"))
    remove.nth(1).focus()
    gallery.keyboard.press("Enter")
    expect(remove).to_have_count(2)
    expect(gallery.get_by_label("Remove “Tree”")).to_be_focused()
    for left in (1, 0):
        gallery.keyboard.press("Enter")
        expect(remove).to_have_count(left)
    expect(gallery.get_by_role("region", name="Pictures")).to_be_focused()
    open_whole(gallery, "/?q=zebra sea")
    gallery.get_by_role("link", name="Leave out “Zebra”").focus()
    gallery.keyboard.press("Enter")
    expect(tiles(gallery).first).to_be_visible()
    expect(gallery.get_by_role("region", name="Pictures")).to_be_focused()


def test_steps_of_the_slider_by_key_are_one_step_back(gallery: Page) -> None:
    facet(gallery, "Sea").click()
    expect(gallery).to_have_url(re.compile("q=Sea$"))
    gallery.get_by_role("slider").focus()
    for low in (69, 68, 67):
        gallery.keyboard.press("ArrowLeft")
        expect(gallery).to_have_url(re.compile(f"min={low}$"))
    gallery.go_back()
    expect(gallery).to_have_url(re.compile("q=Sea$"))
    gallery.get_by_role("slider").press("ArrowLeft")
    expect(gallery).to_have_url(re.compile("min=69$"))
    gallery.go_back()
    expect(gallery).to_have_url(re.compile("q=Sea$"))


def test_completion_that_comes_after_enter_stays_away(gallery: Page) -> None:
    box = gallery.get_by_role("combobox", name="Search by label")
    box.press_sequentially("sea")
    gallery.keyboard.press("Enter")
    expect(gallery.locator(".chip")).to_have_count(1)
    gallery.wait_for_timeout(400)  # longer than completion takes to ask and to show
    expect(gallery.locator(".suggestions li:visible")).to_have_count(0)


def test_without_a_connection_it_says_so_and_tries_again(gallery: Page, watch: Watch) -> None:
    watch.expected += ["ERR_INTERNET_DISCONNECTED", "503"]
    gallery.context.set_offline(True)
    expect(gallery.get_by_text("There is no connection")).to_be_visible()
    facet(gallery, "Sea").click()
    message = gallery.locator(".message")
    expect(message).to_contain_text("The server cannot be reached")
    expect(tiles(gallery)).to_have_count(MANY)
    # What was asked for is done as soon as there is a connection again.
    gallery.context.set_offline(False)
    expect(gallery).to_have_url(re.compile("q=Sea$"))
    expect(message).to_have_count(0)

    gallery.route("**/?q=*", lambda route: route.fulfill(status=503, body="broken"))
    facet(gallery, "Boat").click()
    expect(message).to_contain_text("The server has a problem")
    gallery.unroute("**/?q=*")
    message.get_by_role("button", name="Try again").click()
    expect(gallery.locator(".chip")).to_have_count(2)


def test_the_keys_are_listed_over_what_one_is_doing(gallery: Page) -> None:
    gallery.keyboard.press("?")
    keys = gallery.get_by_role("dialog", name="Keys")
    expect(keys).to_contain_text("previous and next picture")
    expect(keys).to_contain_text("select all that the search finds")
    gallery.keyboard.press("Escape")
    expect(keys).to_have_count(0)
    expect(gallery).to_have_url(re.compile("/$"))
