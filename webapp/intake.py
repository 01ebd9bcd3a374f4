"""Who may send bytes just now: so many at once, others in line, as much as there is room for.

Beyond that the answer is 503 with when to try again. Nothing that was taken is given up for it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

from webapp.errors import DISK_FULL, RequestError
from webapp.precedence import Precedence

# So many bodies are received at once; so many senders wait for their turn, in order and so long.
AT_ONCE = 16
IN_LINE = 512
LINE_SECONDS = 20.0
# Threads for all of them together: what they do is quick, and pages must not queue behind it. With
# a second one uploads took an eighth longer and pages half as long again (benchmarks/overload.py).
HANDS = 1
# Seconds after which a sender is to try again.
AGAIN_SOON, AGAIN_LATER, AGAIN_WHEN_FREE = 2, 30, 15
# How long a count of what waits is believed, in seconds.
_COUNT_SECONDS = 1.0
# Of a small disk no more than this part is kept free.
_LARGEST_SHARE = 20

T = TypeVar("T")
Space = Callable[[], tuple[int, int]]


class Intake:
    """Lets uploads in, one process for all.

    `space` tells free and total bytes of the disk, of which `reserve` are kept for documents,
    thumbnails and catalog; `waiting` tells how many pictures that people sent are not tagged yet,
    of which `most_waiting` are taken. None: there is no such limit.
    """

    def __init__(
        self,
        *,
        space: Space | None = None,
        reserve: int = 0,
        waiting: Callable[[], int] | None = None,
        most_waiting: int = 0,
    ) -> None:
        self._space, self._reserve = space, reserve
        self._waiting, self._most_waiting = waiting, most_waiting
        self.precedence = Precedence()
        self._hands = asyncio.Semaphore(HANDS)
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._line = 0
        self._promised = 0
        self._counted_at, self._count = float("-inf"), 0

    def check(self) -> None:
        """Return where new pictures may be announced. Raises RequestError (503)."""
        self._check_space(0)
        if self._waiting is None:
            return
        if time.monotonic() - self._counted_at > _COUNT_SECONDS:
            self._counted_at, self._count = time.monotonic(), self._waiting()
        if self._count >= self._most_waiting:
            raise RequestError(
                503,
                f"{self._count:,} pictures wait to be tagged: more are taken when some are done.",
                retry_after=AGAIN_LATER,
            )

    async def do(self, work: Callable[..., T], *arguments: object) -> T:
        """Do a part of somebody's upload in one of the few threads that there are for that."""
        async with self._hands:
            await self.precedence.give_way()
            return await run_in_threadpool(work, *arguments)

    @property
    def is_crowded(self) -> bool:
        """Whether somebody waits for a turn: then who has one must use it."""
        return self._line > 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait in line, and have a turn to send while the body runs. Raises RequestError (503)."""
        if self._line >= IN_LINE:
            raise _busy()
        self._line += 1
        try:
            async with asyncio.timeout(LINE_SECONDS):
                await self._turns.acquire()
        except TimeoutError as error:
            raise _busy() from error
        finally:
            self._line -= 1
        try:
            yield
        finally:
            self._turns.release()

    @contextmanager
    def room(self, size: int) -> Iterator[None]:
        """Set aside so many bytes of the disk while the body runs. Raises RequestError (503)."""
        self._check_space(size)
        self._promised += size
        try:
            yield
            self._count += 1  # it waits to be tagged now, before anybody counts again
        finally:
            self._promised -= size

    def _check_space(self, size: int) -> None:
        if self._space is None:
            return
        free, total = self._space()
        reserve = min(self._reserve, total // _LARGEST_SHARE)
        if free - self._promised - size < reserve:
            raise RequestError(503, DISK_FULL, retry_after=AGAIN_WHEN_FREE)


def _busy() -> RequestError:
    return RequestError(
        503, "Too many pictures arrive at once: wait a moment.", retry_after=AGAIN_SOON
    )
