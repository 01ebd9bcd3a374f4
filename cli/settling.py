"""Files on their way: a file that another program is still writing is left alone until it rests."""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterable

REST_SECONDS = 0.5

_Look = tuple[int, int] | None


class Settling:
    """Keys whose files have changed lately; `due` gives those that rest, or are gone."""

    def __init__(
        self,
        path: Callable[[str], str],
        clock: Callable[[], float] = time.monotonic,
        rest: float = REST_SECONDS,
    ) -> None:
        self._path = path
        self._clock = clock
        self._rest = rest
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[_Look, float]] = {}

    def add(self, keys: Iterable[str]) -> None:
        """Begin to wait for these files to rest."""
        now = self._clock()
        with self._lock:
            for key in keys:
                self._seen[key] = (self._look(key), now)

    def due(self) -> list[str]:
        """Return the keys whose files have not changed for a while, and forget them."""
        now = self._clock()
        found = []
        with self._lock:
            for key, (before, since) in list(self._seen.items()):
                look = self._look(key)
                if look != before:
                    self._seen[key] = (look, now)
                elif look is None or now - since >= self._rest:
                    found.append(key)
                    del self._seen[key]
        return found

    def _look(self, key: str) -> _Look:
        with contextlib.suppress(OSError):
            stat = os.lstat(self._path(key))
            return stat.st_size, stat.st_mtime_ns
        return None
