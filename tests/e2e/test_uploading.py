"""Ways in, and what goes wrong on the way: duplicates, two tabs, cancel, reload, folders, paste."""

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.browser_pages import (
    SENDING,
    Hold,
    drop,
    drop_for_real,
    expect_state,
    paste,
    row,
    tile,
    tiles,
    tray,
    upload,
)
from tests.e2e.conftest import NewContext, Server, Watch

pytestmark = pytest.mark.browser

_sent = re.compile("pending|tagged")
_sentence = re.compile(r"^[A-Z].{15,}\.$")


# A frame has one time, whatever is done in it and however long that takes.
COUNT_ROWS_A_FRAME = """() => {
  window.rowsByFrame = new Map();
  const note = (records) => {
    const added = records.flatMap((record) => [...record.addedNodes]);
    const rows = added.filter((node) => node.matches?.("li"));
    const frame = document.timeline.currentTime;
    window.rowsByFrame.set(frame, (window.rowsByFrame.get(frame) ?? 0) + rows.length);
    if (rows.length) window.saidWithLastRow = tray.querySelector(".tray-summary").textContent;
  };
  const tray = document.getElementById("tray");
  new MutationObserver(note).observe(tray, { childList: true, subtree: true });
}"""
A_THOUSAND_FILES = """() => {
  const transfer = new DataTransfer();
  for (let n = 0; n < 1000; n += 1) transfer.items.add(new File([`text ${n}`], `${n}.jpg`));
  return transfer;
}"""


def test_same_file_twice_is_already_here_and_leads_to_the_picture(
    page: Page, photographs: Path
) -> None:
    upload(page, photographs / "chelsea.jpg")
    tray(page).get_by_role("button", name="Close").click()
    drop(page, photographs / "chelsea.jpg")
    expect_state(page, "chelsea.jpg", "duplicate")
    expect(row(page, "chelsea.jpg")).to_contain_text("Already here")
    row(page, "chelsea.jpg").get_by_role("link", name="Show chelsea.jpg").click()
    expect(page.get_by_role("heading", name="chelsea.jpg")).to_be_visible()
    assert page.request.get("/api/images").json()["total"] == 1


