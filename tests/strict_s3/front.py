"""The ASGI app that stands before moto: checks as S3 does, then passes on."""

import asyncio
import http.client
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from tests.strict_s3.bodies import check_body
from tests.strict_s3.cors import Rule, headers_for, preflight
from tests.strict_s3.errors import RefusedError
from tests.strict_s3.notifications import EVENT_BRIDGE, with_event_bridge
from tests.strict_s3.notifications import check as check_notifications
from tests.strict_s3.signatures import Key, Signed, verify

HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "host", "content-length"}
# moto's routes do not match these; S3 takes them.
STRANGE = {"\n": "\ue00a", "\r": "\ue00d"}
MAX_KEY_BYTES = 1024
_OF_A_BUCKET = re.compile(r"(.+)\.(?:localhost|s3\.[a-z0-9-]+\.amazonaws\.com)")


@dataclass
class Seen:
    """A request as it came, and how it ended; `bucket` and `key` are "" where it has none."""

    method: str
    bucket: str
    key: str
    query: str
    headers: dict[str, str]
    body: bytes
    service: str = ""
    status: int = 0

    @property
    def presigned(self) -> bool:
        """Tell whether the address itself was signed."""
        return "X-Amz-Signature=" in self.query


Answer = tuple[int, list[tuple[str, str]], bytes]


@dataclass
class StrictFront:
    """An ASGI app. `interfere` may answer in S3's place, or raise RefusedError; None passes on."""

    upstream: str
    keys: dict[str, Key]
    region: str
    cors: Sequence[Rule] = ()
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    interfere: Callable[[Seen], Answer | None] | None = None
    requests: list[Seen] = field(default_factory=list)
    _bridged: set[str] = field(default_factory=set)
    # Of threads, not of tasks: several servers may stand before the same front.
    _writing: threading.Lock = field(default_factory=threading.Lock)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = [
            (name.decode().lower(), value.decode("latin-1")) for name, value in scope["headers"]
        ]
        request = Signed(
            scope["method"],
            scope["raw_path"].decode().partition("?")[0],
            scope["query_string"].decode(),
            headers,
            body,
        )
        seen = self._seen(request)
        self.requests.append(seen)
        try:
            status, answered, content = await self._answer(request, seen)
        except RefusedError as refusal:
            status, content = refusal.status, refusal.xml()
            answered = [("content-type", "application/xml")]
        seen.status = status
        kept = [(name, value) for name, value in answered if not _replaced(name)]
        kept += headers_for(self.cors, request.header("origin"), request.method).items()
        if request.method == "OPTIONS":
            kept = list({**dict(kept), **dict(answered)}.items())
        if request.method == "HEAD":
            length = dict(answered).get("content-length", "0")
            content = b""
        else:
            length = str(len(content))
        kept.append(("content-length", length))
        raw = [(name.encode(), value.encode("latin-1")) for name, value in kept]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": content})

    def _seen(self, request: Signed) -> Seen:
        hostname = (urlsplit("//" + (request.header("host") or "")).hostname) or ""
        path = unquote(request.path)[1:]
        if named := _OF_A_BUCKET.fullmatch(hostname):
            bucket, key = named[1], path
        else:
            bucket, _, key = path.partition("/")
        return Seen(request.method, bucket, key, request.query, dict(request.headers), request.body)

    async def _answer(self, request: Signed, seen: Seen) -> Answer:
        if request.method == "OPTIONS":
            return 200, list(preflight(self.cors, dict(request.headers)).items()), b""
        seen.service = verify(request, self.keys, self.region, self.clock())
        if seen.service == "s3":
            check_body(request)
            if len(seen.key.encode()) > MAX_KEY_BYTES:
                raise RefusedError("KeyTooLongError", "Your key is too long")
            if request.method == "PUT" and not seen.key and "notification" in request.query:
                check_notifications(request.body)
                bridged = EVENT_BRIDGE in request.body
                (self._bridged.add if bridged else self._bridged.discard)(seen.bucket)
        if self.interfere and (answer := await asyncio.to_thread(self.interfere, seen)):
            return answer
        if request.method in ("GET", "HEAD"):
            answer = await asyncio.to_thread(self._forward, request, seen)
            if "notification" in request.query and not seen.key and seen.bucket in self._bridged:
                answer = with_event_bridge(answer)  # moto forgets to tell
            return answer
        return await asyncio.to_thread(self._write, request, seen)

    def _write(self, request: Signed, seen: Seen) -> Answer:
        with self._writing:  # conditions hold until the effect
            if seen.service == "s3" and "x-amz-copy-source" in seen.headers:
                self._check_copy(seen)
            return self._forward(request, seen)

    def _check_copy(self, seen: Seen) -> None:
        """Enforce the conditions of CopyObject, which moto ignores."""
        source = unquote(seen.headers["x-amz-copy-source"]).lstrip("/")
        etag = self._etag(*source.split("/", 1))
        wanted = seen.headers.get("x-amz-copy-source-if-match")
        if etag and wanted and wanted.strip('"') != etag:
            raise RefusedError("PreconditionFailed", "x-amz-copy-source-If-Match did not hold")
        if seen.headers.get("if-none-match") == "*" and self._etag(seen.bucket, seen.key):
            raise RefusedError("PreconditionFailed", "If-None-Match did not hold")

    def _etag(self, bucket: str, key: str) -> str:
        target = f"/{bucket}/{_upstream_key(key)}"
        status, headers, _ = self._request("HEAD", target, {"authorization": _ANYBODY}, b"")
        return dict(headers).get("etag", "").strip('"') if status == 200 else ""

    def _forward(self, request: Signed, seen: Seen) -> Answer:
        headers = {name: value for name, value in request.headers if name not in HOP}
        headers.pop("origin", None)
        target = request.path
        if seen.service == "s3":
            target = f"/{seen.bucket}/{_upstream_key(seen.key)}" if seen.bucket else "/"
            headers.setdefault("authorization", _ANYBODY)
            if "x-amz-checksum-sha256" in headers:
                headers["x-amz-sdk-checksum-algorithm"] = "SHA256"
            if "x-amz-copy-source" in headers:
                source = unquote(headers["x-amz-copy-source"])
                headers["x-amz-copy-source"] = _upstream_key(source)
        else:
            headers["host"] = request.header("host") or ""
        if request.query:
            target += "?" + request.query
        status, answered, content = self._request(request.method, target, headers, request.body)
        for plain, strange in STRANGE.items():
            content = content.replace(quote(strange).encode(), quote(plain).encode())
        return status, answered, content

    def _request(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        connection = http.client.HTTPConnection(urlsplit(self.upstream).netloc, timeout=30)
        try:
            connection.request(method, target, body or None, headers | {"connection": "close"})
            answer = connection.getresponse()
            named = [(name.lower(), value) for name, value in answer.getheaders()]
            return answer.status, named, answer.read()
        finally:
            connection.close()


_ANYBODY = "AWS4-HMAC-SHA256 Credential=front/20260101/us-east-1/s3/aws4_request"


def _upstream_key(key: str) -> str:
    for plain, strange in STRANGE.items():
        key = key.replace(plain, strange)
    return quote(key, safe="/")


def _replaced(name: str) -> bool:
    """Tell whether a header of moto's is left out: CORS is the front's business."""
    return name in HOP or name in ("vary", "date", "server") or name.startswith("access-control-")
