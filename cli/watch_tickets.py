"""Watches a bucket for what was announced: where no event tells of it, one asks for it.

Tickets lead browsers straight to the bucket, and a listing comes only every minute. So each key
for which a ticket was handed out is asked for every other second at first, then more rarely.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from datetime import timedelta

from catalog.announcements import awaited
from catalog.database import Database
from catalog.errors import TaglightError

log = logging.getLogger(__name__)

TICK_SECONDS = 1.0
# What has not come after a ticket's life, and the time to send it, is left to the comparison.
AWAITED = timedelta(minutes=20)
_FIRST_SECONDS = 1.0
_LONGEST_SECONDS = 15.0
_MOST = 200  # at once


def watch_tickets(
    database: Database, look_at: Callable[[Iterable[str]], object], stop: threading.Event
) -> None:
    """Until `stop` is set, hand keys that were announced to `look_at`, until they are there."""
    asked: dict[str, tuple[float, float]] = {}
    while not stop.wait(TICK_SECONDS):
        try:
            with database.reading() as connection:
                waiting = awaited(connection, AWAITED, _MOST)
            asked = {key: asked.get(key, (0.0, _FIRST_SECONDS)) for key in waiting}
            now = time.monotonic()
            due = [key for key, (at, _) in asked.items() if at <= now]
            look_at(due)
            for key in due:
                pause = asked[key][1]
                asked[key] = now + pause, min(pause * 1.5, _LONGEST_SECONDS)
        except TaglightError as error:  # the next look, or the comparison, will find it
            log.warning("It cannot be seen whether pictures have arrived. %s", error)
            stop.wait(_LONGEST_SECONDS)
        except Exception:
            log.exception("It cannot be seen whether pictures have arrived")
            stop.wait(_LONGEST_SECONDS)
