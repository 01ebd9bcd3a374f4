"""Who is slow or endless before the body is sent away; others do not notice."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from socket import MSG_DONTWAIT, SO_ERROR, SOL_SOCKET, create_connection, socket
from typing import Any

import pytest
import uvicorn

from cli import http_protocol
from cli.http_protocol import PatientProtocol


async def app(scope: Any, receive: Any, send: Any) -> None:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    monkeypatch.setattr(http_protocol, "HEADERS_WITHIN", 0.4)
    config = uvicorn.Config(
        app, port=0, http=PatientProtocol, ws="none", lifespan="off", log_level="critical"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()
    server.should_exit = True
    thread.join()


def open_to(address: tuple[str, int]) -> socket:
    return create_connection(address, timeout=10)


def test_requests_come_through_one_after_another(address: tuple[str, int]) -> None:
    with closing(open_to(address)) as connection:
        for body in (b"first", b"second"):
            length = str(len(body)).encode()
            connection.sendall(
                b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + length + b"\r\n\r\n"
            )
            time.sleep(0.6)  # longer than headers may take: this is the body's time
            connection.sendall(body)
            received = b""
            while not received.endswith(body):
                received += connection.recv(65536)


def test_who_says_nothing_is_sent_away(address: tuple[str, int]) -> None:
    with closing(open_to(address)) as connection:
        assert connection.recv(100) == b""


def test_who_drips_headers_is_sent_away(address: tuple[str, int]) -> None:
    began = time.monotonic()
    with closing(open_to(address)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n")
        with pytest.raises(OSError):
            while time.monotonic() < began + 10:
                connection.sendall(b"X-A: b\r\n")
                time.sleep(0.05)
    assert time.monotonic() < began + 5


def test_headers_without_end_are_not_kept(address: tuple[str, int]) -> None:
    with closing(open_to(address)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n")
        with pytest.raises(OSError):
            for _ in range(10_000):
                connection.sendall(b"X-A: " + b"b" * 1000 + b"\r\n")
            connection.recv(100)
            raise ConnectionError


def test_what_is_no_http_is_answered_with_a_problem(address: tuple[str, int]) -> None:
    with closing(open_to(address)) as connection:
        connection.sendall(b"NOT HTTP AT ALL\r\n\r\n")
        received = connection.recv(65536)
    assert received.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in received
    assert json.loads(received.partition(b"\r\n\r\n")[2])["status"] == 400


def test_one_connection_too_many_is_told_when_to_come_again(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "MOST_CONNECTIONS", 2)
    monkeypatch.setattr(http_protocol, "HEADERS_WITHIN", 60.0)
    with ExitStack() as stack:
        idle = [stack.enter_context(closing(open_to(address))) for _ in range(2)]
        refused = stack.enter_context(closing(open_to(address)))
        answer = received_by(refused)
        assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert b"\r\nretry-after: 5\r\n" in answer
        idle.pop().close()
        again = stack.enter_context(closing(open_to(address)))
        while (answer := asked(again)).startswith(b"HTTP/1.1 503"):
            again = stack.enter_context(closing(open_to(address)))
        assert answer.startswith(b"HTTP/1.1 200")


def test_who_does_not_take_the_answer_is_sent_away(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "READ_WITHIN", 0.3)
    body = b"x" * 8_000_000  # more than the system keeps for a sleeper
    with closing(open_to(address)) as sleeper:
        head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
        sleeper.sendall(head + body)
        wait_until_closed(sleeper)
        assert len(received_by(sleeper)) < len(body)


def asked(connection: socket) -> bytes:
    """Ask for something, and return what comes."""
    with suppress(OSError):
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    return received_by(connection)


def received_by(connection: socket) -> bytes:
    """Return all that comes before the connection ends."""
    received = b""
    with suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            received += piece
    return received


def wait_until_closed(connection: socket) -> None:
    """Wait, without reading, until the other side has cut the connection off."""
    deadline = time.monotonic() + 30
    while not connection.getsockopt(SOL_SOCKET, SO_ERROR):
        with suppress(BlockingIOError):
            connection.send(b"x", MSG_DONTWAIT)
        assert time.monotonic() < deadline, "the connection stays"
        time.sleep(0.02)
