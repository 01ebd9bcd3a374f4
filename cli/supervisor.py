"""Keeps the worker process running beside the server, and ends it with it."""

import contextlib
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

log = logging.getLogger(__name__)

STOP_SECONDS = 5.5
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
# A worker that lived so long was well: its end begins a new count.
WELL_AFTER = 60.0


class Supervisor:
    """Starts a command, starts it again whenever it ends, and stops it at the end.

    The command's input stays open as long as we live: so it notices when we were killed.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        pause: float = FIRST_PAUSE,
        stop_seconds: float = STOP_SECONDS,
    ) -> None:
        self._command = list(command)
        self._first_pause = pause
        self._stop_seconds = stop_seconds
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def __enter__(self) -> "Supervisor":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        with self._lock:
            process = self._process
        if process is not None:
            self._end(process)
        self._thread.join()

    @property
    def pid(self) -> int | None:
        """The process id of the command, or None between two runs."""
        with self._lock:
            return self._process.pid if self._process else None

    def _run(self) -> None:
        pause = self._first_pause
        while not self._stop.is_set():
            began = time.monotonic()
            with self._lock:
                if self._stop.is_set():
                    return
                process = self._process = subprocess.Popen(  # noqa: S603 - our own command
                    self._command,
                    stdin=subprocess.PIPE,
                    process_group=0,  # Ctrl+C is for the server, which then ends us in order
                )
            status = process.wait()
            with self._lock:
                self._process = None
            _close_input(process)
            if self._stop.is_set():
                return
            if time.monotonic() - began > WELL_AFTER:
                pause = self._first_pause
            log.warning("The worker ended (%s) and is started again in %.1f s.", status, pause)
            self._stop.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _end(self, process: "subprocess.Popen[bytes]") -> None:
        process.terminate()
        _close_input(process)
        try:
            process.wait(self._stop_seconds)
        except subprocess.TimeoutExpired:
            log.warning("The worker did not end in time and is killed.")
            process.kill()
            process.wait()


def worker_command(library: str) -> list[str]:
    """Return the command of the worker for this library."""
    # -P: a folder named cli where the person happens to stand is not ours.
    return [sys.executable, "-P", "-m", "cli.worker", library, "--while-stdin-is-open"]


def _close_input(process: "subprocess.Popen[bytes]") -> None:
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