def test_two_equal_files_in_one_drop_are_sent_once(
    page: Page, photographs: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy of coffee.jpg"
    shutil.copy(photographs / "coffee.jpg", copy)
    drop(page, photographs / "coffee.jpg", copy)
    expect_state(page, "coffee.jpg", "tagged")
    expect_state(page, "copy of coffee.jpg", "duplicate")
    assert page.request.get("/api/images").json()["total"] == 1


def test_same_file_from_two_tabs_at_once_is_one_picture(
    new_context: NewContext, photographs: Path, watch: Watch
) -> None:
    watch.expected.append("412")  # the browser logs the refusal of the second
    context = new_context()
    tabs = [context.new_page(), context.new_page()]
    holds = []
    for tab in tabs:
        tab.goto("/")
        holds.append(Hold(tab))
    for tab, hold in zip(tabs, holds, strict=True):
        drop(tab, photographs / "rocket.jpg")
        hold.wait_for(1)
    for hold in holds:
        hold.let_go()
    ended = re.compile("tagged|duplicate")
    for tab in tabs:
        expect(row(tab, "rocket.jpg")).to_have_attribute("data-state", ended, timeout=90_000)
    ends = [row(tab, "rocket.jpg").get_attribute("data-state") for tab in tabs]
    assert sorted(map(str, ends)) == ["duplicate", "tagged"]  # whichever was first
    assert tabs[0].request.get("/api/images").json()["total"] == 1


def test_cancel_one_then_try_again(page: Page, server: Server, photographs: Path) -> None:
    hold = Hold(page)
    drop(page, photographs / "chelsea.jpg", photographs / "coffee.jpg")
    hold.wait_for(2)
    row(page, "chelsea.jpg").get_by_role("button", name="Cancel: chelsea.jpg").click()
    expect_state(page, "chelsea.jpg", "cancelled")
    hold.let_go()
    expect_state(page, "coffee.jpg", "tagged")
    assert [path.name for path in server.library.glob("uploads/**/*.jpg")] == [
        path.name for path in server.library.glob("uploads/**/coffee*.jpg")
    ]
    row(page, "chelsea.jpg").get_by_role("button", name="Try again: chelsea.jpg").click()
    expect_state(page, "chelsea.jpg", "tagged")


def test_cancel_all(page: Page, photographs: Path) -> None:
    hold = Hold(page)
    names = ("chelsea.jpg", "coffee.jpg", "rocket.jpg")
    drop(page, *(photographs / name for name in names))
    hold.wait_for(3)
    tray(page).get_by_role("button", name="Cancel all").click()
    for name in names:
        expect_state(page, name, "cancelled")
    expect(page.locator("#announce")).to_have_text("Done: 3 cancelled.")


def test_reload_while_tagging_goes_on_watching(page: Page, photographs: Path) -> None:
    drop(page, photographs / "coffee.jpg", photographs / "rocket.jpg")
    for name in ("coffee.jpg", "rocket.jpg"):
        expect(row(page, name)).to_have_attribute("data-state", _sent, timeout=30_000)
    page.reload()
    for name in ("coffee.jpg", "rocket.jpg"):
        expect_state(page, name, "tagged")
    expect(row(page, "coffee.jpg")).to_contain_text("%")
    expect(tile(page, "coffee.jpg")).to_be_visible()


def test_reload_while_sending_warns_and_then_says_what_was_interrupted(
    page: Page, photographs: Path
) -> None:
    hold = Hold(page)
    drop(page, photographs / "chelsea.jpg")
    hold.wait_for(1)
    questions: list[str] = []
    page.on("dialog", lambda dialog: (questions.append(dialog.type), dialog.accept()))
    page.locator("body").click(position={"x": 5, "y": 400})  # browsers ask only where one acted
    page.reload()
    assert questions == ["beforeunload"]
    expect_state(page, "chelsea.jpg", "error")
    expect(row(page, "chelsea.jpg")).to_contain_text("Add the file again.")
    page.unroute(SENDING)
    drop(page, photographs / "chelsea.jpg")
    expect_state(page, "chelsea.jpg", "tagged")
    expect(row(page, "chelsea.jpg")).to_have_count(1)


def test_lost_connection_is_tried_again(page: Page, photographs: Path, watch: Watch) -> None:
    watch.expected.append("ERR_")
    lost: list[str] = []

    def lose_twice(route: Route) -> None:
        if len(lost) < 2:
            lost.append(route.request.url)
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route(SENDING, lose_twice)
    drop(page, photographs / "coffee.jpg")
    expect_state(page, "coffee.jpg", "tagged")
    assert len(set(lost)) == 2  # each try with a ticket of its own


def test_without_its_worker_the_page_hashes_itself(
    page: Page, photographs: Path, watch: Watch
) -> None:
    watch.expected.append("hash-worker.js")
    page.route("**/hash-worker.js", lambda route: route.abort())
    upload(page, photographs / "chelsea.jpg", photographs / "coffee.jpg")
    drop(page, photographs / "chelsea.jpg")
    expect(tray(page)).to_contain_text("1 already here")


def test_a_failed_picture_says_why_and_is_tried_again(page: Page, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"not really" * 10)
    drop(page, broken)
    expect_state(page, "broken.jpg", "failed")
    expect(row(page, "broken.jpg").locator(".upload-line")).to_have_text(_sentence)
    row(page, "broken.jpg").get_by_role("button", name="Try again: broken.jpg").click()
    expect(row(page, "broken.jpg").locator(".upload-line")).to_have_text(_sentence)
    expect_state(page, "broken.jpg", "failed")


def test_refused_before_anything_is_sent(page: Page, tmp_path: Path) -> None:
    empty, text = tmp_path / "empty.png", tmp_path / "notes.jpg"
    empty.touch()
    text.write_text("Notes, no picture.")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    drop(page, empty, text)
    expect(row(page, "empty.png")).to_contain_text("This file is empty.")
    expect(row(page, "notes.jpg")).to_contain_text("not a picture that Taglight can read")
    assert not [url for url in asked if "/api/uploads" in url or "/upload/" in url]


def test_a_folder_with_folders_in_it(page: Page, photographs: Path, tmp_path: Path) -> None:
    holiday = tmp_path / "holiday"
    (holiday / "day two" / "evening").mkdir(parents=True)
    shutil.copy(photographs / "coffee.jpg", holiday / "coffee.jpg")
    shutil.copy(photographs / "rocket.jpg", holiday / "day two" / "evening" / "rocket.jpg")
    (holiday / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    (holiday / "day two" / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")
    drop_for_real(page, holiday)
    for name in ("coffee.jpg", "rocket.jpg"):
        expect_state(page, name, "tagged")
    expect(tray(page).get_by_role("listitem")).to_have_count(2)


def test_pick_files_and_a_folder(page: Page, photographs: Path, tmp_path: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose pictures").click()
    chooser.value.set_files(photographs / "coffee.jpg")
    expect_state(page, "coffee.jpg", "tagged")
    folder = tmp_path / "folder"
    folder.mkdir()
    shutil.copy(photographs / "rocket.jpg", folder)
    (folder / ".hidden").write_text("hidden")
    page.locator("#upload-folder").set_input_files(folder)
    expect_state(page, "rocket.jpg", "tagged")
    expect(tray(page).get_by_role("listitem")).to_have_count(2)


def test_paste(page: Page, photographs: Path) -> None:
    paste(page, photographs / "chelsea.jpg")
    expect_state(page, "chelsea.jpg", "tagged")
    expect(tile(page, "chelsea.jpg")).to_be_visible()


def test_odd_names_stay_what_they_are(page: Page, photographs: Path, tmp_path: Path) -> None:
    names = ["a b+c%2F.jpg", "日本 🐈.jpg", "<img src=x onerror=alert(1)>.jpg"]
    for number, name in enumerate(names):
        content = (photographs / "chelsea.jpg").read_bytes() + bytes([number])
        (tmp_path / name).write_bytes(content)
    upload(page, *(tmp_path / name for name in names))
    for name in names:
        expect(tile(page, name)).to_be_visible()


def test_the_tray_stays_small_while_one_goes_on(page: Page, photographs: Path) -> None:
    upload(page, photographs / "chelsea.jpg")
    tray(page).get_by_role("button", name="Minimise").click()
    expect(row(page, "chelsea.jpg")).to_be_hidden()
    page.reload()
    expect(tray(page)).to_contain_text("1 tagged")
    expect(row(page, "chelsea.jpg")).to_be_hidden()
    tray(page).get_by_role("button", name="Show the files").click()
    expect(row(page, "chelsea.jpg")).to_be_visible()
    page.goto("/help")
    expect(tray(page)).to_be_hidden()  # all is done: nobody needs to hear of it again


def test_a_thousand_files_are_shown_a_few_in_each_frame(page: Page) -> None:
    transfer = page.evaluate_handle(A_THOUSAND_FILES)
    page.evaluate(COUNT_ROWS_A_FRAME)
    page.locator("main").dispatch_event("drop", {"dataTransfer": transfer})
    expect(tray(page).get_by_role("listitem")).to_have_count(1000, timeout=60_000)
    expect(tray(page).locator(".tray-summary")).to_have_text("1,000 problems", timeout=60_000)
    # However late the next frame comes: with the last row all is said.
    assert page.evaluate("() => window.saidWithLastRow") == "1,000\u00a0problems"
    frames = page.evaluate("() => [...window.rowsByFrame.values()]")
    assert sum(frames) == 1000
    assert max(frames) <= 50, f"{max(frames)} rows in one frame: the page would stand still"
    expect(tiles(page)).to_have_count(0)
