"""While files are sent: one goes on looking around, clocks differ, and requests fail."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.browser_pages import Hold, drop, expect_state, facet, row, tiles, tray
from tests.e2e.conftest import NewContext, Server, Watch
from tests.e2e.libraries import put_many, wait_for

pytestmark = pytest.mark.browser

FEW = 8


@pytest.fixture
def gallery(new_context: NewContext, server: Server) -> Page:
    put_many(server.library, FEW)
    page = new_context().new_page()
    page.goto("/")
    wait_for(page, FEW)
    page.goto("/", wait_until="networkidle")
    return page


def test_one_looks_around_meanwhile(gallery: Page, photographs: Path, watch: Watch) -> None:
    watch.expected.append("/media/")  # the browser's own page around a picture has a style
    page = gallery
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    hold = Hold(page)
    drop(page, photographs / "chelsea.jpg", photographs / "coffee.jpg")
    hold.wait_for(2)

    facet(page, "Sea").click()
    expect(page.locator(".chip")).to_have_count(1)
    tiles(page).first.get_by_role("link").click()
    expect(page.get_by_role("dialog", name="Picture")).to_be_visible()
    # The tray makes room for the picture: small, and over nothing that can be done with it.
    expect(row(page, "chelsea.jpg")).to_be_hidden()
    expect(tray(page)).to_contain_text("2 to send")
    small, info = tray(page).bounding_box(), page.locator(".info").bounding_box()
    assert small and info
    assert small["x"] + small["width"] <= info["x"]
    with page.context.expect_page() as beside:
        page.get_by_role("link", name="Original").click()
    beside.value.close()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(row(page, "chelsea.jpg")).to_be_visible()
    tray(page).get_by_role("button", name="Minimise").click()
    page.get_by_role("link", name="Insights").click()
    expect(page.get_by_role("heading", name="Insights")).to_be_visible()
    page.locator(".examples a").first.click()
    expect(page.locator(".place")).to_be_visible()
    expect(page.locator("header.top")).to_have_count(0)
    page.go_back()
    expect(page.get_by_role("heading", name="Insights")).to_be_visible()
    page.get_by_role("link", name="Help").click()
    expect(page.get_by_role("heading", name="Finding pictures")).to_be_visible()
    expect(page).to_have_title(re.compile("^Help"))
    page.get_by_label("Search by label").fill("boat")
    page.keyboard.press("Enter")
    expect(page.locator(".chip")).to_have_count(1)
    page.go_back()
    expect(page.get_by_role("heading", name="Finding pictures")).to_be_visible()
    page.get_by_role("link", name="Taglight").first.click()
    expect(tiles(page)).to_have_count(FEW)
    expect(page).to_have_url(re.compile("/$"))

    expect(tray(page)).to_contain_text("2 to send")
    assert not any(route.request.failure for route in hold.routes)
    hold.let_go()
    tray(page).get_by_role("button", name="Show the files").click()
    for name in ("chelsea.jpg", "coffee.jpg"):
        expect_state(page, name, "tagged")
    expect(tiles(page)).to_have_count(FEW + 2)
    assert asked == []
    assert len(hold.routes) == 2  # each was sent once


def test_the_list_stays_where_it_is_when_all_is_sent(page: Page, photographs: Path) -> None:
    hold = Hold(page)
    drop(page, photographs / "chelsea.jpg", photographs / "coffee.jpg")
    hold.wait_for(2)
    first = row(page, "chelsea.jpg")
    before = first.bounding_box()
    hold.let_go()
    for name in ("chelsea.jpg", "coffee.jpg"):
        expect_state(page, name, "tagged")
    expect(tray(page).get_by_role("progressbar")).to_have_count(0)
    after = first.bounding_box()
    assert before and after
    assert after["y"] + after["height"] == before["y"] + before["height"]
    tray(page).get_by_role("button", name="Done").click()
    expect(tray(page)).to_be_hidden()


def test_all_cancelled_by_key_the_focus_stays_in_the_tray(page: Page, photographs: Path) -> None:
    hold = Hold(page)
    drop(page, photographs / "chelsea.jpg", photographs / "coffee.jpg")
    hold.wait_for(2)
    tray(page).get_by_role("button", name="Cancel all").focus()
    page.keyboard.press("Enter")
    expect_state(page, "coffee.jpg", "cancelled")
    expect(tray(page).get_by_role("button", name="Done")).to_be_focused()


def test_on_a_phone_the_tray_makes_room_for_what_one_goes_to(
    new_context: NewContext, photographs: Path
) -> None:
    page = new_context(width=390).new_page()
    page.goto("/", wait_until="networkidle")
    drop(page, photographs / "chelsea.jpg")
    expect_state(page, "chelsea.jpg", "tagged")
    expect(row(page, "chelsea.jpg")).to_be_visible()
    page.get_by_role("link", name="Insights").click()
    expect(page.get_by_role("heading", name="Insights")).to_be_visible()
    expect(row(page, "chelsea.jpg")).to_be_hidden()
    expect(tray(page)).to_contain_text("1 tagged")


def test_interrupted_files_are_picked_again(page: Page, photographs: Path) -> None:
    hold = Hold(page)
    drop(page, photographs / "rocket.jpg")
    hold.wait_for(1)
    page.reload()
    expect_state(page, "rocket.jpg", "error")
    page.unroute_all(behavior="ignoreErrors")
    with page.expect_file_chooser() as chooser:
        tray(page).get_by_role("button", name="Pick the interrupted files again").click()
    chooser.value.set_files(photographs / "rocket.jpg")
    expect_state(page, "rocket.jpg", "tagged")
    expect(tray(page).get_by_role("listitem")).to_have_count(1)
    expect(tray(page).get_by_role("button", name="Pick the interrupted")).to_have_count(0)


@pytest.mark.parametrize("ahead", [timedelta(hours=5), timedelta(hours=-5)], ids=str)
def test_a_clock_that_differs(page: Page, photographs: Path, ahead: timedelta) -> None:
    questions: list[str] = []
    page.on("request", lambda request: questions.append(request.url))
    page.clock.install(time=datetime.now(UTC) + ahead)
    page.goto("/")
    page.clock.resume()
    drop(page, photographs / "coffee.jpg")
    expect_state(page, "coffee.jpg", "tagged")
    assert len([url for url in questions if url.endswith("/api/uploads")]) == 1


def test_each_request_on_the_way_may_fail(page: Page, photographs: Path, watch: Watch) -> None:
    watch.expected += ["ERR_", "500", "503"]
    failing = {
        "**/api/uploads": ["lost", "503"],
        re.compile("/upload/"): ["500"],
        "**/api/images/status": ["lost", "500"],
    }
    met: list[str] = []

    def failing_by(ways: list[str]) -> Callable[[Route], None]:
        def fail(route: Route) -> None:
            if not ways:
                route.continue_()
                return
            met.append(ways.pop(0))
            if met[-1] == "lost":
                route.abort("connectionreset")
            else:
                route.fulfill(status=int(met[-1]), body="broken")

        return fail

    for address, ways in failing.items():
        page.route(address, failing_by(ways))
    drop(page, photographs / "chelsea.jpg")
    expect(row(page, "chelsea.jpg")).to_contain_text("Trying again soon.")
    expect_state(page, "chelsea.jpg", "tagged")
    assert len(met) == 5
    assert page.request.get("/api/images").json()["total"] == 1


def test_a_picture_deleted_elsewhere_while_it_is_open(gallery: Page, watch: Watch) -> None:
    watch.expected.append("404 (Not Found)")
    page = gallery
    tiles(page).nth(2).get_by_role("link").click()
    expect(page.locator(".place")).to_have_text(f"3 of {FEW}")
    gone = page.locator(".view").get_attribute("data-picture")
    page.wait_for_load_state("networkidle")
    assert page.request.delete(f"/api/images/{gone}").status == 204

    page.get_by_label("Add a label").fill("Harbour")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text(re.compile(r"^[A-Z].{10,}\.$"))
    page.keyboard.press("ArrowRight")
    expect(page.locator(".view")).not_to_have_attribute("data-picture", str(gone))
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    # The gallery has followed; by its address the picture is found in the trash.
    expect(tiles(page)).to_have_count(FEW - 1)
    page.goto(f"/images/{gone}")
    expect(page.get_by_role("button", name="Put back")).to_be_visible()
