"""A real server on an empty library and a real browser that forgives no error."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.conftest import secrets_in_files
from tests.e2e.libraries import empty

REPOSITORY = Path(__file__).resolve().parents[2]
SCREENSHOTS = REPOSITORY / "test-results"
STARTS_WITHIN = 60.0  # seconds
STOPS_WITHIN = 20.0
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {1440: 900, 390: 844}


@dataclass
class Server:
    """`taglight serve` on one library, in a process of its own."""

    library: Path
    port: int
    log: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address of the gallery, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start and wait until it answers. Raises AssertionError with its log where it does not."""
        command = [sys.executable, "-m", "cli.main", "serve", str(self.library)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--port", str(self.port)],
                cwd=REPOSITORY,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + STARTS_WITHIN
        while not self._answers():
            stopped = self.process.poll() is not None
            assert not stopped, f"taglight serve stopped:\n{self.log.read_text()}"
            assert time.monotonic() < deadline, f"taglight serve is not up:\n{self.log.read_text()}"
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:  # noqa: S310 - our own address
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        """End it as Ctrl-C would, the worker with it."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self.process = None

    def restart(self) -> None:
        """Stop it and start it again on the same library and port."""
        self.stop()
        self.start()


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """A server on an empty library in this folder; ended afterwards."""
    made = Server(folder / "library", free_port(), folder / "serve.log")
    made.library.mkdir()
    made.start()
    try:
        yield made
    finally:
        made.stop()
        # What the server has to complain of is shown with the test that failed, if one did.
        sys.stdout.write(made.log.read_text())
    assert secrets_in_files(folder) == [], "secrets do not belong into logs"


@pytest.fixture(scope="session")
def one_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for all tests that begin with an empty library."""
    with serving(tmp_path_factory.mktemp("one")) as made:
        yield made


@pytest.fixture
def server(one_server: Server) -> Server:
    """A server on a library that is empty, or empty again."""
    empty(one_server.url)
    return one_server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; without it the tests are skipped, on CI they fail."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        reason = "Chromium is not installed (Debian: apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(f"{reason}: on CI nothing is skipped.")
        pytest.skip(reason)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=BROWSER_ARGUMENTS)
        yield started
        started.close()


@dataclass
class Watch:
    """Collects what must not happen on a page; `expected` are parts of messages a test provokes."""

    expected: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def listen(self, context: BrowserContext) -> None:
        """Hear of errors of every page to come: uncaught, or logged (a violated CSP is one)."""
        context.on("console", self._console)
        context.on("weberror", lambda error: self.seen.append(f"uncaught: {error.error}"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            where = message.location.get("url", "")
            self.seen.append(f"console {message.type}: {message.text} ({where})")

    def unforgiven(self) -> list[str]:
        """Return what no test has announced."""
        return [text for text in self.seen if not any(part in text for part in self.expected)]


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Fail the test when a page of it has logged or thrown an error."""
    made = Watch()
    yield made
    assert made.unforgiven() == []


NewContext = Callable[..., BrowserContext]


@pytest.fixture
def new_context(browser: Browser, server: Server, watch: Watch) -> Iterator[NewContext]:
    """Make browser contexts, each as a browser of its own would be: `new_context(width=390)`."""
    made: list[BrowserContext] = []

    def make(*, width: int = 1440, **options: object) -> BrowserContext:
        size = {"width": width, "height": SIZES.get(width, 900)}
        context = browser.new_context(viewport=size, base_url=server.url, **options)  # type: ignore[arg-type]
        watch.listen(context)
        made.append(context)
        return context

    yield make
    for context in made:
        context.close()


@pytest.fixture
def page(new_context: NewContext) -> Page:
    """The gallery of the empty library, in a wide window."""
    opened = new_context().new_page()
    opened.goto("/")
    return opened


@pytest.fixture
def take_screenshots(page: Page) -> Callable[[str], None]:
    """Photograph the page wide and narrow, light and dark, into test-results/."""

    def take(name: str) -> None:
        SCREENSHOTS.mkdir(exist_ok=True)
        before = page.viewport_size
        for width, height in SIZES.items():
            for scheme in ("light", "dark"):
                page.set_viewport_size({"width": width, "height": height})
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                page.wait_for_timeout(150)  # pictures of the new width load, transitions end
                page.screenshot(path=SCREENSHOTS / f"{name}-{width}-{scheme}.png")
        page.emulate_media(color_scheme="light")
        if before:
            page.set_viewport_size(before)

    return take


@pytest.fixture(scope="session")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photographs that ship with scikit-image, as JPEG files, and a text that says it is one."""
    from PIL import Image
    from skimage import data

    folder = tmp_path_factory.mktemp("photographs")
    for name in ("chelsea", "coffee", "rocket"):
        Image.fromarray(getattr(data, name)()).save(folder / f"{name}.jpg", quality=90)
    (folder / "letter.jpg").write_text("Dear all, this is a letter and not a photograph.\n" * 20)
    return folder
