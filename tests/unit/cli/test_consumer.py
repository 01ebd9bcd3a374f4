"""When a message is done, when it comes back, and what that costs."""

import threading
from typing import Any

import pytest

from catalog.errors import (
    InvalidKeyError,
    KeyTakenError,
    ObjectNotFoundError,
    PreconditionFailedError,
    StoreFullError,
    StoreUnavailableError,
    TaglightError,
)
from catalog.storage.journal import Journal
from cli import consumer
from cli.consumer import Consumer
from cli.home import Home


class WaitingError(TaglightError):
    """A trouble that this handler's owner knows to pass."""


class Work:
    """A handler that fails as told, and remembers at which attempt it was called."""

    def __init__(self, *troubles: Exception | None) -> None:
        self.troubles = list(troubles)
        self.attempts: list[int] = []

    def __call__(self, body: dict[str, Any], attempts: int) -> None:
        self.attempts.append(attempts)
        trouble = self.troubles.pop(0) if self.troubles else None
        if trouble:
            raise trouble


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer, "_RETRY_SECONDS", 0.0)


def work_all(journal: Journal, work: Work) -> list[int]:
    journal.send("tag", {"name": "a"})
    each = Consumer(journal, "tag", work, (WaitingError,))
    while each.work_one():
        assert len(work.attempts) < 20
    assert each.current is None
    return work.attempts


def test_work_that_succeeds_is_done(home: Home) -> None:
    assert work_all(home.journal, Work()) == [1]
    assert home.journal.waiting("tag") == 0


@pytest.mark.parametrize("error", [ObjectNotFoundError("a"), InvalidKeyError("a", "No.")])
def test_what_is_gone_needs_no_work(home: Home, error: Exception) -> None:
    assert work_all(home.journal, Work(error)) == [1]


@pytest.mark.parametrize(
    "error", [StoreUnavailableError("Away."), PreconditionFailedError("a"), WaitingError("Wait.")]
)
def test_trouble_that_passes_costs_no_attempt(home: Home, error: Exception) -> None:
    assert work_all(home.journal, Work(error, error, error, error)) == [1, 1, 1, 1, 1]


@pytest.mark.parametrize("error", [RuntimeError("a bug"), MemoryError(), KeyTakenError("a")])
def test_unexpected_trouble_costs_attempts_and_ends_with_the_third(
    home: Home, error: Exception
) -> None:
    assert work_all(home.journal, Work(error, error, error, error)) == [1, 2, 3]
    assert home.journal.waiting("tag") == 0


def test_what_works_at_the_second_attempt_is_done(home: Home) -> None:
    assert work_all(home.journal, Work(RuntimeError("once"))) == [1, 2]


def test_a_message_given_back_costs_nothing(home: Home) -> None:
    home.journal.send("tag", {"name": "a"})
    attempts: list[int] = []

    def give_back(body: dict[str, Any], attempt: int) -> None:
        attempts.append(attempt)
        if len(attempts) == 1:
            each.give_back()

    each = Consumer(home.journal, "tag", give_back)
    each.give_back()  # nothing at hand: nothing happens
    assert each.work_one()
    assert each.work_one()
    assert attempts == [1, 1]
    assert home.journal.waiting("tag") == 0


def test_runs_until_told_to_stop(home: Home) -> None:
    stop = threading.Event()
    done: list[str] = []

    def work(body: dict[str, Any], attempts: int) -> None:
        done.append(body["name"])
        if len(done) == 3:
            stop.set()

    each = Consumer(home.journal, "index", work)
    thread = threading.Thread(target=each.run, args=(stop,))
    thread.start()
    for name in "abc":
        home.journal.send("index", {"name": name})
    thread.join(timeout=30)
    assert done == ["a", "b", "c"]
    assert home.journal.waiting("index") == 0


def test_what_the_journal_could_not_be_told_is_told_later(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full disk a message can be neither put back nor be done; nor is it kept from others."""
    home.journal.send("tag", {"name": "a"})
    work = Work(StoreFullError("The disk is full."))
    each = Consumer(home.journal, "tag", work)

    def full(*_: object, **__: object) -> None:
        raise StoreFullError("The disk is full.")

    for step in ("put_back", "done"):
        with monkeypatch.context() as patch:
            patch.setattr(Journal, step, full)
            for _ in range(2):
                with pytest.raises(StoreFullError):
                    each.work_one()
    assert not each.work_one()
    assert work.attempts == [1, 1]
    assert home.journal.waiting("tag") == 0
