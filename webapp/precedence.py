"""Who looks goes first: a part of somebody's upload begins when no page is being made.

A page and an upload share one interpreter, which changes hands between their threads many times in
each: together a page takes several times as long, and the upload hardly less.
"""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Pages and lists, not what is sent as it lies on the disk.
_LOOKED_AT = ("/images/", "/api/", "/insights", "/trash")
# So many seconds a part of an upload waits at most: where pages are made all the time, it goes on.
PATIENCE = 0.02


class Precedence:
    """Knows whether something is being made that somebody looks at."""

    def __init__(self) -> None:
        self._made = 0
        self._none = asyncio.Event()
        self._none.set()

    @contextmanager
    def making(self) -> Iterator[None]:
        """Make something to look at while the body runs."""
        self._made += 1
        self._none.clear()
        try:
            yield
        finally:
            self._made -= 1
            if not self._made:
                self._none.set()

    async def give_way(self) -> None:
        """Return when nothing is being made, or it has been long enough."""
        if self._made:
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    await self._none.wait()


class LookersFirst:
    """Tells of each page and list that is being made, until its answer begins."""

    def __init__(self, app: ASGIApp, precedence: Precedence) -> None:
        self.app = app
        self._precedence = precedence

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if not _is_look(scope):
            await self.app(scope, receive, send)
            return

        async def begun(message: Message) -> None:
            made.close()
            await send(message)

        with ExitStack() as made:
            made.enter_context(self._precedence.making())
            await self.app(scope, receive, begun)


def _is_look(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    path: str = scope["path"]
    return path == "/" or path.startswith(_LOOKED_AT)
