"""Watches the folder, so that a file copied in by hand is tagged within a second or two."""

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator

from watchfiles import Change, watch

from catalog.errors import TaglightError
from catalog.keys import METADATA, UPLOADS
from catalog.storage.folder import FolderStore
from cli.settling import Settling

log = logging.getLogger(__name__)

_TICK_MILLISECONDS = 200
# A name that cannot be decoded ends one watch; a folder that cannot be watched ends each at once.
_AGAIN_AFTER_SECONDS = (0.2, 1.0, 10.0, 60.0)
_WELL_AFTER_SECONDS = 10.0


def watch_folder(
    store: FolderStore,
    settling: Settling,
    look_at: Callable[[Iterable[str]], object],
    stop: threading.Event,
) -> None:
    """Until `stop` is set, hand keys to `look_at` when their files have changed and rest."""
    for changes in _changes(store, stop):
        settling.add(_keys(store, changes))
        for key in settling.due():
            try:
                look_at([key])
            except TaglightError as error:  # the next comparison will find it
                log.warning("A change of %r was not followed. %s", key, error)
            except Exception:
                log.exception("A change of %r was not followed", key)


def _changes(store: FolderStore, stop: threading.Event) -> Iterator[set[tuple[Change, str]]]:
    """Yield what has changed, several times a second also where nothing has."""
    folders = [str(store.root / top) for top in (UPLOADS, METADATA)]
    failures = 0
    while not stop.is_set():
        began = time.monotonic()
        try:
            yield from watch(
                *folders,
                watch_filter=None,
                debounce=_TICK_MILLISECONDS,
                rust_timeout=_TICK_MILLISECONDS,
                yield_on_timeout=True,
                stop_event=stop,
                raise_interrupt=False,
            )
        except (OSError, RuntimeError) as error:
            if time.monotonic() - began > _WELL_AFTER_SECONDS:
                failures = 0
            pause = _AGAIN_AFTER_SECONDS[min(failures, len(_AGAIN_AFTER_SECONDS) - 1)]
            failures += 1
            log.warning(
                "Watching the folder was interrupted (%s) and goes on in %g s. "
                "What changes meanwhile is found within a minute.",
                error,
                pause,
            )
            until = time.monotonic() + pause
            while time.monotonic() < until and not stop.wait(_TICK_MILLISECONDS / 1000):
                yield set()


def _keys(store: FolderStore, changes: set[tuple[Change, str]]) -> set[str]:
    found = set()
    for change, path in changes:
        if change != Change.deleted and os.path.isdir(path):  # noqa: PTH112 - see storage/paths.py
            # Files may have come with the folder, or before it was watched.
            paths = [os.path.join(top, name) for top, _, names in os.walk(path) for name in names]  # noqa: PTH118
        else:
            paths = [path]
        found |= {key for each in paths if (key := store.key_of(_readable(each)))}
    return found


def _readable(path: str) -> str:
    with contextlib.suppress(UnicodeError):
        return os.fsencode(path).decode()
    return ""
