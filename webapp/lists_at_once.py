"""Lists that are in memory are sent before a route is looked for: that takes as long as they do."""

from contextlib import suppress

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from catalog import query, reads
from catalog.errors import TaglightError
from catalog.terms import DEFAULT_MIN
from webapp import image_json, params
from webapp.errors import RequestError
from webapp.kept_answers import MARK
from webapp.services import Services

PATH = "/api/images"


class ListsAtOnce:
    """Answers searches from memory; all else, mistakes too, is passed on to the routes."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self.app = app
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a list, or pass the request on."""
        answer = None
        if scope["type"] == "http" and scope["path"] == PATH and scope["method"] == "GET":
            with suppress(RequestError, TaglightError):  # the route says what is the matter
                answer = found_at_once(Request(scope), self._services)
        await (answer or self.app)(scope, receive, send)


def found_at_once(request: Request, services: Services) -> Response | None:
    """Return a page of a search, None where the database must be asked."""
    asked, low = query.parse(params.text(request, "q")), params.percent(request)
    page = reads.cards_at_once(
        services.database,
        asked,
        mark=request.scope.get("state", {}).get(MARK),
        min=low,
        sort=params.sort(request),
        limit=params.limit(request, params.PAGE, params.LARGEST_PAGE),
        cursor=params.cursor(request),
    )
    if page is None:
        return None
    return image_json.cards_json(page, services.urls, DEFAULT_MIN if low is None else low)
