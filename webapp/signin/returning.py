"""Coming back to where one wanted to go, and nowhere else."""

import re
from urllib.parse import quote, urlencode, urlsplit

from starlette.requests import Request

LONGEST_ADDRESS = 2000
# One slash, then no second one: browsers take //host and /\host for another site.
_OURS = re.compile(r"/(?![/\\])[!-\[\]-~]*", re.ASCII)


def safe_address(given: str) -> str:
    """Return an address of ours (path and query); "/" for anything that could lead elsewhere."""
    if len(given) > LONGEST_ADDRESS or not _OURS.fullmatch(given):
        return "/"
    parts = urlsplit(given)
    if parts.scheme or parts.netloc or parts.path.startswith("/signin"):
        return "/"
    return given


def sign_in_address(request: Request) -> str:
    """Return the sign-in page's address that leads back to the page that was asked for."""
    path = request.scope["path"]
    if request.method not in ("GET", "HEAD"):
        wanted = safe_address(quote(form_page(path)))
    else:
        query = request.scope["query_string"].decode("latin-1")
        wanted = safe_address(quote(path) + (f"?{query}" if query else ""))
    return "/signin" if wanted == "/" else f"/signin?{urlencode({'next': wanted})}"


def form_page(path: str) -> str:
    """Return the page that a form was on: /images/<id> for /images/<id>/delete."""
    return path.rpartition("/")[0] or "/"
