"""The work on a plan: some pictures at once, no faster than allowed, until done or stopped."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from catalog import reads
from catalog.errors import (
    CatalogUnavailableError,
    PreconditionFailedError,
    StoreFullError,
    StoreUnavailableError,
    TaglightError,
)
from cli.home import Home
from cli.tagging.batches import Batches
from cli.tagging.notes import MOST_BEGINNINGS, Notes
from cli.tagging.todo import Todo, Todos
from tagger.pipeline import Tagger
from tagger.recognizers.errors import RecognizerUnavailableError

log = logging.getLogger(__name__)

# What takes longer than this is left behind; the next run gives it up.
LONGEST_SECONDS = 120.0
_TICK_SECONDS = 0.1
# So many failures are named at the end; the search is:failed shows them all.
MOST_REASONS = 20
_FATAL = (StoreFullError, CatalogUnavailableError, RecognizerUnavailableError)


@dataclass(slots=True)
class Outcome:
    """What has come of a run: `reasons` are the first (key, reason); `trouble` ended it early."""

    tagged: int = 0
    gone: int = 0
    failed: int = 0
    reasons: list[tuple[str, str]] = field(default_factory=list)
    trouble: str = ""

    @property
    def done(self) -> int:
        """How many pictures have an answer."""
        return self.tagged + self.gone + self.failed


class Turns:
    """Gives turns no faster than so many a minute; None is without limit."""

    def __init__(self, per_minute: float | None) -> None:
        self._pause = 60.0 / per_minute if per_minute else 0.0
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self, stop: threading.Event) -> bool:
        """Return True when it is this caller's turn, False when it is to stop."""
        if not self._pause:
            return not stop.is_set()
        with self._lock:
            mine = max(self._next, time.monotonic())
            self._next = mine + self._pause
        return not stop.wait(max(0.0, mine - time.monotonic()))


class _EndedError(Exception):
    """Nothing more can be tagged now."""


@dataclass(slots=True)
class _Slot:
    """One thread that tags, and what it is at."""

    name: str
    key: str = ""
    since: float = 0.0
    lost: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None


class Run:
    """Tags the pictures of a plan in threads; `stop` ends it after the pictures at hand."""

    def __init__(
        self,
        home: Home,
        tagger: Tagger,
        batches: Batches,
        notes: Notes,
        turns: Turns,
        advance: Callable[[int], None],
        *,
        force: bool = False,
    ) -> None:
        self.stop = threading.Event()
        self.outcome = Outcome()
        self._home = home
        self._tagger = tagger
        self._batches = batches
        self._notes = notes
        self._turns = turns
        self._advance = advance
        self._force = force
        self._lock = threading.Lock()
        self._waiting: Iterator[Todo] = iter(())
        self._answered: list[str] = []

    def work(self, todo: Todos, jobs: int) -> Outcome:
        """Tag these pictures, `jobs` at a time, and return what has come of it."""
        # What has ended a process before comes last, when all others are done.
        well = (each for each in todo if not self._notes.beginnings(each.key))
        ill = [each for each in todo if self._notes.beginnings(each.key)]
        ill.sort(key=lambda each: self._notes.beginnings(each.key))
        self._waiting = chain(well, ill)
        slots = [self._start(str(number)) for number in range(min(jobs, len(todo)))]
        while working := [slot for slot in slots if not slot.lost.is_set() and _is_alive(slot)]:
            working[0].thread.join(_TICK_SECONDS)  # type: ignore[union-attr]  # it is alive
            self._count_answers()
            for slot in working:
                if slot.key and time.monotonic() - slot.since > LONGEST_SECONDS:
                    slots.append(self._leave_behind(slot, f"{len(slots)}"))
        self._count_answers()
        return self.outcome

    def _start(self, name: str) -> _Slot:
        slot = _Slot(name)
        slot.thread = threading.Thread(target=self._loop, args=(slot,), name=name, daemon=True)
        slot.thread.start()
        return slot

    def _leave_behind(self, slot: _Slot, name: str) -> _Slot:
        """Go on without a thread that hangs; its note stays, so the next run knows."""
        with self._lock:
            slot.lost.set()
        self._finish(
            slot.key,
            f"It took longer than {LONGEST_SECONDS:.0f} seconds, and was left as it was.",
        )
        return self._start(name)

    def _loop(self, slot: _Slot) -> None:
        while not slot.lost.is_set() and not self.stop.is_set():
            with self._lock:
                todo = next(self._waiting, None)
            if todo is None or (todo.calls and not self._turns.wait(self.stop)):
                return
            beginnings = self._notes.beginnings(todo.key)
            if beginnings >= MOST_BEGINNINGS and not self._force:
                self._finish(todo.key, "It has ended Taglight twice; --force tries once more.")
                continue
            slot.since, slot.key = time.monotonic(), todo.key
            self._notes.begin(slot.name, todo.key)
            try:
                reason = self._tag(todo, last_attempt=beginnings > 0)
            except _EndedError as end:
                self._end(str(end))
                reason = None
            with self._lock:
                if slot.lost.is_set():
                    return
                slot.key = ""
                if reason == "":
                    self._answered.append(todo.key)
            self._notes.end(slot.name, todo.key)
            if reason:
                self._finish(todo.key, reason)

    def _tag(self, todo: Todo, *, last_attempt: bool) -> str:
        """Tag one picture; return why that was not possible, "" where it has its answer."""
        try:
            self._tagger.tag(todo.key, again=todo.again, last_attempt=last_attempt)
            return ""
        except _FATAL as error:
            raise _EndedError(str(error)) from error
        except StoreUnavailableError as error:
            try:
                self._home.store.check()
            except TaglightError as worse:
                raise _EndedError(str(worse)) from error
            return str(error)  # this one file cannot be read
        except PreconditionFailedError:
            return "It kept changing while it was tagged. Run this again when it rests."
        except TaglightError as error:
            return str(error)
        except Exception as error:
            log.debug("Unexpected", exc_info=True)
            return f"Something unexpected went wrong: {error!r}"

    def _count_answers(self) -> None:
        """Bring the catalog in step, and count what the pictures tagged since the last time got."""
        with self._lock:
            keys, self._answered = self._answered, []
        try:
            self._batches.write()
            with self._home.database.reading() as connection:
                records = reads.statuses(connection, keys)
        except CatalogUnavailableError as error:
            self._end(str(error))
            return
        for key in keys:
            reason = self._batches.unread.pop(key, "")
            record = records.get(key)
            if record is not None and record.status == "failed":
                reason = reason or record.error_message or "It failed."
            self._finish(key, reason or (None if record is None else ""))

    def _end(self, trouble: str) -> None:
        """Let nothing more be begun."""
        self.outcome.trouble = self.outcome.trouble or trouble
        self.stop.set()

    def _finish(self, key: str, reason: str | None) -> None:
        with self._lock:
            if reason:
                self.outcome.failed += 1
                if len(self.outcome.reasons) < MOST_REASONS:
                    self.outcome.reasons.append((key, reason))
            elif reason is None:
                self.outcome.gone += 1
            else:
                self.outcome.tagged += 1
            self._advance(1)


def _is_alive(slot: _Slot) -> bool:
    return slot.thread is not None and slot.thread.is_alive()
