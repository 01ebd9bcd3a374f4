"""The front end in a real browser: dropping many files, and scrolling through many pictures.

    .venv/bin/python -m benchmarks.browser [--files 1000] [--pictures 10000]

The bare way is a `fetch` loop in the same page: it asks for the same tickets, a hundred at a time,
and sends the same bytes, as many at once as the uploader does; it shows nothing and hashes nothing
beforehand. What is sent is tagged meanwhile, by a recogniser that sees the same on every picture:
the local one would take longer over the pictures of one turn than all turns do. Needs Chromium.
Owed: within 1.3x of the bare way, no task over 50 ms, no layout shift, a bounded number of
elements.
"""

import argparse
import base64
import io
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from benchmarks.libraries import filled
from benchmarks.site import served
from benchmarks.web import running
from tests.ordeal.served import QUICK

AT_ONCE = 4  # PARALLEL in static/js/upload/queue.js
ROUNDS = 3
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-sync"]

# What the browser itself notices: tasks over 50 ms, and content that moves without being asked.
WATCH = """() => {
  window.seen = { longest: 0, long: 0, shift: 0, elements: 0, tiles: 0 };
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      seen.longest = Math.max(seen.longest, duration);
      seen.long += 1;
    }
  }).observe({ type: "longtask" });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) seen.shift += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
}"""
# The same files for both ways: made in the page, so that handing them over costs nothing.
MAKE = """async ([base64, count, salt]) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  window.files = Array.from({ length: count }, (_, number) =>
    new File([bytes, `${salt}-${number}`], `${salt}-${number}.jpg`, { type: "image/jpeg" }));
}"""
BARE = """async (atOnce) => {
  const hex = (buffer) => [...new Uint8Array(buffer)].map((b) => b.toString(16).padStart(2, "0"));
  const hashed = async (file) =>
    hex(await crypto.subtle.digest("SHA-256", await file.arrayBuffer())).join("");
  const start = performance.now();
  for (let first = 0; first < files.length; first += 100) {
    const some = files.slice(first, first + 100);
    const wanted = await Promise.all(some.map(async (file) => (
      { name: file.name, size: file.size, type: file.type, sha256: await hashed(file) })));
    const answer = await fetch("/api/uploads", { method: "POST",
      headers: { "Content-Type": "application/json" }, body: JSON.stringify({ files: wanted }) });
    const { uploads } = await answer.json();
    let next = 0;
    const send = async () => {
      while (next < uploads.length) {
        const at = next++;
        const { url, method, headers } = uploads[at];
        const sent = await fetch(url, { method, headers, body: some[at] });
        if (!sent.ok) throw new Error(`status ${sent.status}`);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, send));
  }
  return performance.now() - start;
}"""
DROP = """() => {
  const transfer = new DataTransfer();
  for (const file of files) transfer.items.add(file);
  window.dropped = performance.now();
  const way = { dataTransfer: transfer, bubbles: true, cancelable: true };
  for (const type of ["dragenter", "dragover", "drop"]) {
    document.querySelector("main").dispatchEvent(new DragEvent(type, way));
  }
}"""
SENT = """(count) => {
  const states = [...document.querySelectorAll("#tray .upload")].map((row) => row.dataset.state);
  const done = states.filter((state) => ["pending", "tagged", "failed"].includes(state)).length;
  return done === count ? performance.now() - dropped : false;
}"""
SCROLL = """() => {
  seen.elements = Math.max(seen.elements, document.querySelectorAll("*").length);
  const tiles = document.querySelectorAll("#results .tile");
  seen.tiles = Math.max(seen.tiles, tiles.length);
  window.scrollBy({ top: innerHeight * 0.9, behavior: "instant" });
  return [tiles[tiles.length - 1]?.id, [...tiles].map((tile) => tile.id)];
}"""


