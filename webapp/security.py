"""What stands before every route: who is answered, and the headers that every answer has."""

import asyncio
import secrets
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webapp.errors import RequestError, problem
from webapp.origins import Authority, Gate
from webapp.tickets import UPLOAD_PATH

MAX_BODY_BYTES = 2 * 1024 * 1024  # of JSON and forms; uploads have a limit of their own

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cache-control": "private, no-cache",
}
HSTS = "max-age=31536000"
MAX_HEADER_BYTES = 64 * 1024  # of all headers and the address together
IDLE_SECONDS = 30.0  # without a byte of a body, then the sender is given up
BODY_SECONDS = 60.0  # for the whole of it


def content_policy(nonce: str, bucket: str = "") -> str:
    """Return a page's Content-Security-Policy; `bucket` is the origin that holds the pictures."""
    elsewhere = f" {bucket}" if bucket else ""
    return (
        "default-src 'none'; script-src 'self'; "
        f"style-src 'self' 'nonce-{nonce}'; img-src 'self' blob:{elsewhere}; "
        f"connect-src 'self'{elsewhere}; manifest-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


class Security:
    """Refuses foreign hosts, foreign origins and oversized bodies; adds the protecting headers.

    `scope["state"]["nonce"]` is the nonce of the page's one <style>. HEAD is answered as GET is,
    without the body.
    """

    def __init__(
        self,
        app: ASGIApp,
        gate: Gate,
        bucket: str = "",
        *,
        tls: bool = False,
        personal: bool = False,
    ) -> None:
        """`tls`: people come over TLS; `personal`: pages are of who is signed in."""
        self.app = app
        self._gate = gate
        self._bucket = bucket
        headers = dict(HEADERS)
        if tls:
            headers["strict-transport-security"] = HSTS
        if personal:
            headers["cache-control"] = "private, no-store"
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the request, then pass it on with the headers of the answer prepared."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["nonce"] = nonce
        head = scope["method"] == "HEAD"

        async def protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                policy = content_policy(nonce, self._bucket).encode()
                own = [*message.get("headers", ())]
                named = {name.lower() for name, _ in own}
                ours = [*self._headers, (b"content-security-policy", policy)]
                message["headers"] = own + [each for each in ours if each[0] not in named]
            elif head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        try:
            self._check(scope)
        except RequestError as error:
            refused = problem(error.status, error.sentence, {}, error.facts)
            await refused(scope, receive, protected)
            return
        if head:
            scope = {**scope, "method": "GET"}
        await self.app(scope, self._limited(scope, receive), protected)

    def _check(self, scope: Scope) -> None:
        size = sum([len(name) + len(value) for name, value in scope["headers"]])
        if size + len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MAX_HEADER_BYTES:
            raise RequestError(431, "The headers of this request are too large.")
        headers = dict(scope["headers"])
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        host = Authority.parse(hosts[0].decode("latin-1")) if len(hosts) == 1 else None
        if host is None:
            raise RequestError(400, "The Host header is missing, or is not a host name.")
        if not self._gate.answers(host, scope["scheme"]):
            raise RequestError(
                403,
                "This host name is not answered here. Its operator can allow it with "
                "TAGLIGHT_ALLOWED_HOSTS.",
            )
        reason = self._gate.refusal(scope["method"], scope["scheme"], host, headers)
        if reason is not None:
            raise RequestError(403, reason)
        length = headers.get(b"content-length", b"0")
        if not self._may_be_large(scope) and length.isdigit() and int(length) > MAX_BODY_BYTES:
            raise RequestError(413, "This is more than is taken at once.")

    @staticmethod
    def _may_be_large(scope: Scope) -> bool:
        return bool(scope["path"].startswith(UPLOAD_PATH))

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        """Stop a body that grows beyond the limit without having said so."""
        if self._may_be_large(scope) or scope["method"] in ("GET", "HEAD"):
            return receive
        size, waited = 0, 0.0

        async def counted() -> Message:
            nonlocal size, waited
            began = time.monotonic()
            try:
                async with asyncio.timeout(min(IDLE_SECONDS, BODY_SECONDS - waited)):
                    message = await receive()
            except TimeoutError as error:
                raise RequestError(408, "Nothing has arrived for too long.") from error
            waited += time.monotonic() - began
            size += len(message.get("body", b""))
            if size > MAX_BODY_BYTES:
                raise RequestError(413, "This is more than is taken at once.")
            return message

        return counted
