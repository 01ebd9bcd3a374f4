"""Answers that are sent again as they were made, until somebody writes to the catalog.

Lists and gallery pages come from the catalog alone, and to make one takes many times what it
takes to send it. A commit by any thread or process ends all that is kept (Database.mark), so the
very next request sees it. What else an answer differs by is in its key; the nonce of a page is
cut out and each answer has its own.
"""

from collections import OrderedDict
from collections.abc import Hashable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from catalog.database import Database
    from webapp.signin.users import User

LISTS = frozenset({"/api/images", "/api/labels"})  # the same for everybody
PAGES = frozenset({"/"})
MOST_BYTES = 16 * 2**20  # of all answers together
MARK = "mark"  # where the mark of the database lies in a request's state, for who stands behind
LARGEST = 2**20  # of one
BESIDE = 1024  # bytes that an answer takes beside its body and its address


class Answer(NamedTuple):
    """A whole answer with status 200; between the pieces of its body stands the nonce."""

    headers: list[tuple[bytes, bytes]]
    pieces: list[bytes]
    size: int


class Key(NamedTuple):
    """What answers differ by."""

    path: str
    query_string: bytes
    zipped: bool
    seen_by: tuple[str, bool] | None  # the name of who is signed in, and whether they may edit
    day: date | None  # of headings such as "Today"


class KeptAnswers:
    """Keeps the answers under some paths; stands behind the sign-in.

    Lists are kept as they are sent, compressed or not; pages before they are compressed, since
    each has a nonce of its own.
    """

    def __init__(self, app: ASGIApp, database: "Database", paths: frozenset[str]) -> None:
        self.app = app
        self._database = database
        self._paths = paths
        self._mark: Hashable | None = None
        self._answers: OrderedDict[Key, Answer] = OrderedDict()
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what is kept, or pass the request on and keep what it is answered with."""
        if scope["type"] != "http" or scope["path"] not in self._paths or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        # The mark is taken before anything is read: what comes between ends what is kept.
        mark = self._database.mark()
        if mark is None:
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})[MARK] = mark
        if mark != self._mark:
            self._mark, self._bytes = mark, 0
            self._answers.clear()
        key = _key(scope)
        kept = self._answers.get(key)
        if kept is None:
            await self._pass_on(scope, receive, send, mark, key)
            return
        self._answers.move_to_end(key)
        # A copy: what stands before us may add to the list.
        await send({"type": "http.response.start", "status": 200, "headers": [*kept.headers]})
        await send({"type": "http.response.body", "body": _nonce(scope).join(kept.pieces)})

    async def _pass_on(
        self, scope: Scope, receive: Receive, send: Send, mark: Hashable, key: Key
    ) -> None:
        headers: list[tuple[bytes, bytes]] | None = None

        async def watched(message: Message) -> None:
            nonlocal headers
            if message["type"] == "http.response.start":
                headers = [*message["headers"]] if message["status"] == 200 else None
            elif headers is not None and not message.get("more_body"):
                nonce, body = _nonce(scope), message["body"]
                self._keep(mark, key, headers, body.split(nonce) if nonce else [body])
            else:
                headers = None
            await send(message)

        await self.app(scope, receive, watched)

    def _keep(
        self, mark: Hashable, key: Key, headers: list[tuple[bytes, bytes]], pieces: list[bytes]
    ) -> None:
        size = sum(map(len, pieces)) + len(key.query_string) + BESIDE
        if mark != self._mark or key in self._answers or size > LARGEST:
            return
        self._answers[key] = Answer(headers, pieces, size)
        self._bytes += size
        while self._bytes > MOST_BYTES:
            _, oldest = self._answers.popitem(last=False)
            self._bytes -= oldest.size


def _key(scope: Scope) -> Key:
    path, query_string = scope["path"], scope["query_string"]
    if path in LISTS:
        # The compression looks for the word, no more.
        zipped = [n == b"accept-encoding" and b"gzip" in value for n, value in scope["headers"]]
        return Key(path, query_string, any(zipped), None, None)
    user: User | None = scope["state"].get("user")
    seen_by = (user.name, user.may_edit) if user else None
    return Key(path, query_string, False, seen_by, datetime.now(UTC).date())


def _nonce(scope: Scope) -> bytes:
    """Return the nonce that this answer has where it is a page."""
    return b"" if scope["path"] in LISTS else scope["state"]["nonce"].encode()
