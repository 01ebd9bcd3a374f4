"""Takes messages off one queue, one by one, until told to stop.

A message is done when its work is; it comes back when the work met trouble that may pass (which
does not count as an attempt), when the work failed unexpectedly, or when the process died.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from catalog.errors import (
    InvalidKeyError,
    KeyTakenError,
    ObjectNotFoundError,
    StoreUnavailableError,
    TaglightError,
)
from catalog.storage.journal import Journal, Message, QueueName
from tagger.errors import CutOffError
from tagger.handlers import MAX_ATTEMPTS, PASSING

log = logging.getLogger(__name__)

Handle = Callable[[dict[str, Any], int], None]

LEASE_SECONDS = 3600.0
POLL_SECONDS = 0.1
_RETRY_SECONDS = 2.0
_LONGEST_PAUSE_SECONDS = 60.0


class Consumer:
    """Works through one queue with `handle(body, attempts)`; `passing` are errors to wait out."""

    def __init__(
        self,
        journal: Journal,
        queue: QueueName,
        handle: Handle,
        passing: tuple[type[TaglightError], ...] = (),
    ) -> None:
        self._journal = journal
        self._queue = queue
        self._handle = handle
        self._passing = PASSING + passing
        self._pauses: dict[int, int] = {}
        self._owed: list[Callable[[], None]] = []
        self.current: Message | None = None
        self._since = 0.0

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; the message at hand is finished first."""
        while not stop.is_set():
            try:
                busy = self.work_one()
            except StoreUnavailableError as error:  # the journal itself: no space, disk gone
                log.warning("%s", error)
                stop.wait(_RETRY_SECONDS)
                continue
            if not busy:
                stop.wait(POLL_SECONDS)

    def work_one(self) -> bool:
        """Receive and handle one message; tell whether there was one."""
        self._pay()
        message = self._journal.receive(self._queue, lease_seconds=LEASE_SECONDS)
        if message is None:
            return False
        self._since = time.monotonic()
        self.current = message
        try:
            self._work(message)
        finally:
            self.current = None
        return True

    def busy_for(self) -> float:
        """Return for how many seconds the message at hand has been worked on; 0 without one."""
        return 0.0 if self.current is None else time.monotonic() - self._since

    def give_back(self) -> None:
        """Put the message at hand back as if it had never been received: the process must end."""
        if (message := self.current) is not None:
            self._journal.put_back(message, delay=0, counts=False)

    def _tell(self, step: Callable[[], None]) -> None:
        """Tell the journal what became of a message: now, or when it can be written again."""
        self._owed.append(step)
        self._pay()

    def _pay(self) -> None:
        while self._owed:
            self._owed[0]()
            del self._owed[0]

    def _put_back(self, message: Message, *, delay: float, counts: bool) -> None:
        self._tell(lambda: self._journal.put_back(message, delay=delay, counts=counts))

    def _work(self, message: Message) -> None:
        try:
            self._handle(message.body, message.attempts)
        except CutOffError:
            self._put_back(message, delay=0, counts=False)
            return
        except KeyTakenError:
            self._failed(message)  # waiting will not move what stands there
            return
        except self._passing as error:
            pauses = self._pauses[message.id] = self._pauses.get(message.id, 0) + 1
            delay = min(_LONGEST_PAUSE_SECONDS, _RETRY_SECONDS * 2 ** min(pauses - 1, 10))
            log.warning("%s Trying again in %.0f s.", error, delay)
            self._put_back(message, delay=delay, counts=False)
            return
        except (InvalidKeyError, ObjectNotFoundError) as error:
            log.info("Nothing to do: %s", error)
        except Exception:
            self._failed(message)
            return
        self._done(message)

    def _failed(self, message: Message) -> None:
        log.exception("Attempt %d of %d failed", message.attempts, MAX_ATTEMPTS)
        if message.attempts >= MAX_ATTEMPTS:
            self._done(message)
            return
        delay = _RETRY_SECONDS * message.attempts
        self._put_back(message, delay=delay, counts=True)

    def _done(self, message: Message) -> None:
        self._pauses.pop(message.id, None)
        self._tell(lambda: self._journal.done(message))
