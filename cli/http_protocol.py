"""HTTP as our server speaks it: who sends their headers too slowly, or too many, is sent away."""

import asyncio
import json
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADERS_WITHIN = 15.0  # seconds from the connection or a request's first byte to its last header
MOST_HEADER_BYTES = 128 * 1024  # the app answers 431 from half of that


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol with a clock and a measure on what comes before a request's body."""

    _slow: asyncio.TimerHandle | None = None
    _waiting = True  # for the end of a request's headers
    _received = 0  # bytes since the wait began

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock of the first request."""
        super().connection_made(transport)
        self._start()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Measure what comes before the headers have ended."""
        if self._waiting:
            self._received += len(data)
            if self._received > MOST_HEADER_BYTES + len(data):
                self._leave()
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """Start the clock of the next request."""
        super().on_message_begin()
        self._start()

    def on_headers_complete(self) -> None:
        """The request has said what it wants: bodies have limits of their own."""
        self._stop()
        self._waiting = False
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP as all mistakes are answered, with a problem document."""
        problem = {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": msg}
        body = json.dumps(problem).encode()
        lines = [
            b"HTTP/1.1 400 Bad Request",
            b"content-type: application/problem+json",
            b"content-length: %d" % len(body),
            b"cache-control: no-store",
            b"x-content-type-options: nosniff",
            b"connection: close",
        ]
        self.transport.write(b"\r\n".join([*lines, b"", body]))
        self.transport.close()

    def _start(self) -> None:
        self._stop()
        self._waiting, self._received = True, 0
        self._slow = self.loop.call_later(HEADERS_WITHIN, self._leave)

    def _stop(self) -> None:
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None

    def _leave(self, *_: Any) -> None:
        self._stop()
        if self.transport and not self.transport.is_closing():
            self.transport.close()
