"""What the browser tests do again and again: drop files, read the tray, pick labels."""

import base64
import re
from pathlib import Path

from playwright.sync_api import Locator, Page, Route, expect

expect.set_options(timeout=15_000)

# The first start builds the recogniser's model; a picture then takes about a second on two cores.
TAGGED_WITHIN_MS = 90_000

SENDING = re.compile(r"^http://[^/]+/upload/")

_TRANSFER = """(files) => {
  const transfer = new DataTransfer();
  for (const { name, type, content } of files) {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type }));
  }
  return transfer;
}"""

_PASTE = """(element, transfer) => element.dispatchEvent(
  new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true }))"""


def _described(paths: list[Path]) -> list[dict[str, str]]:
    return [
        {
            "name": path.name,
            "type": "image/jpeg",
            "content": base64.b64encode(path.read_bytes()).decode(),
        }
        for path in paths
    ]


def open_whole(page: Page, url: str) -> None:
    """Open one of our pages and wait until its scripts have run and nothing is under way."""
    page.goto(url, wait_until="networkidle")
    # On a busy machine the network is idle while the scripts still wait to be run.
    page.wait_for_load_state("load")


def drop(page: Page, *paths: Path) -> None:
    """Drag files over the page, see the target, and drop them."""
    transfer = page.evaluate_handle(_TRANSFER, _described(list(paths)))
    where = page.locator("main")
    where.dispatch_event("dragenter", {"dataTransfer": transfer})
    expect(page.get_by_text("Drop pictures or folders to add them")).to_be_visible()
    where.dispatch_event("dragover", {"dataTransfer": transfer})
    where.dispatch_event("drop", {"dataTransfer": transfer})
    expect(page.get_by_text("Drop pictures or folders to add them")).to_be_hidden()


def drop_for_real(page: Page, path: Path) -> None:
    """Drop a file or folder as the desktop does, with all that hangs on it."""
    browser = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for step in ("dragEnter", "dragOver", "drop"):
        event = {"type": step, "x": 400, "y": 400, "data": data}
        browser.send("Input.dispatchDragEvent", event)
    browser.detach()


def paste(page: Page, path: Path) -> None:
    """Paste a file, as from a file manager or a picture viewer."""
    transfer = page.evaluate_handle(_TRANSFER, _described([path]))
    page.locator("body").evaluate(_PASTE, transfer)


def tray(page: Page) -> Locator:
    """Return the tray of uploads."""
    return page.locator("#tray")


def row(page: Page, name: str) -> Locator:
    """Return a file's row in the tray."""
    return tray(page).locator("li").filter(has=page.get_by_text(name, exact=True))


def expect_state(page: Page, name: str, state: str, *, within_ms: int = TAGGED_WITHIN_MS) -> None:
    """Wait until a file in the tray is in this state."""
    expect(row(page, name)).to_have_attribute("data-state", state, timeout=within_ms)


def upload(page: Page, *paths: Path) -> None:
    """Drop pictures and wait until all are tagged."""
    drop(page, *paths)
    for path in paths:
        expect_state(page, path.name, "tagged")


def tiles(page: Page) -> Locator:
    """Return the pictures of the gallery."""
    return page.locator("#results .tile")


def tile(page: Page, name: str) -> Locator:
    """Return one picture of the gallery, by its name."""
    return tiles(page).filter(has_text=name)


def facet(page: Page, label: str) -> Locator:
    """Return a label at the side of the gallery."""
    return page.locator("#facets").get_by_role("link", name=re.compile(rf"^{label}\b")).first


class Hold:
    """Holds back the sending of files until they are let go."""

    def __init__(self, page: Page) -> None:
        self.routes: list[Route] = []
        self._page = page
        self._holding = True
        page.route(SENDING, self._take)

    def _take(self, route: Route) -> None:
        if self._holding:
            self.routes.append(route)
        else:
            route.continue_()

    def wait_for(self, count: int) -> None:
        """Wait until so many are held."""
        for _ in range(200):
            if len(self.routes) >= count:
                return
            self._page.wait_for_timeout(50)
        raise AssertionError(f"{len(self.routes)} files are being sent, not {count}")

    def let_go(self) -> None:
        """Let what is held, and was not cancelled meanwhile, go on; hold nothing more."""
        self._holding = False
        for route in self.routes:
            if not route.request.failure:
                route.continue_()
