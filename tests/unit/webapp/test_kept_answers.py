"""Answers that are sent again: which are kept, for whom, how long, and how many."""

from collections.abc import Hashable
from datetime import UTC, datetime, tzinfo
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from tests.event_loops import run
from webapp import kept_answers
from webapp.kept_answers import LISTS, PAGES, KeptAnswers
from webapp.signin.users import Role, User

GZIP = (b"accept-encoding", b"gzip, br")


class Catalog:
    """A catalog whose mark the tests set."""

    def __init__(self) -> None:
        self.state: Hashable | None = 1

    def mark(self) -> Hashable | None:
        return self.state


class Kitchen:
    """An app that makes every answer anew, and says how many it has made."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.made = 0
        self.status = 200
        self.parts = 1
        self.length = 0
        self.written_meanwhile = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.made += 1
        if self.written_meanwhile:
            self.catalog.state = ("written while", self.made)
        start = {"type": "http.response.start", "status": self.status, "headers": [(b"a", b"b")]}
        await send(start)
        nonce = scope["state"].get("nonce", "")
        body = f"answer {self.made}{nonce}".encode().ljust(self.length)
        for part in range(1, self.parts + 1):
            more = part < self.parts
            await send({"type": "http.response.body", "body": body, "more_body": more})


class Counter:
    """Where requests are handed in, as what stands before would."""

    def __init__(self) -> None:
        self.catalog = Catalog()
        self.kitchen = Kitchen(self.catalog)
        self.app = KeptAnswers(self.kitchen, self.catalog, LISTS)  # type: ignore[arg-type]

    def ask(
        self,
        path: str = "/api/images",
        query: bytes = b"",
        *headers: Any,
        method: str = "GET",
        **state: Any,
    ) -> str:
        """Return the answer's body; its headers are what they were made as."""
        scope = {
            "type": "http", "method": method, "path": path, "query_string": query,
            "headers": list(headers), "state": state,
        }  # fmt: skip
        sent: list[Message] = []

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                assert message["headers"] == [(b"a", b"b")]
                message["headers"].append((b"added", b"by what stands before"))
            sent.append(message)

        async def receive() -> Message:
            raise AssertionError("Nobody reads a body here.")

        run(self.app(scope, receive, send))
        assert sent[0]["status"] == self.kitchen.status
        return b"".join(message.get("body", b"") for message in sent).decode().strip()


@pytest.fixture
def counter() -> Counter:
    """Where lists are asked for."""
    return Counter()


@pytest.fixture
def pages() -> Counter:
    """Where gallery pages are asked for."""
    counter = Counter()
    counter.app = KeptAnswers(counter.kitchen, counter.catalog, PAGES)  # type: ignore[arg-type]
    return counter


def person(name: str, role: Role) -> User:
    return User(f"subject of {name}", name, role)


def test_an_answer_is_sent_again_until_somebody_commits(counter: Counter) -> None:
    assert [counter.ask() for _ in range(3)] == ["answer 1"] * 3
    counter.catalog.state = 2
    assert [counter.ask() for _ in range(3)] == ["answer 2"] * 3


def test_what_was_written_while_an_answer_was_made_is_seen_by_the_next(counter: Counter) -> None:
    counter.kitchen.written_meanwhile = True
    assert [counter.ask() for _ in range(2)] == ["answer 1", "answer 2"]


def test_another_question_gets_another_answer(counter: Counter) -> None:
    asked = [("/api/images", b""), ("/api/images", b"q=dog"), ("/api/labels", b"")]
    for _ in range(2):
        assert [counter.ask(*each) for each in asked] == ["answer 1", "answer 2", "answer 3"]


def test_who_takes_no_compression_gets_what_was_made_without(counter: Counter) -> None:
    for _ in range(2):
        assert counter.ask("/api/images", b"", GZIP) == "answer 1"
        assert counter.ask("/api/images", b"") == "answer 2"


def test_a_page_is_sent_again_with_a_nonce_of_its_own(pages: Counter) -> None:
    assert [pages.ask("/", nonce=each) for each in ("#aa", "#bb")] == ["answer 1#aa", "answer 1#bb"]


def test_a_page_is_of_who_looks_at_it(pages: Counter) -> None:
    people = [("Ann", "editor"), ("Ann", "viewer"), ("Bob", "editor"), ("", "editor")]
    users: list[User | None] = [person(name, role) for name, role in people]  # type: ignore[arg-type]
    for _ in range(2):
        answers = [pages.ask("/", nonce="#", user=user) for user in [None, *users]]
        assert answers == [f"answer {number}#" for number in range(1, 6)]


def test_a_page_of_yesterday_is_made_anew(pages: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    class Tomorrow(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Tomorrow":
            assert tz is UTC
            return cls(2999, 1, 1, tzinfo=tz)

    assert pages.ask("/", nonce="#") == pages.ask("/", nonce="#") == "answer 1#"
    monkeypatch.setattr(kept_answers, "datetime", Tomorrow)
    assert pages.ask("/", nonce="#") == "answer 2#"


@pytest.mark.parametrize("path", ["/", "/api/images/abc", "/api/images/", "/healthz"])
def test_nothing_else_is_kept(counter: Counter, path: str) -> None:
    assert [counter.ask(path) for _ in range(2)] == ["answer 1", "answer 2"]


@pytest.mark.parametrize("method", ["POST", "OPTIONS", "DELETE"])
def test_only_reading_is_kept(counter: Counter, method: str) -> None:
    counter.ask()
    assert counter.ask(method=method) == "answer 2"


@pytest.mark.parametrize("status", [400, 404, 503])
def test_mistakes_and_failures_are_made_anew(counter: Counter, status: int) -> None:
    counter.kitchen.status = status
    assert [counter.ask() for _ in range(2)] == ["answer 1", "answer 2"]


def test_what_comes_in_parts_is_made_anew(counter: Counter) -> None:
    counter.kitchen.parts = 2
    assert [counter.ask() for _ in range(2)] == ["answer 1answer 1", "answer 2answer 2"]


def test_nothing_is_kept_where_nothing_tells_of_commits(counter: Counter) -> None:
    counter.ask()
    counter.catalog.state = None
    assert [counter.ask() for _ in range(2)] == ["answer 2", "answer 3"]
    counter.catalog.state = 1
    assert counter.ask() == "answer 1"


def test_memory_is_bounded_and_what_is_asked_for_stays(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_answers, "MOST_BYTES", 10 * 2048)
    counter.kitchen.length = 1000
    counter.ask("/api/images", b"often")
    for number in range(50):
        counter.ask("/api/images", b"once %d" % number)
        assert counter.ask("/api/images", b"often") == "answer 1"
        assert counter.app._bytes <= 10 * 2048
    assert counter.ask("/api/images", b"once 0") == "answer 52"
    counter.ask("/api/images", b"a long question" * 1000)  # weighs, too
    assert counter.app._bytes <= 10 * 2048
    assert counter.ask("/api/images", b"often") != "answer 1"


def test_an_answer_that_is_too_large_is_made_anew(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_answers, "LARGEST", 5000)
    counter.kitchen.length = 5000
    assert [counter.ask() for _ in range(2)] == ["answer 1", "answer 2"]
