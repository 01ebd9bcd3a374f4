"""A ticket allows one upload and nothing else, wherever its bytes go.

Written against what a sender sees (issue, PUT, what is stored): a new kind of ticket is one more
entry in HOMES.
"""

import hashlib
import string
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.errors import ObjectNotFoundError
from catalog.storage import ObjectStore
from tests.integration.conftest import BASE, make_site
from tests.strict_s3.sending import send
from webapp.s3_tickets import S3Tickets
from webapp.tickets import FolderTickets, Ticket, Upload, UploadTickets

if TYPE_CHECKING:
    from tests.strict_s3.site import S3Site

PLACE = st.floats(0, 1, exclude_max=True)
CONTENT = b"the very bytes that were announced"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
ONE_OF_MANY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@dataclass
class Home:
    """Where tickets come from and lead to; `put` answers with the HTTP status."""

    tickets: UploadTickets
    store: ObjectStore
    put: Callable[[str, dict[str, str], bytes], int]
    later: Callable[[timedelta], None]

    def keys(self) -> set[str]:
        return {info.key for info in self.store.list("")}


class Clock:
    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, time: timedelta) -> None:
        self.now += time


def folder(path: Path, _: pytest.FixtureRequest) -> Iterator[Home]:
    site = make_site(path)
    clock = Clock()
    tickets = FolderTickets("a secret of the tests", site.journal.use_once, clock=clock)
    object.__setattr__(site.app.state.services, "tickets", tickets)

    def put(url: str, headers: dict[str, str], content: bytes) -> int:
        address = url if url.startswith("/") else urlsplit(url).path
        return site.client.put(BASE + address, content=content, headers=headers).status_code

    yield Home(tickets, site.store, put, clock.pass_)
    site.database.close()
    site.journal.close()


def bucket(_: Path, request: pytest.FixtureRequest) -> Iterator[Home]:
    site: S3Site = request.getfixturevalue("s3_site")
    clock = Clock()
    site.front.clock = clock
    tickets = S3Tickets(site.presigner(clock=clock), lambda _: None)

    def put(url: str, headers: dict[str, str], content: bytes) -> int:
        return send(site, "PUT", url, headers, content)[0]

    yield Home(tickets, site.store(), put, clock.pass_)


HOMES = {"folder": folder, "s3": bucket}


@pytest.fixture(params=HOMES)
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    yield from HOMES[request.param](tmp_path, request)


_number = iter(range(1_000_000))


