"""`taglight serve` as a person runs it: real processes, the real recogniser."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.pictures import asymmetric, encode, photograph

TAGLIGHT = [sys.executable, "-m", "cli.main"]


class Serving:
    """A running `taglight serve` on a free port."""

    def __init__(self, library: Path, *options: str) -> None:
        self.library = library
        self.log = library.with_name(library.name + ".log")
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [*TAGLIGHT, "serve", str(library), "--port", "0", *options],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert found, line + self.log.read_text()
        self.address = found[0]

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.address + path, timeout=20) as answer:  # noqa: S310
            return json.load(answer)

    def send(
        self, method: str, path: str, body: bytes, headers: dict[str, str] | None = None
    ) -> Any:
        kind = {"Content-Type": "application/json"}
        request = urllib.request.Request(  # noqa: S310 - our own address
            self.address + path, body, headers or kind, method=method
        )
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            return json.load(answer)

    def labels(self, key: str) -> list[str]:
        images = self.get("/api/images?min=0")["images"]
        return [
            label["name"]
            for image in images
            if image["key"] == key and image["status"] == "tagged"
            for label in image["labels"]
        ]

    def worker(self) -> psutil.Process | None:
        found = psutil.Process(self.process.pid).children()
        return found[0] if found else None

    def end(self, number: int = signal.SIGTERM) -> float:
        """Tell the server to end; return after how many seconds it had."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.communicate(timeout=30)
        return time.monotonic() - began


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    running = Serving(tmp_path / "library")
    yield running
    if running.process.poll() is None:
        running.end()


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "this did not happen in time"
        time.sleep(0.05)


def test_a_photograph_copied_in_by_hand_is_found_by_what_is_on_it(serving: Serving) -> None:
    assert serving.get("/healthz")["status"] == "ok"
    (serving.library / "uploads/my cat.png").write_bytes(photograph("chelsea"))
    wait_for(lambda: "Cat" in serving.labels("uploads/my cat.png"))
    document = json.loads((serving.library / "metadata/my cat.png.json").read_text())
    assert document["Tagging"]["Recognizer"] == "local"


def test_a_picture_is_followed_from_upload_to_index_by_one_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGLIGHT_LOG_FORMAT", "json")
    serving = Serving(tmp_path / "library")
    content = encode(asymmetric(), "png")
    digest = hashlib.sha256(content).hexdigest()
    file = {"name": "my.png", "size": len(content), "type": "image/png", "sha256": digest}
    [ticket] = serving.send("POST", "/api/uploads", json.dumps({"files": [file]}).encode())[
        "uploads"
    ]
    serving.send("PUT", ticket["url"].removeprefix(serving.address), content, ticket["headers"])
    wait_for(lambda: serving.get(f"/api/images/{ticket['id']}")["status"] == "tagged")
    serving.end()
    lines = [json.loads(line) for line in serving.log.read_text().splitlines()]
    way = [(line["process"], line["step"]) for line in lines if line.get("picture") == ticket["id"]]
    assert way[:2] == [("serve", "ticket made"), ("serve", "received")]
    assert ("worker", "tagged") in way
    assert way[-1][1] == "indexed"


def test_a_worker_that_is_killed_is_started_again_and_all_goes_on(serving: Serving) -> None:
    wait_for(serving.worker)
    first = serving.worker()
    assert first is not None
    first.kill()
    wait_for(lambda: (now := serving.worker()) is not None and now.pid != first.pid)
    (serving.library / "uploads/cat.png").write_bytes(photograph("chelsea"))
    wait_for(lambda: "Cat" in serving.labels("uploads/cat.png"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_order_with_its_worker(serving: Serving, number: int) -> None:
    wait_for(serving.worker)
    worker = serving.worker()
    assert worker is not None
    for number_ in range(5):
        picture = encode(asymmetric(1000 + number_, 800), "png")
        (serving.library / f"uploads/{number_}.png").write_bytes(picture)
    assert serving.end(number) < 10
    assert serving.process.returncode == 0
    assert not worker.is_running()
    assert "Traceback" not in serving.log.read_text()


def test_a_server_that_is_killed_takes_its_worker_along(serving: Serving) -> None:
    wait_for(serving.worker)
    worker = serving.worker()
    assert worker is not None
    serving.end(signal.SIGKILL)
    wait_for(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)


def test_all_is_there_after_a_new_start(serving: Serving) -> None:
    (serving.library / "uploads/cat.png").write_bytes(photograph("chelsea"))
    wait_for(lambda: "Cat" in serving.labels("uploads/cat.png"))
    before = serving.get("/api/images")
    serving.end()
    again = Serving(serving.library)
    try:
        assert again.get("/api/images") == before
    finally:
        again.end()


def test_a_second_server_for_the_same_library_says_so(serving: Serving) -> None:
    result = subprocess.run(
        [*TAGLIGHT, "serve", str(serving.library), "--port", "0"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 1
    assert "already serves" in result.stderr
    assert "Traceback" not in result.stderr
    assert serving.get("/healthz")["status"] == "ok"


def test_a_second_worker_for_the_same_library_says_so(serving: Serving) -> None:
    wait_for(lambda: (serving.library / ".taglight/worker.lock").exists())
    result = subprocess.run(
        [sys.executable, "-m", "cli.worker", str(serving.library)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 1
    assert "works on" in result.stderr


def test_without_a_worker_pictures_wait(tmp_path: Path) -> None:
    serving = Serving(tmp_path / "library", "--no-worker")
    assert serving.worker() is None
    # The arrays of the library are loaded before anybody asks.
    wait_for(
        lambda: any("numpy" in m.path for m in psutil.Process(serving.process.pid).memory_maps())
    )
    assert serving.get("/api/images")["images"] == []
    serving.end()


def test_a_read_only_library_is_said_in_a_sentence(tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    library.chmod(0o500)
    if os.access(library, os.W_OK):  # the superuser may write anywhere: a file says no to all
        library.rmdir()
        library.write_bytes(b"")
    result = subprocess.run(
        [*TAGLIGHT, "serve", str(library), "--port", "0"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr.startswith("taglight: ")
    assert "Traceback" not in result.stderr
