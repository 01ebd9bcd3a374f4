"""How often someone may do a thing: counted in this process, forgotten when the time is over."""

import time
from collections.abc import Callable
from threading import Lock

MOST_REMEMBERED = 10_000


class Limit:
    """Allows `most` units in `seconds` for each name (an address, a user)."""

    def __init__(
        self, most: int, seconds: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.most = most
        self.seconds = seconds
        self._clock = clock
        self._lock = Lock()
        self._spent: dict[str, tuple[float, int]] = {}  # name -> when its time ends, units spent

    def wait(self, name: str, units: int = 1) -> int:
        """Spend units; return 0, or in how many seconds there are some again."""
        now = self._clock()
        with self._lock:
            ends, spent = self._spent.get(name, (0.0, 0))
            if now >= ends:
                ends, spent = now + self.seconds, 0
                self._make_room(now)
            if spent and spent + units > self.most:
                return max(1, round(ends - now))
            self._spent[name] = (ends, spent + units)
            return 0

    def forget(self, name: str) -> None:
        """Start afresh for this name."""
        with self._lock:
            self._spent.pop(name, None)

    def _make_room(self, now: float) -> None:
        if len(self._spent) < MOST_REMEMBERED:
            return
        self._spent = {name: kept for name, kept in self._spent.items() if kept[0] > now}
        while len(self._spent) >= MOST_REMEMBERED:
            self._spent.pop(next(iter(self._spent)))