def upload(**changed: object) -> Upload:
    """Return an upload of its own key."""
    made = Upload(
        f"uploads/2026/11/dog-{next(_number):08}.jpg", "image/jpeg", len(CONTENT), SHA256, ""
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def refused(home: Home, ticket: Ticket, before: set[str], **changed: object) -> None:
    """Send with something changed; nothing may be stored."""
    url = str(changed.get("url", ticket.url))
    headers = changed.get("headers", ticket.headers)
    content = changed.get("content", CONTENT)
    assert isinstance(headers, dict)
    assert isinstance(content, bytes)
    assert home.put(url, headers, content) in (400, 403, 404, 409, 412)
    assert home.keys() == before


def test_it_allows_what_it_is_for(home: Home) -> None:
    asked = upload()
    ticket = home.tickets.issue(asked)
    assert home.put(ticket.url, ticket.headers, CONTENT) in (200, 201)
    assert home.store.read(asked.key)[0] == CONTENT


def test_it_counts_once(home: Home) -> None:
    ticket = home.tickets.issue(upload())
    home.put(ticket.url, ticket.headers, CONTENT)
    refused(home, ticket, home.keys())


def test_it_cannot_be_used_again_after_the_picture_is_gone(home: Home) -> None:
    asked = upload()
    ticket = home.tickets.issue(asked)
    home.put(ticket.url, ticket.headers, CONTENT)
    home.store.delete(asked.key)
    if isinstance(home.tickets, FolderTickets):  # S3 forgets; its tickets end after minutes
        refused(home, ticket, home.keys())


def test_it_never_overwrites(home: Home) -> None:
    asked = upload()
    home.store.put(asked.key, b"the first")
    refused(home, home.tickets.issue(asked), home.keys())
    assert home.store.read(asked.key)[0] == b"the first"


def test_it_ends(home: Home) -> None:
    ticket = home.tickets.issue(upload())
    home.later(timedelta(minutes=15, seconds=1))
    refused(home, ticket, home.keys())


@ONE_OF_MANY
@given(content=st.binary(max_size=100))
def test_other_bytes_are_refused(home: Home, content: bytes) -> None:
    if content != CONTENT:
        refused(home, home.tickets.issue(upload()), home.keys(), content=content)


@ONE_OF_MANY
@given(place=st.integers(0, len(CONTENT) - 1), flip=st.integers(1, 255))
def test_one_changed_byte_is_refused(home: Home, place: int, flip: int) -> None:
    changed = bytearray(CONTENT)
    changed[place] ^= flip
    refused(home, home.tickets.issue(upload()), home.keys(), content=bytes(changed))


@ONE_OF_MANY
@given(content=st.binary(min_size=1, max_size=100))
def test_the_checksum_cannot_be_renegotiated(home: Home, content: bytes) -> None:
    ticket = home.tickets.issue(upload(size=len(content)))
    sha256 = b64encode(hashlib.sha256(content).digest()).decode()
    headers = ticket.headers | {"x-amz-checksum-sha256": sha256}
    refused(home, ticket, home.keys(), content=content, headers=headers)


@ONE_OF_MANY
@given(
    kind=st.sampled_from(
        ["text/html", "image/svg+xml", "image/png", "application/octet-stream", ""]
    )
    | st.text(string.ascii_lowercase + "/+-;= ", max_size=30)
)
def test_another_type_is_refused(home: Home, kind: str) -> None:
    ticket = home.tickets.issue(upload())
    if kind.strip().lower() != "image/jpeg":
        headers = ticket.headers | {"Content-Type": kind.strip()}
        refused(home, ticket, home.keys(), headers=headers)


@ONE_OF_MANY
@given(PLACE, st.sampled_from(string.ascii_letters + string.digits + "-_."))
def test_a_changed_address_is_refused(home: Home, where: float, letter: str) -> None:
    ticket = home.tickets.issue(upload())
    path = urlsplit(ticket.url).path
    begin = path.rfind("/") + 1
    place = begin + int(where * (len(path) - 1 - begin))  # the last one has bits to spare
    changed = path[:place] + letter + path[place + 1 :]
    if changed != path:
        refused(home, ticket, home.keys(), url=ticket.url.replace(path, changed))


@ONE_OF_MANY
@given(PLACE)
def test_parts_of_two_tickets_make_no_third(home: Home, where: float) -> None:
    first, second = home.tickets.issue(upload()), home.tickets.issue(upload())
    one, two = (urlsplit(ticket.url).path for ticket in (first, second))
    begin = one.rfind("/") + 1
    cut = begin + int(where * (len(one) - begin))
    mixed = one[:cut] + two[cut:]
    if mixed not in (one, two):
        refused(home, first, home.keys(), url=first.url.replace(one, mixed))


@pytest.mark.parametrize("ending", ["/../x.jpg", "/x", "?key=uploads/x.jpg", "%2f..%2fx", "/"])
def test_what_is_added_to_the_address_leads_nowhere_else(home: Home, ending: str) -> None:
    asked = upload()
    ticket = home.tickets.issue(asked)
    before = home.keys()
    home.put(ticket.url + ending, ticket.headers, CONTENT)
    assert home.keys() - before <= {asked.key}


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Amz-Meta-Key": "uploads/x"},
        {"Content-Range": "bytes 0-3/4"},
        {"x-amz-copy-source": "a/b"},
    ],
)
def test_headers_beside_it_widen_nothing(home: Home, headers: dict[str, str]) -> None:
    asked = upload()
    ticket = home.tickets.issue(asked)
    before = home.keys()
    home.put(ticket.url, ticket.headers | headers, CONTENT)
    assert home.keys() - before <= {asked.key}
    with suppress(ObjectNotFoundError):
        assert home.store.read(asked.key)[0] == CONTENT
