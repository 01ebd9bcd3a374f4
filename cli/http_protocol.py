"""HTTP as our server speaks it: who is too slow, or too many, is sent away.

Each connection has clocks: for the headers of a request, and for taking what is sent. There are
only so many connections; one more is told when to come again.
"""

import asyncio
import json
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADERS_WITHIN = 15.0  # seconds from the connection or a request's first byte to its last header
READ_WITHIN = 60.0  # seconds in which who is answered takes some of it
MOST_CONNECTIONS = 1000
AGAIN_SECONDS = 5
MOST_HEADER_BYTES = 128 * 1024  # the app answers 431 from half of that


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol with a clock and a measure on what comes before a request's body."""

    _slow: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _waiting = True  # for the end of a request's headers
    _received = 0  # bytes since the wait began

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock of the first request, unless there are too many connections."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            self._refuse(503, "Too many connections: wait a moment.")
        self._start()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clocks."""
        self._stop()
        self._took()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Start the clock of who does not take what is sent."""
        super().pause_writing()
        self._took()
        self._unread = self.loop.call_later(READ_WITHIN, self.transport.abort)

    def resume_writing(self) -> None:
        """Some of it was taken."""
        self._took()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """Measure what comes before the headers have ended."""
        if self.transport.is_closing():
            return
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
        self._refuse(400, msg)

    def _refuse(self, status: int, sentence: str) -> None:
        title = HTTPStatus(status).phrase
        problem = {"type": "about:blank", "title": title, "status": status, "detail": sentence}
        body = json.dumps(problem).encode()
        lines = [
            f"HTTP/1.1 {status} {title}",
            "content-type: application/problem+json",
            f"content-length: {len(body)}",
            "cache-control: no-store",
            "x-content-type-options: nosniff",
            "connection: close",
        ]
        if status == 503:
            lines.append(f"retry-after: {AGAIN_SECONDS}")
        self.transport.write("\r\n".join([*lines, "", ""]).encode() + body)
        self.transport.close()

    def _start(self) -> None:
        self._stop()
        self._waiting, self._received = True, 0
        self._slow = self.loop.call_later(HEADERS_WITHIN, self._leave)

    def _stop(self) -> None:
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None

    def _took(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _leave(self, *_: Any) -> None:
        self._stop()
        if self.transport and not self.transport.is_closing():
            self.transport.close()
