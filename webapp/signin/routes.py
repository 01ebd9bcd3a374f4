"""/signin: the page, the shared password, the way to the provider and back, and the way out."""

import logging
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from catalog.clock import utc_now
from webapp.errors import RequestError
from webapp.page_actions import Form
from webapp.rendering import render
from webapp.services import services_of
from webapp.signin import passwords
from webapp.signin.cookies import cookie_name, drop_cookie, origin_of, set_cookie
from webapp.signin.desk import SignIn
from webapp.signin.errors import ProviderUnavailableError, TokenError
from webapp.signin.returning import safe_address
from webapp.signin.sessions import BY_PASSWORD, BY_PROVIDER, COOKIE
from webapp.signin.users import Identity
from webapp.signing import read, text

if TYPE_CHECKING:
    from webapp.signin.provider import Provider

router = APIRouter(include_in_schema=False)
log = logging.getLogger("taglight.signin")

BEGUN = "taglight_signin"
BEGUN_FOR = timedelta(minutes=10)

WRONG = "This is not the password."
TOO_OFTEN = "Too many attempts. Wait a few minutes, then try again."
NOT_LET_IN = (
    "You are known to the provider, but this Taglight is not open to you. Ask whoever runs it."
)
AGAIN = "This sign-in was not finished, or took too long. Please begin again."


@router.get("/signin")
def page(request: Request) -> Response:
    """The sign-in page; `next` is where one comes back to."""
    return show(request, request.query_params.get("next", ""))


@router.post("/signin/password")
def by_password(request: Request, form: Form) -> Response:
    """Sign in with the shared password."""
    signin = signin_of(request)
    wanted = safe_address(form.get("next", [""])[0])
    if not signin.has_password:
        raise RequestError(404, "There is nothing at this address.")
    address = address_of(request)
    wait = signin.attempts.wait(address) or signin.attempts_of_all.wait("")
    if wait:
        return too_often(request, wanted, wait)
    hashed = signin.settings.password_hash.get_secret_value()
    if not passwords.is_right(form.get("password", [""])[0], hashed):
        log.warning("A wrong password was tried.")
        return show(request, wanted, WRONG, 403)
    signin.attempts.forget(address)
    who = Identity(f"password:{secrets.token_urlsafe(9)}")
    return enter(request, who, BY_PASSWORD, wanted)


@router.get("/signin/provider")
def to_provider(request: Request) -> Response:
    """Go to the provider; what must come back is kept in a signed cookie for ten minutes."""
    signin, provider = provider_of(request)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    wanted = safe_address(request.query_params.get("next", ""))
    ends = int((utc_now() + BEGUN_FOR).timestamp())
    url = provider.begin(callback_url(request), state, nonce, verifier)
    answer = RedirectResponse(url, 303)
    begun = text(signin.begun.dumps([ends, state, nonce, verifier, wanted]))
    set_cookie(request, answer, BEGUN, begun, BEGUN_FOR)
    return answer


@router.get("/signin/callback")
def from_provider(request: Request) -> Response:
    """Come back from the provider with a code, or with why there is none."""
    signin, provider = provider_of(request)
    begun = read(signin.begun, request.cookies.get(cookie_name(request, BEGUN), ""))
    asked = request.query_params
    try:
        ends, state, nonce, verifier, wanted = begun
        in_time = utc_now().timestamp() < ends
        expected = in_time and secrets.compare_digest(state, asked.get("state", ""))
    except (TypeError, ValueError):
        expected, nonce, verifier, wanted = False, "", "", "/"
    if not expected or not asked.get("code"):
        if asked.get("error"):
            log.warning("The provider signed nobody in.")
        return finished(request, show(request, wanted, AGAIN, 403))
    address = address_of(request)
    if wait := signin.codes.wait(address):  # each would have the provider asked once more
        return finished(request, too_often(request, wanted, wait))
    try:
        claims = provider.redeem(asked["code"], callback_url(request), nonce, verifier)
    except TokenError as error:
        log.warning("A sign-in was refused: %s", error)
        return finished(request, show(request, wanted, AGAIN, 403))
    signin.codes.forget(address)
    who = signin.identity(claims)
    if signin.policy.admit(who) is None:
        log.warning("Someone whom no list names was not let in.")
        return finished(request, show(request, wanted, NOT_LET_IN, 403))
    return finished(request, enter(request, who, BY_PROVIDER, safe_address(wanted)))


@router.post("/signin/out")
def out(request: Request) -> Response:
    """End the session here, and at the provider where it began there.

    Our policy lets forms lead to ourselves alone, so it is the page that leads on to the provider.
    """
    signin = signin_of(request)
    session = signin.sessions.open(request.cookies.get(cookie_name(request, COOKIE), ""))
    leave = None
    if signin.provider and session and session.method == BY_PROVIDER:
        try:
            leave = signin.provider().logout(f"{origin_of(request)}/signin")
        except ProviderUnavailableError:
            log.warning("The provider does not answer: signed out here alone.")
    answer = render(request, "signin/out.html", {"title": "Signed out", "leave": leave})
    drop_cookie(request, answer, COOKIE)
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


def show(request: Request, wanted: str, message: str = "", status: int = 200) -> Response:
    """Return the sign-in page with a message."""
    signin = signin_of(request)
    context = {
        "title": "Sign in",
        "next": safe_address(wanted),
        "password": signin.has_password,
        "provider": signin.provider is not None,
        "message": message,
    }
    return render(request, "signin/page.html", context, status)


def too_often(request: Request, wanted: str, wait: int) -> Response:
    """Return the sign-in page for someone who has to wait so many seconds."""
    answer = show(request, wanted, TOO_OFTEN, 429)
    answer.headers["Retry-After"] = str(wait)
    return answer


def address_of(request: Request) -> str:
    """Return the address that a request comes from."""
    return request.client.host if request.client else ""


def enter(request: Request, who: Identity, method: str, wanted: str) -> Response:
    """Begin a session and go where one wanted to go."""
    sessions = signin_of(request).sessions
    answer = RedirectResponse(wanted, 303)
    cookie = sessions.seal(who, method, signin_of(request).proof(method))
    set_cookie(request, answer, COOKIE, cookie, sessions.lifetime)
    return answer


def finished(request: Request, answer: Response) -> Response:
    """Forget what was kept for the way to the provider: it counts once."""
    drop_cookie(request, answer, BEGUN)
    return answer


def callback_url(request: Request) -> str:
    """Return where the provider sends people back to."""
    return f"{origin_of(request)}/signin/callback"


def signin_of(request: Request) -> SignIn:
    """Return the sign-in. Raises RequestError (404) where there is none."""
    signin = services_of(request).signin
    if signin is None:
        raise RequestError(404, "There is nothing at this address.")
    return signin


def provider_of(request: Request) -> "tuple[SignIn, Provider]":
    """Return the sign-in and its provider. Raises RequestError (404) where there is none."""
    signin = signin_of(request)
    if signin.provider is None:
        raise RequestError(404, "There is nothing at this address.")
    return signin, signin.provider()
