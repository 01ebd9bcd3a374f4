"""What happens while bytes arrive: pieces, senders that leave, senders that sleep."""

import asyncio
import dataclasses
import hashlib
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.requests import Request

from tests.event_loops import run
from tests.integration.conftest import Site
from tests.integration.webapp.test_uploads import files_in
from webapp import intake, receive

Messages = list[dict[str, Any]]


def scope_of(ticket: dict[str, Any], size: int) -> dict[str, Any]:
    """A PUT with this ticket, as a server hands it to the app."""
    headers = {"host": "127.0.0.1:8000", "content-length": str(size)} | ticket["headers"]
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "PUT",
        "scheme": "http",
        "path": ticket["url"].removeprefix("http://127.0.0.1:8000"),
        "raw_path": b"",
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50000),
    }


async def put(site: Site, ticket: dict[str, Any], size: int, messages: Any) -> Messages:
    """Run the app on one PUT whose body is these messages; return what it sent."""

    async def receive_one() -> Any:
        message = next(messages, None)
        if message is None:
            await asyncio.sleep(3600)
        return message

    return await put_from(site, ticket, size, receive_one)


async def put_from(site: Site, ticket: dict[str, Any], size: int, receive_one: Any) -> Messages:
    """Run the app on one PUT whose body comes from there; return what it sent."""
    sent: Messages = []

    async def send(message: Any) -> None:
        sent.append(message)

    await site.app(scope_of(ticket, size), receive_one, send)
    return sent


def chunk(content: bytes, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": content, "more_body": more}


def test_sender_who_leaves_leaves_nothing(site: Site) -> None:
    content = b"x" * 2_000_000
    ticket = site.ask_ticket(content)
    seen: list[list[str]] = []

    def messages() -> Any:
        yield chunk(content[:700_000])
        yield chunk(content[700_000:1_400_000])
        seen.append(files_in(site))
        yield {"type": "http.disconnect"}

    run(put(site, ticket, len(content), messages()))
    assert len(seen[0]) == 1  # a temporary file, not the picture
    assert ticket["key"] not in seen[0]
    assert files_in(site) == []
    assert site.client.get("/api/images").json()["total"] == 0
    assert site.send(ticket, content).status_code == 201  # the same ticket still holds


def test_stops_at_one_byte_too_many(site: Site) -> None:
    """A server would not let it happen; the app does not rely on that."""
    ticket = site.ask_ticket(b"12345")
    taken = 0

    def messages() -> Any:
        nonlocal taken
        while True:
            taken += 1
            yield chunk(b"x" * receive.PIECE)

    sent = run(put(site, ticket, 5, messages()))
    assert sent[0]["status"] == 403
    assert taken == 1
    assert files_in(site) == []


def test_body_that_ends_too_soon(site: Site) -> None:
    ticket = site.ask_ticket(b"12345")
    sent = run(put(site, ticket, 5, iter([chunk(b"123", more=False)])))
    assert sent[0]["status"] in (400, 403)
    assert files_in(site) == []


def test_sleeper_is_given_up(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receive, "IDLE_SECONDS", 0.05)
    ticket = site.ask_ticket(b"12345")
    sent = run(put(site, ticket, 5, iter([chunk(b"123")])))
    assert sent[0]["status"] == 408
    assert files_in(site) == []


def test_who_drips_is_given_up_sooner_where_others_wait(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A byte now and then keeps no turn: the others come to theirs, and nothing of it stays."""
    monkeypatch.setattr(intake, "AT_ONCE", 1)
    monkeypatch.setattr(receive, "HURRIED_SECONDS", 0.1)
    limits = intake.Intake()
    services = dataclasses.replace(site.app.state.services, intake=limits)
    monkeypatch.setattr(site.app.state, "services", services)
    slow, quick = site.ask_ticket(b"x" * 100_000), site.ask_ticket(b"12345")

    async def drip() -> Any:
        await asyncio.sleep(0.02)
        return chunk(b"x")

    async def both() -> list[int]:
        first = asyncio.ensure_future(put_from(site, slow, 100_000, drip))
        while not files_in(site):
            await asyncio.sleep(0.01)
        second = await put(site, quick, 5, iter([chunk(b"12345", more=False)]))
        answer = await first
        return [answer[0]["status"], second[0]["status"]]

    assert run(both()) == [408, 201]
    assert files_in(site) == [quick["key"]]


def test_large_file_is_never_held(site: Site) -> None:
    size, piece = 40_000_000, b"y" * 65536
    whole, rest = divmod(size, len(piece))
    digest = hashlib.sha256(piece * whole + piece[:rest]).hexdigest()
    ticket = site.ask_ticket(size=size, sha256=digest)

    def messages() -> Any:
        for _ in range(whole):
            yield chunk(bytes(piece))
        yield chunk(piece[:rest], more=False)

    tracemalloc.start()
    sent = run(put(site, ticket, size, messages()))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sent[0]["status"] == 201
    assert most < 10_000_000
    assert site.store.head(ticket["key"]).size == size


def test_pieces_are_of_a_good_size_for_disks() -> None:
    async def gather(chunks: list[bytes]) -> list[int]:
        messages = iter([*(chunk(content) for content in chunks), chunk(b"", more=False)])

        async def receive_one() -> Any:
            return next(messages)

        request = Request({"type": "http", "method": "PUT", "headers": []}, receive_one)
        stream: AsyncIterator[bytes] = receive.pieces(request)
        return [len(piece) async for piece in stream]

    assert run(gather([b"a" * 65536] * 20)) == [524288, 524288, 262144]
    assert run(gather([])) == []
