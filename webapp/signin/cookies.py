"""How our cookies are set: out of reach of scripts, for this host alone, over TLS where it is."""

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from webapp.services import services_of
from webapp.settings import WebSettings


def is_secure(settings: WebSettings, scheme: str = "http") -> bool:
    """Tell whether people come over TLS, which a proxy may have taken off."""
    return settings.public_url.startswith("https://") or scheme == "https"


def secure(request: Request) -> bool:
    """Tell whether this request's people come over TLS."""
    return is_secure(services_of(request).settings, request.url.scheme)


def origin_of(request: Request) -> str:
    """Return the site's own address, as people see it: PUBLIC_URL, or the host that was asked."""
    public = services_of(request).settings.public_url
    return public or f"{request.url.scheme}://{request.headers['host']}"


def cookie_name(request: Request, name: str) -> str:
    """Return the cookie's name; with this prefix browsers hold it to this very host and TLS."""
    return f"__Host-{name}" if secure(request) else name


def set_cookie(request: Request, answer: Response, name: str, value: str, life: timedelta) -> None:
    """Set a cookie that scripts and other sites cannot use."""
    answer.set_cookie(
        cookie_name(request, name),
        value,
        max_age=int(life.total_seconds()),
        path="/",
        secure=secure(request),
        httponly=True,
        samesite="lax",
    )


def drop_cookie(request: Request, answer: Response, name: str) -> None:
    """Take a cookie back."""
    answer.delete_cookie(
        cookie_name(request, name),
        path="/",
        secure=secure(request),
        httponly=True,
        samesite="lax",
    )
