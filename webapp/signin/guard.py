"""What stands before every route: nobody passes who is not signed in, viewers change nothing.

A route is closed unless it is named here, and changes unless its method says that it does not:
a new one is protected before anyone thinks of it.
"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from webapp.errors import RequestError, answer, as_request_error, is_page
from webapp.signin.desk import SignIn
from webapp.signin.errors import ProviderUnavailableError
from webapp.signin.returning import sign_in_address
from webapp.signin.users import User

OPEN_PATHS = frozenset({"/healthz", "/signin"})
OPEN_TREES = ("/static/", "/signin/")
READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
READING_POSTS = frozenset({"/api/images/status"})  # a question too long for an address

SIGN_IN_FIRST = "Sign in first."
VIEWERS_LOOK = "You may look at the pictures here, not change them. Ask whoever runs this Taglight."


class Guard:
    """Lets through who is signed in and may do this; the user is `scope["state"]["user"]`."""

    def __init__(self, app: ASGIApp, signin: SignIn, *, secure: bool) -> None:
        self.app = app
        self._signin = signin
        self._secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find out who asks, and pass the request on or answer it."""
        if scope["type"] != "http" or is_open(scope["path"]):
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        try:
            user = await self._user(request)
        except ProviderUnavailableError as error:
            await answer(request, as_request_error(error))(scope, receive, send)
            return
        refused = refusal(request, user)
        if refused is not None:
            await refused(scope, receive, send)
            return
        scope.setdefault("state", {})["user"] = user
        await self.app(scope, receive, send)

    async def _user(self, request: Request) -> User | None:
        """Return who asks: by their token alone where they send one, else by their session."""
        given = request.headers.get("authorization")
        if given is not None:
            kind, _, token = given.partition(" ")
            if kind.lower() != "bearer":
                return None
            return await run_in_threadpool(self._signin.user_of_token, token.strip())
        return self._signin.user_of_cookies(dict(request.cookies), secure=self._secure)


def is_open(path: str) -> bool:
    """Tell whether this address needs no user: health, static files, the sign-in itself."""
    return path in OPEN_PATHS or path.startswith(OPEN_TREES)


def changes(method: str, path: str) -> bool:
    """Tell whether a request is for editors: all that does not merely read."""
    return method not in READING_METHODS and not (method == "POST" and path in READING_POSTS)


def refusal(request: Request, user: User | None) -> Response | None:
    """Return the answer for someone who may not do this, None for one who may."""
    method, path = request.method, request.scope["path"]
    if user is None:
        if is_page(path) and is_navigation(request):
            return RedirectResponse(sign_in_address(request), 303)
        headers = {"WWW-Authenticate": 'Bearer realm="Taglight"'}
        return answer(request, RequestError(401, SIGN_IN_FIRST), headers)
    if changes(method, path) and not user.may_edit:
        return answer(request, RequestError(403, VIEWERS_LOOK))
    return None


def is_navigation(request: Request) -> bool:
    """Tell whether a person looks at the answer, and not a script on the page."""
    return request.headers.get("sec-fetch-mode", "navigate") == "navigate"
