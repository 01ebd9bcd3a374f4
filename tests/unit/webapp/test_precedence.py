"""Who looks goes first, and who sends is not kept waiting for good."""

import asyncio
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from tests.event_loops import run
from webapp import precedence
from webapp.intake import Intake
from webapp.precedence import LookersFirst


class Kitchen:
    """An app whose answer to everything begins when it is told to, and ends when it is told to."""

    def __init__(self) -> None:
        self.begins, self.ends = asyncio.Event(), asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.begins.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await self.ends.wait()


def look(app: LookersFirst, path: str, method: str = "GET") -> "asyncio.Task[None]":
    async def receive() -> Any:
        raise AssertionError

    async def send(_: Any) -> None:
        pass

    scope = {"type": "http", "method": method, "path": path}
    return asyncio.ensure_future(app(scope, receive, send))


async def work_beside(path: str, method: str = "GET", *, for_seconds: float) -> list[str]:
    """Return in which order a part of an upload is done, and an answer is made and taken.

    The answer begins when that part is done, or has waited for so long.
    """
    desk, kitchen = Intake(), Kitchen()
    order: list[str] = []
    looking = look(LookersFirst(kitchen, desk.precedence), path, method)
    await asyncio.sleep(0)
    sending = asyncio.ensure_future(desk.do(order.append, "a part of an upload"))
    await asyncio.wait({sending}, timeout=for_seconds)
    order.append("the answer begins")
    kitchen.begins.set()
    await sending
    order.append("the answer is taken")
    kitchen.ends.set()
    await looking
    return order


@pytest.mark.parametrize("path", ["/", "/images/abc", "/api/images", "/api/labels", "/trash"])
def test_an_upload_waits_until_a_page_is_made_but_not_until_it_is_taken(
    monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(precedence, "PATIENCE", 3600)
    order = run(work_beside(path, for_seconds=0.1))
    assert order == ["the answer begins", "a part of an upload", "the answer is taken"]


def test_an_upload_goes_on_where_pages_are_made_all_the_time() -> None:
    assert run(work_beside("/", for_seconds=60))[0] == "a part of an upload"


@pytest.mark.parametrize(
    ("path", "method"),
    [("/media/x/320.webp", "GET"), ("/api/uploads", "POST"), ("/healthz", "GET")],
)
def test_nothing_waits_for_files_and_for_other_uploads(
    monkeypatch: pytest.MonkeyPatch, path: str, method: str
) -> None:
    monkeypatch.setattr(precedence, "PATIENCE", 3600)
    assert run(work_beside(path, method, for_seconds=60))[0] == "a part of an upload"
