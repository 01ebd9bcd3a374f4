"""A running `taglight serve` that can be killed, whole or in part, and started again."""

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import psutil

QUICK = (sys.executable, str(Path(__file__).with_name("quick.py")))
REAL = (sys.executable, "-m", "cli.main")
Target = Literal["all", "server", "worker"]
TARGETS: tuple[Target, ...] = ("all", "server", "worker")
PATIENCE = 120.0  # seconds; only what never happens meets it


def wait_for(condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> float:
    """Wait until something is so; return after how many seconds. Raises TimeoutError."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"not within {seconds:g} s: {what}")
        time.sleep(0.02)
    return time.monotonic() - began


def free_port() -> int:
    """Return a port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Served:
    """One library, served on one port; what the processes say is in `log`."""

    def __init__(
        self, library: Path, command: tuple[str, ...] = QUICK, **environment: object
    ) -> None:
        self.library = library
        self.log = library.with_name(f"{library.name}.log")
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._command = command
        self._environment = os.environ | {name: str(each) for name, each in environment.items()}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start it; return the seconds until it answers."""
        command = [*self._command, "serve", str(self.library), "--port", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=self._environment)
        return wait_for(self._is_up, f"that it answers\n{self.said()}")

    def get(self, path: str) -> Any:
        """Return the JSON at an address."""
        with urllib.request.urlopen(self.address + path, timeout=30) as answer:  # noqa: S310
            return json.load(answer)

    def statuses(self, keys: list[str]) -> dict[str, str]:
        """Return the status of each of these pictures, as the page asks for it."""
        found: dict[str, str] = {}
        for first in range(0, len(keys), 100):
            body = json.dumps({"keys": keys[first : first + 100]}).encode()
            request = urllib.request.Request(  # noqa: S310 - our own address
                self.address + "/api/images/status",
                body,
                {"Content-Type": "application/json"},
                method="POST",
            )
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                found |= {each["key"]: each["status"] for each in json.load(answer)["images"]}
        return found

    def is_settled(self, keys: list[str]) -> bool:
        """Tell whether all these pictures have their answer."""
        try:
            return set(self.statuses(keys).values()) <= {"tagged", "failed"}
        except (OSError, ValueError):
            return False

    def is_at_rest(self) -> bool:
        """Tell whether nothing is left to do: no message, delayed ones included, and no filling."""
        messages = self._read("journal.sqlite", "SELECT count(*) FROM messages")
        filling = self._read(
            "catalog.sqlite", "SELECT value FROM meta WHERE name = 'needs_reindex'"
        )
        return (messages, filling) == ((0,), ("no",))

    def _read(self, name: str, question: str) -> Any:
        """Return one row of what is ours in the library, None where it is not to be had."""
        path = self.library / ".taglight" / name
        try:
            with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
                return db.execute(question).fetchone()
        except sqlite3.Error:
            return None

    def worker(self) -> psutil.Process | None:
        """Return the worker's process, None between two runs."""
        with contextlib.suppress(psutil.Error):
            children = psutil.Process(self.pid).children()
            return children[0] if children else None
        return None

    @property
    def pid(self) -> int:
        """The server's process."""
        assert self.process is not None
        return self.process.pid

    def kill(self, target: Target) -> None:
        """Kill server and worker, or one of them, as the system does when memory is short."""
        worker = self.worker()
        if target == "worker":
            if worker:
                _kill(worker)
            return
        below = worker.children(recursive=True) if worker and target == "all" else []
        _kill(psutil.Process(self.pid))
        for process in [worker, *below] if worker and target == "all" else []:
            _kill(process)
        self._reap()
        if worker:  # whose server is gone, goes
            wait_for(lambda: not _lives(worker), "that the worker ends")

    def end(self, number: int = signal.SIGTERM) -> float:
        """Ask it to end; return after how many seconds it had."""
        assert self.process is not None
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(number)
        self._reap()
        return time.monotonic() - began

    def said(self) -> str:
        """Return what the processes have said so far."""
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""

    def _reap(self) -> None:
        assert self.process is not None
        self.process.wait(60)

    def _is_up(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            raise RuntimeError(f"taglight ended\n{self.said()}")
        try:
            self.get("/healthz")
        except (OSError, ValueError):
            return False
        return True


@contextlib.contextmanager
def serving(library: Path, **how: Any) -> Iterator[Served]:
    """Serve a library while the block runs, whatever becomes of it."""
    served = Served(library, **how)
    try:
        served.start()
        yield served
    finally:
        if served.process is not None and served.process.poll() is None:
            try:
                served.end()
            except subprocess.TimeoutExpired:
                served.kill("all")


def _kill(process: psutil.Process | None) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        if process:
            process.kill()


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
