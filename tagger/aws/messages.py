"""One message: its changes handled, and sent back where trouble may pass.

What waits is sent again as a new message, with a delay, and the received one is acknowledged: the
queue counts how often a message is received, and only crashes and mistakes should use that up.
"""

import logging
import random
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from catalog.clock import utc_now, utc_text
from catalog.document import TaggingError
from catalog.errors import InvalidKeyError, KeyTakenError, ObjectNotFoundError, TaglightError
from catalog.keys import is_picture_key
from catalog.storage.changes import LIBRARY, EventName, ObjectChange
from tagger.aws.queues import LONGEST_DELAY_SECONDS, WorkQueues
from tagger.events import ObjectChanged, parse_events
from tagger.handlers import PASSING, Handlers

log = logging.getLogger(__name__)

Told = Literal["sent_back", "gave_up", "ignored", "indexed"]
# The seconds that the work on a new picture took, and those since its upload where that is known.
Measure = Callable[[float, float | None], None]

FIRST_DELAY_SECONDS = 20
# Lambda tries an asynchronous call twice more, after one and after two minutes: an event as old
# as this is in its last attempt.
LAST_CALL_AFTER = timedelta(seconds=150)
_EVENTS: dict[str, EventName] = {
    "created": "ObjectCreated:Put",
    "removed": "ObjectRemoved:Delete",
    "tag_again": "Taglight:TagAgain",
}
# What a message that was sent back carries beside its records.
_WAITED = "Taglight"


@dataclass(frozen=True, slots=True)
class Waited:
    """Since when, and how often, something was put off."""

    since: datetime
    pauses: int = 0


class Messages:
    """Works on what the queues, or S3 itself, hand over."""

    def __init__(
        self,
        bucket: str,
        handlers: Handlers,
        fail: Callable[[str, TaggingError], None],
        queues: WorkQueues | None = None,
        *,
        max_attempts: int,
        longest_wait: timedelta = timedelta(hours=24),
        clock: Callable[[], datetime] = utc_now,
        tell: Callable[[Told], None] = lambda _: None,
        about: Callable[[str], AbstractContextManager[Any]] = lambda _: nullcontext(),
        measure: Measure = lambda _took, _since: None,
    ) -> None:
        """Compose it.

        `fail` answers for a picture that is given up. Without `queues` nothing can wait: then who
        called is told, and calls again. `about` has log lines name the picture of a key;
        `measure` hears how long new pictures took.
        """
        self._bucket = bucket
        self._handlers = handlers
        self._fail = fail
        self._queues = queues
        self._max_attempts = max_attempts
        self._longest_wait = longest_wait
        self._clock = clock
        self._tell = tell
        self._about = about
        self._measure = measure

    def work(self, body: Mapping[str, Any], attempts: int | None) -> None:
        """Handle an event that was received for the n-th time; None where nobody counts.

        Raises EventError for what is no event, and what went wrong unexpectedly; everything
        that could be done is done before.
        """
        changes = parse_events(body)
        if not changes:
            self._ignore("it tells of nothing that was created or removed")
        waited = _waited(body) or Waited(self._clock())
        first: Exception | None = None
        for change in changes:
            if change.bucket not in ("", LIBRARY, self._bucket):
                self._ignore(f"the bucket {change.bucket!r} is not {self._bucket!r}")
                continue
            with self._about(change.key):
                try:
                    self._one(change, attempts, waited)
                except Exception as error:
                    log.exception("Could not be handled: %s of %r", change.kind, change.key)
                    first = first or error
        if first is not None:
            raise first

    def _one(self, change: ObjectChanged, attempts: int | None, waited: Waited) -> None:
        counted = attempts if attempts is not None else self._calls(change)
        began = time.monotonic()
        try:
            if not self._handlers.handle(change, counted):
                self._ignore(f"{change.key!r} is no picture and no document")
            elif not is_picture_key(change.key):
                self._tell("indexed")
            elif change.kind == "created":
                at = _moment(change.at)
                since = (self._clock() - at).total_seconds() if at else None
                self._measure(time.monotonic() - began, since)
        except KeyTakenError:
            raise  # waiting will not move what stands there
        except PASSING as error:
            self._later(change, counted, waited, error)
        except (InvalidKeyError, ObjectNotFoundError) as error:
            log.warning("Nothing to do: %s", error)

    def _later(
        self, change: ObjectChanged, attempts: int, waited: Waited, error: TaglightError
    ) -> None:
        """Put it off, or answer for it where it was put off for long enough."""
        if self._queues is None:
            if self._calls(change) < self._max_attempts:
                raise error
        elif self._clock() - waited.since <= self._longest_wait:
            delay = _delay(waited.pauses)
            log.warning("%s Trying again in %d s.", error, delay)
            self._queues.announce(
                ObjectChange(self._event(change, attempts), change.key, etag=change.etag),
                delay_seconds=delay,
                more={_WAITED: {"Since": utc_text(waited.since), "Pauses": waited.pauses + 1}},
            )
            self._tell("sent_back")
            return
        if change.kind == "removed" or not is_picture_key(change.key):
            raise error  # nobody can be answered: the dead letter queue keeps it
        log.error("%r was put off for too long and is given up. %s", change.key, error)
        self._tell("gave_up")
        self._fail(change.key, gave_up(error))

    def _event(self, change: ObjectChanged, attempts: int) -> EventName:
        """Return what to send for a change: past the last attempt, that it is to be tagged again.

        "Gave up" was written before that attempt, and would be taken for the answer.
        """
        if change.kind == "created" and is_picture_key(change.key):
            return _EVENTS["tag_again" if attempts >= self._max_attempts else "created"]
        return _EVENTS[change.kind]

    def _calls(self, change: ObjectChanged) -> int:
        """Tell by the age of an event that came without a queue whether it comes once more."""
        at = _moment(change.at)
        late = at is not None and self._clock() - at >= LAST_CALL_AFTER
        return self._max_attempts if late else 1

    def _ignore(self, reason: str) -> None:
        log.info("An event is ignored: %s.", reason)
        self._tell("ignored")


def gave_up(error: TaglightError) -> TaggingError:
    """Return the answer for a picture that was put off for too long."""
    return TaggingError(
        "waited_too_long",
        f"Tagging this picture was put off again and again. The last reason: {error} "
        "You can try again.",
    )


def _delay(pauses: int) -> int:
    """Return the seconds until the next try: longer each time, and never all at once."""
    longest = min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** min(pauses, 10))
    return round(float(longest) * random.uniform(0.5, 1.0))  # noqa: S311 - no secret


def _waited(body: Mapping[str, Any]) -> Waited | None:
    told = body.get(_WAITED)
    if not isinstance(told, Mapping):
        return None
    since, pauses = _moment(told.get("Since")), told.get("Pauses")
    return Waited(since, pauses if type(pauses) is int else 0) if since else None


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