def small_jpeg() -> bytes:
    """Return a small picture, about 3 KB; each file has a tail of its own."""
    out = io.BytesIO()
    Image.effect_noise((96, 72), 40).convert("RGB").save(out, "JPEG", quality=70)
    return out.getvalue()


@contextmanager
def page_of(url: str) -> Iterator[Page]:
    """Open a page in a fresh browser."""
    chromium = shutil.which("chromium") or "/usr/bin/chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1440, "height": 900}, base_url=url)
        page.set_default_timeout(600_000)
        yield page
        browser.close()


def uploads(count: int) -> tuple[list[float], list[float], dict[str, float]]:
    """Return the seconds of both ways, turn by turn, and what the browser noticed of ours."""
    picture = base64.b64encode(small_jpeg()).decode()
    bare, ours = [], []
    noticed = {"longest": 0.0, "long": 0.0, "shift": 0.0}
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder, "library"), Path(folder, "log"), QUICK) as site,
        page_of(site.url) as page,
    ):
        for turn in range(ROUNDS):
            page.goto("/")
            page.evaluate(MAKE, [picture, count, f"bare-{turn}"])
            bare.append(page.evaluate(BARE, AT_ONCE) / 1000)
            settle(page)
            page.goto("/")
            page.evaluate(WATCH)
            page.evaluate(MAKE, [picture, count, f"ours-{turn}"])
            page.evaluate(DROP)
            ours.append(page.wait_for_function(SENT, arg=count).json_value() / 1000)
            for name in noticed:
                noticed[name] = max(noticed[name], page.evaluate(f"() => seen.{name}"))
            settle(page)
            page.evaluate("() => sessionStorage.clear()")
    return bare, ours, noticed


def settle(page: Page) -> None:
    """Wait until nothing waits to be tagged, so that the turns do not disturb each other."""
    while page.request.get("/api/images?q=is:pending&limit=1").json()["total"]:
        time.sleep(0.5)


def scrolling(count: int) -> tuple[int, float, dict[str, float]]:
    """Scroll through a library; return how many pictures came, in how many seconds, and how."""
    with running("ours", str(filled(count))) as (client, _), page_of(str(client.base_url)) as page:
        page.goto("/", wait_until="networkidle")
        page.evaluate(WATCH)
        seen: set[str] = set()
        start = time.perf_counter()
        idle = 0
        while len(seen) < count and idle < 100:
            before = len(seen)
            _, ids = page.evaluate(SCROLL)
            seen |= set(ids)
            idle = 0 if len(seen) > before else idle + 1
            page.wait_for_timeout(150)
        return len(seen), time.perf_counter() - start, page.evaluate("() => seen")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--pictures", type=int, default=10_000)
    options = parser.parse_args()
    bare, ours, noticed = uploads(options.files)
    ratio = statistics.median(ours) / statistics.median(bare)
    print("| what | owed | measured |")
    print("|---|---|---|")
    print(
        f"| {options.files:,} small files dropped, until the last is sent "
        f"(the bare loop {statistics.median(bare):.1f} s) | ≤ 1.3x "
        f"| {statistics.median(ours):.1f} s = {ratio:.2f}x |"
    )
    print(f"| longest task meanwhile | ≤ 50 ms | {noticed['longest']:.0f} ms |")
    print(f"| layout shift meanwhile | 0 | {noticed['shift']:.3f} |")
    came, seconds, scrolled = scrolling(options.pictures)
    print(
        f"| {options.pictures:,} pictures scrolled through | all pass by "
        f"| {came:,} in {seconds:.0f} s |"
    )
    print(
        f"| most elements at once | bounded "
        f"| {scrolled['elements']:,.0f}, of them {scrolled['tiles']:.0f} pictures |"
    )
    print(f"| longest task meanwhile | ≤ 50 ms | {scrolled['longest']:.0f} ms |")
    print(f"| layout shift meanwhile | 0 | {scrolled['shift']:.3f} |")


if __name__ == "__main__":
    main()
