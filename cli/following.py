"""The worker of a library that can only be read: keeps the catalog in step, and changes nothing."""

import logging
import threading
from typing import BinaryIO

from catalog.errors import TaglightError
from cli.ending import heard
from cli.home import Home
from cli.reconcile import EVERY_SECONDS

log = logging.getLogger(__name__)


def follow(home: Home, input: BinaryIO | None = None) -> None:
    """Compare the catalog with the files at once and every minute; `heard` says when to stop."""
    stop = threading.Event()
    heard(stop.set, input=input)
    log.warning("%s cannot be written: it is shown, and nothing is tagged.", home.library)
    while not stop.is_set():
        look(home)
        stop.wait(EVERY_SECONDS)


def look(home: Home) -> None:
    """Compare once; trouble is said, and may be over the next time."""
    try:
        home.store.check()  # a library that is not there must not look like an empty one
        home.indexer.reindex(only_changed=True)
    except TaglightError as error:
        log.warning("The library could not be compared with the catalog. %s", error)
