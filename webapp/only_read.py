"""What stands before every route where the library can only be read: it is looked at, no more."""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from catalog.errors import StoreReadOnlyError
from webapp.errors import answer, as_request_error
from webapp.signin.guard import changes, is_open


class OnlyRead:
    """Answers what would change something with 503, as if it had been tried."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a question on, and answer a change."""
        asks = scope["type"] != "http" or is_open(scope["path"])
        if asks or not changes(scope["method"], scope["path"]):
            await self.app(scope, receive, send)
            return
        refused = answer(Request(scope), as_request_error(StoreReadOnlyError()))
        await refused(scope, receive, send)
