"""Watches the folder, so that a file copied in by hand is tagged within a second or two."""

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator

from watchfiles import Change, watch

from catalog.errors import TaglightError
from catalog.keys import METADATA, UPLOADS
from catalog.storage.folder import FolderStore
from cli.settling import Settling

log = logging.getLogger(__name__)

_TICK_MILLISECONDS = 200


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
    while not stop.is_set():
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
            log.warning(
                "The folder cannot be watched (%s). New pictures are still found, once a minute.",
                error,
            )
            while not stop.wait(_TICK_MILLISECONDS / 1000):
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
