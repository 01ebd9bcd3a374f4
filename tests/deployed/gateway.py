"""CloudFront and the HTTP API: requests become events of payload 2.0, answers become answers."""

import asyncio
import base64
import time
import uuid
from collections import defaultdict
from typing import Any

from tests.deployed.functions import Function, FunctionError

API = "abc123.execute-api.eu-west-1.amazonaws.com"
TEXTS = ("text/", "application/json", "application/x-www-form-urlencoded")


class Gateway:
    """An ASGI app. `secret_header` is what CloudFront adds to each request."""

    def __init__(self, function: Function, secret_header: dict[str, str]) -> None:
        self._function = function
        self._added = secret_header
        self.bytes_through: list[int] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        event = self._event(scope, body)
        try:
            answer = await asyncio.to_thread(self._function.call, event)
        except FunctionError:
            answer = {"statusCode": 502, "headers": {"content-type": "application/json"},
                      "body": '{"message":"Internal Server Error"}'}  # fmt: skip
        content = (answer.get("body") or "").encode()
        if answer.get("isBase64Encoded"):
            content = base64.b64decode(content)
        self.bytes_through += [len(body), len(content)]
        headers = [
            (name.encode(), str(value).encode())
            for name, value in (answer.get("headers") or {}).items()
            if name.lower() != "content-length"
        ]
        headers += [(b"set-cookie", cookie.encode()) for cookie in answer.get("cookies", [])]
        headers.append((b"content-length", str(len(content)).encode()))
        status = answer["statusCode"]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def _event(self, scope: Any, body: bytes) -> dict[str, Any]:
        """Return what the function gets (AWS: working with AWS Lambda proxy integrations, 2.0)."""
        headers: dict[str, list[str]] = defaultdict(list)
        for name, value in scope["headers"]:
            headers[name.decode().lower()].append(value.decode("latin-1"))
        cookies = [part.strip() for line in headers.pop("cookie", []) for part in line.split(";")]
        headers |= {name: [value] for name, value in self._added.items()}
        headers |= {"host": [API], "x-forwarded-for": ["192.0.2.7, 198.51.100.3"],
                    "x-forwarded-proto": ["https"], "x-forwarded-port": ["443"]}  # fmt: skip
        path = scope["path"]
        content_type = ",".join(headers.get("content-type", []))
        is_text = content_type.startswith(TEXTS) or not body
        event = {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": scope["query_string"].decode(),
            "headers": {name: ",".join(values) for name, values in headers.items()},
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "abc123",
                "domainName": API,
                "domainPrefix": "abc123",
                "http": {
                    "method": scope["method"],
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": "198.51.100.3",
                    "userAgent": ",".join(headers.get("user-agent", [])),
                },
                "requestId": str(uuid.uuid4()),
                "routeKey": "$default",
                "stage": "$default",
                "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime()),
                "timeEpoch": int(time.time() * 1000),
            },
            "isBase64Encoded": not is_text,
        }
        if cookies:
            event["cookies"] = cookies
        if body:
            event["body"] = body.decode() if is_text else base64.b64encode(body).decode()
        return event
