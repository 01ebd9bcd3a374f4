"""Behind CloudFront: who proves to come through it is asked for PUBLIC_URL's host.

CloudFront does not pass on its own Host, by which the API would not know itself; the Host that
arrives is the API's. So that nobody goes round CloudFront, or is answered for a host that anybody
can name, a request counts only with the secret that CloudFront adds; then its Host is replaced.
"""

import hmac
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from webapp.errors import problem

HEADER = b"x-taglight-origin"
ROUND = "This address is answered through CloudFront alone: use the one that people use."


class Front:
    """Lets through who knows one of the secrets; without any, all, unchanged."""

    def __init__(self, app: ASGIApp, public_url: str, secrets: Sequence[str]) -> None:
        self.app = app
        self._public = urlsplit(public_url)
        self._secrets = [secret.encode() for secret in secrets]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check where a request came along, and pass it on as one for PUBLIC_URL."""
        if scope["type"] == "http":
            given = [value for name, value in scope["headers"] if name.lower() == HEADER]
            if self._secrets and not self._is_ours(given):
                await problem(403, ROUND, {}, {})(scope, receive, send)
                return
            scope = self._as_asked(scope) if self._secrets else scope
        await self.app(scope, receive, send)

    def _is_ours(self, given: list[bytes]) -> bool:
        known = [hmac.compare_digest(value, secret) for value in given for secret in self._secrets]
        return len(given) == 1 and any(known)

    def _as_asked(self, scope: Scope) -> Scope:
        """Return the request as a person made it; the secret goes no further."""
        headers = [
            (name, value)
            for name, value in scope["headers"]
            if name.lower() not in (HEADER, b"host")
        ]
        return {
            **scope,
            "headers": [*headers, (b"host", self._public.netloc.encode())],
            "scheme": self._public.scheme,
            "client": (viewer(scope), 0),
        }


def viewer(scope: Scope) -> str:
    """Return the address that CloudFront was asked from: the last but the API's own addition."""
    came_from = scope["client"][0] if scope.get("client") else ""
    listed = b",".join(v for n, v in scope["headers"] if n.lower() == b"x-forwarded-for")
    hops = [hop.strip() for hop in listed.decode("latin-1").split(",") if hop.strip()]
    if hops and hops[-1] == came_from:
        hops.pop()
    return hops[-1] if hops else came_from
