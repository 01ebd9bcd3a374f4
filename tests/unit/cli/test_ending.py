"""A worker that is told to end, whatever it is at just then."""

import os
import signal
import threading
from collections.abc import Iterator

import psutil
import pytest

from cli.ending import heard
from cli.home import Home
from tests.fakes import ToldRecognizer
from tests.pictures import asymmetric, encode
from tests.unit.cli.test_worker import wait_for, working

HANGING = """
import time
from tagger.decoding import child
child.open_here = lambda *_: time.sleep(600)
child.main()
"""


@pytest.fixture
def ended() -> Iterator[threading.Event]:
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}
    yield threading.Event()
    signal.set_wakeup_fd(-1)
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_heard_though_the_main_thread_holds_what_the_end_wants(
    ended: threading.Event, number: int
) -> None:
    lock = threading.Lock()

    def end() -> None:
        with lock:
            ended.set()

    heard(end)
    with lock:
        os.kill(os.getpid(), number)
    assert ended.wait(60)


def test_the_end_of_who_started_us_is_heard(ended: threading.Event) -> None:
    ours, theirs = os.pipe()
    with os.fdopen(ours, "rb") as input:
        heard(ended.set, input=input)
        os.write(theirs, b"something that is said")
        os.close(theirs)
        assert ended.wait(60)


def test_a_picture_that_is_being_opened_is_put_back_at_once(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tagger.decoding.process.PROGRAM", ("-P", "-c", HANGING))
    home.store.put("uploads/a.png", encode(asymmetric(), "png"))
    with working(home, ToldRecognizer()) as worker:
        wait_for(lambda: worker._tagging.busy_for() and is_opening(), 60)
        worker.end()
    [(attempts, leased)] = home.journal._query("SELECT attempts, leased FROM messages", ())
    assert (attempts, leased) == (0, 0)


def is_opening() -> bool:
    children = psutil.Process().children()
    return any("child.main()" in " ".join(each.cmdline()) for each in children)
