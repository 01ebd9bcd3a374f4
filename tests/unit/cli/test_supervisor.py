"""A process that is kept running, and ended with its server."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from cli.supervisor import Supervisor

STAYS = "import sys, pathlib; pathlib.Path(sys.argv[1]).open('a').write('x'); sys.stdin.read()"
DIES = "import sys, pathlib; pathlib.Path(sys.argv[1]).open('a').write('x')"
DEAF = """
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(sys.argv[1]).open('a').write('x')
while True: time.sleep(1)
"""


def command(code: str, path: Path) -> list[str]:
    return [sys.executable, "-c", code, str(path)]


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "this did not happen in time"
        time.sleep(0.01)


def starts(path: Path) -> int:
    return len(path.read_text()) if path.exists() else 0


def test_what_dies_is_started_again(tmp_path: Path) -> None:
    log = tmp_path / "starts"
    with Supervisor(command(DIES, log), pause=0.01):
        wait_for(lambda: starts(log) >= 3)


def test_what_is_killed_is_started_again_and_ended_at_the_end(tmp_path: Path) -> None:
    log = tmp_path / "starts"
    with Supervisor(command(STAYS, log), pause=0.01) as supervisor:
        wait_for(lambda: starts(log) == 1)
        first = supervisor.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: starts(log) == 2)
        second = supervisor.pid
        assert second not in (None, first)
    assert not psutil.pid_exists(second or 0)
    assert starts(log) == 2


def test_what_does_not_listen_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "starts"
    with Supervisor(command(DEAF, log), pause=0.01, stop_seconds=0.2) as supervisor:
        wait_for(lambda: starts(log) == 1)
        pid = supervisor.pid
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert not psutil.pid_exists(pid or 0)


def test_the_command_hears_of_our_own_death(tmp_path: Path) -> None:
    log = tmp_path / "starts"
    code = f"""
import time
from cli.supervisor import Supervisor
with Supervisor({command(STAYS, log)!r}) as supervisor:
    while supervisor.pid is None: time.sleep(0.01)
    print(supervisor.pid, flush=True)
    time.sleep(60)
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    pid = int(process.stdout.readline())
    wait_for(lambda: starts(log) == 1)
    process.kill()
    process.communicate(timeout=20)
    wait_for(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == "zombie")
