"""The way of a picture from upload to index, in the log: one line a step, each with its id.

The id is the one in the picture's address. Neither its name nor its key is written: people put
all sorts of things into those.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

from catalog.keys import image_id

log = logging.getLogger(__name__)

Step = Literal[
    "ticket made", "received", "tagged", "measured", "failed", "indexed", "forgotten",
    "deleted", "restored", "deleted for good", "asked again", "corrected",
]  # fmt: skip
_at_hand: ContextVar[str] = ContextVar("picture_at_hand", default="")


def note(step: Step, key: str, **facts: str | int | float) -> None:
    """Write a line that a picture has come so far; `facts` stand beside it where it is JSON."""
    if log.isEnabledFor(logging.INFO):
        log.info("Picture %s.", step, extra={"picture": image_id(key), "step": step, **facts})


@contextmanager
def about(key: str) -> Iterator[None]:
    """Have the lines written meanwhile, by this thread, be about the picture of this key."""
    token = _at_hand.set(image_id(key))
    try:
        yield
    finally:
        _at_hand.reset(token)


def name_picture(record: logging.LogRecord) -> bool:
    """Give a line the id of the picture at hand, unless it has one ("" for none): a filter."""
    if not hasattr(record, "picture"):
        record.picture = _at_hand.get()
    return True
