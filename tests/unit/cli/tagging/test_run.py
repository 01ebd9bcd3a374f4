"""Turns: no faster than allowed, and none when it is to stop."""

import threading
import time

from cli.tagging.run import Turns


def test_turns_come_no_faster_than_allowed() -> None:
    turns, stop = Turns(1200), threading.Event()
    began = time.monotonic()
    assert all(turns.wait(stop) for _ in range(5))
    assert time.monotonic() - began >= 4 * 60 / 1200


def test_waiting_for_a_turn_ends_with_the_run() -> None:
    turns, stop = Turns(0.01), threading.Event()
    assert turns.wait(stop)
    stop.set()
    assert not turns.wait(stop)


def test_without_a_limit_nobody_waits() -> None:
    turns, stop = Turns(None), threading.Event()
    assert all(turns.wait(stop) for _ in range(1000))
    stop.set()
    assert not turns.wait(stop)
