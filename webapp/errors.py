"""What goes wrong, as an answer: the one place that knows which error is which HTTP status.

The API answers with RFC 9457 problem documents, pages with a page that says the same.
"""

import asyncio
import json
import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from catalog import errors
from webapp.rendering import render
from webapp.signin.errors import ProviderUnavailableError, TokenError

log = logging.getLogger("taglight.web")

NOT_PAGES = ("/api", "/upload", "/media", "/static", "/healthz", "/list.csv")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
CLIENT_IS_GONE = 499  # nobody reads it; it only closes the exchange

SENTENCES = {
    404: "There is nothing at this address.",
    405: "This address does not do that.",
    413: "This is more than is taken at once.",
    500: "Something went wrong here. It has been written to the log; please try again.",
}

# Over the page that says so; what is not here is "This did not work".
HEADINGS = {
    404: "Nothing is here",
    409: "This was not possible",
    500: "Something went wrong",
    503: "Not possible just now",
}

STOPPING = "Taglight is being stopped here: try again in a moment."
DISK_FULL = "The disk is full: nothing more can be kept until some space is free."


class RequestError(Exception):
    """A request that is answered with this status and sentence; `facts` go with the problem."""

    def __init__(self, status: int, sentence: str, **facts: Any) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.facts = facts


# error class -> (status, sentence; None: the error's own words are for people)
STATUS_OF: dict[type[errors.TaglightError], tuple[int, str | None]] = {
    errors.InvalidKeyError: (400, None),
    errors.ObjectNotFoundError: (404, "This file is not there any more."),
    errors.ImageNotFoundError: (404, "This picture is not here. It may have been deleted."),
    errors.NotInTrashError: (404, "This picture is not in the trash."),
    errors.KeyTakenError: (409, "Another picture has this place now."),
    errors.PreconditionFailedError: (409, "This was changed by someone else: please try again."),
    errors.NotTaggedYetError: (409, None),
    errors.ContentMismatchError: (400, "The bytes are not those that were announced."),
    errors.StoreFullError: (503, DISK_FULL),
    errors.StoreReadOnlyError: (503, "The library can only be read now: nothing was changed."),
    errors.StoreRefusedError: (503, "The pictures cannot be reached: Taglight lacks the right to."),
    errors.StoreUnavailableError: (503, "The pictures cannot be reached now: try again shortly."),
    errors.CatalogUnavailableError: (503, "The catalog cannot be reached now: try again shortly."),
    errors.CatalogFullError: (503, DISK_FULL),
    errors.DocumentError: (422, None),
    errors.SearchSyntaxError: (400, None),
    errors.InvalidCursorError: (
        400,
        "This place in the results is not there any more: start from the first page.",
    ),
    errors.InvalidTicketError: (403, None),
    ProviderUnavailableError: (503, "The sign-in cannot be reached now: try again shortly."),
    TokenError: (401, "This sign-in does not count: please sign in again."),
    errors.SettingsError: (500, SENTENCES[500]),  # said at start, never met in a request
    errors.TaglightError: (500, SENTENCES[500]),
}


def as_request_error(error: errors.TaglightError) -> RequestError:
    """Translate an error of ours into a status, a sentence and what else is known."""
    for kind in type(error).__mro__:
        if kind in STATUS_OF:
            status, sentence = STATUS_OF[kind]
            break
    facts: dict[str, Any] = {}
    if isinstance(error, errors.SearchSyntaxError):
        facts["position"] = error.position
    if isinstance(error, errors.InvalidCursorError):
        facts["parameter"] = "cursor"
    if isinstance(error, errors.ContentMismatchError) and error.what == "length":
        status = 403
    words = getattr(error, "reason", None) or str(error)
    return RequestError(status, sentence or words, **facts)


def problem(status: int, sentence: str, headers: dict[str, str], facts: dict[str, Any]) -> Response:
    """Return an RFC 9457 problem document."""
    content = {
        "type": "about:blank",
        "title": title_of(status),
        "status": status,
        "detail": sentence,
        **facts,
    }
    headers = {"Cache-Control": "no-store", **headers}
    return Response(json.dumps(content), status, headers, "application/problem+json")


def title_of(status: int) -> str:
    """Return the usual name of a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def answer(
    request: Request, error: RequestError, headers: dict[str, str] | None = None
) -> Response:
    """Answer with a problem document, or under a page's address with a page."""
    path = request.scope["path"]
    headers = dict(headers or {})
    if "retry_after" in error.facts:
        headers["Retry-After"] = str(error.facts["retry_after"])
    if error.status == 503:
        headers.setdefault("Retry-After", "5")
    if not is_page(path):
        return problem(error.status, error.sentence, headers, error.facts)
    context = {
        "status": error.status,
        "title": HEADINGS.get(error.status, "This did not work"),
        "message": error.sentence,
        "may_help": request.method == "GET" and error.status >= 500,
    }
    page = render(request, "errors/error.html", context, error.status)
    page.headers.update(headers)
    return page


def is_page(path: str) -> bool:
    """Tell whether people look at what is under this address, and not programs."""
    return not any(path == prefix or path.startswith(prefix + "/") for prefix in NOT_PAGES)


async def on_request_error(request: Request, error: Exception) -> Response:
    """Answer a RequestError, or one of the catalog's errors."""
    if isinstance(error, errors.TaglightError):
        translated = as_request_error(error)
        if translated.status >= 500:
            log.error("%s %s: %s", request.method, route_of(request), error)
        error = translated
    assert isinstance(error, RequestError)  # noqa: S101 - registered for these two alone
    return answer(request, error)


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Answer what the framework found: no such route, or not with this method."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
    sentence = SENTENCES.get(error.status_code) or str(error.detail)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(allowed_methods(request))
    return answer(request, RequestError(error.status_code, sentence), headers)


def allowed_methods(request: Request) -> list[str]:
    """Return what this address does: the framework names those of its first route alone."""
    routes = request.app.router.routes
    allowed = [
        method
        for method in METHODS
        if any(r.matches({**request.scope, "method": method})[0] is Match.FULL for r in routes)
    ]
    return sorted([*allowed, "HEAD"] if "GET" in allowed else allowed)


async def on_wrong_shape(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """Answer a body or parameter that the framework's validation refused."""
    return answer(request, RequestError(422, "The request has the wrong shape."))


async def on_disconnect(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """Nobody waits for this answer."""
    return Response(status_code=CLIENT_IS_GONE)


def route_of(request: Request) -> str:
    """Return the route's pattern for logs: never the path, which may hold a signed token."""
    return getattr(request.scope.get("route"), "path", "?")


class LastResort:
    """Answers what nobody foresaw with status 500 and no internals, and writes it to the log.

    It stands inside the security middleware, so that this answer too has its headers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app; answer for it when it fails before it has answered."""
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except asyncio.CancelledError:
            # The server ends, and has waited as long as it may: whoever is cut off can come again.
            if scope["type"] != "http":
                raise
            if not started:
                error = RequestError(503, STOPPING)
                await answer(Request(scope), error)(scope, receive, send)
        except Exception:
            if scope["type"] != "http" or started:
                raise
            request = Request(scope)
            log.exception("%s %s failed", request.method, route_of(request))
            response = problem(500, SENTENCES[500], {}, {})
            try:
                response = answer(request, RequestError(500, SENTENCES[500]))
            except Exception:
                log.exception("The page that says so failed, too")
            await response(scope, receive, send)


def install(app: FastAPI) -> None:
    """Register the handlers on an app."""
    app.add_exception_handler(RequestError, on_request_error)
    app.add_exception_handler(errors.TaglightError, on_request_error)
    app.add_exception_handler(HTTPException, on_http_exception)
    app.add_exception_handler(RequestValidationError, on_wrong_shape)
    app.add_exception_handler(ClientDisconnect, on_disconnect)
