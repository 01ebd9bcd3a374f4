"""A ticket allows exactly one upload, for a quarter of an hour."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import InvalidTicketError
from webapp.tickets import FolderTickets, Upload

NOW = datetime(2026, 11, 22, 12, 0, 0, 250_000, UTC)
UPLOAD = Upload("uploads/2026/11/dog-3fa9c1d2.jpg", "image/jpeg", 12, "3f" * 32, "cute dog.jpg")


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class Uses:
    def __init__(self) -> None:
        self.seen: set[str] = set()

    def __call__(self, token_id: str, expires: datetime) -> bool:
        first = token_id not in self.seen
        self.seen.add(token_id)
        return first


def make(clock: Clock | None = None, signed_with: str = "secret") -> FolderTickets:
    return FolderTickets(signed_with, Uses(), clock=clock or Clock())


def token_of(tickets: FolderTickets, upload: Upload = UPLOAD) -> str:
    return tickets.issue(upload).url.removeprefix("/upload/")


def test_ticket_comes_back_as_it_was_given() -> None:
    tickets = make()
    assert tickets.open(token_of(tickets)).upload == UPLOAD


def test_headers_are_those_that_s3_would_sign() -> None:
    ticket = make().issue(UPLOAD)
    assert ticket.headers == {
        "Content-Type": "image/jpeg",
        "If-None-Match": "*",
        "x-amz-checksum-sha256": "Pz8/Pz8/Pz8/Pz8/Pz8/Pz8/Pz8/Pz8/Pz8/Pz8/Pz8=",
    }
    assert ticket.expires_at == datetime(2026, 11, 22, 12, 15, tzinfo=UTC)


def test_unknown_checksum_sends_no_header() -> None:
    ticket = make().issue(Upload("uploads/a.jpg", "image/jpeg", 1, "", "a.jpg"))
    assert "x-amz-checksum-sha256" not in ticket.headers


def test_ticket_ends_after_fifteen_minutes() -> None:
    clock = Clock()
    tickets = make(clock)
    token = token_of(tickets)
    clock.now = NOW + timedelta(minutes=14, seconds=59)
    tickets.open(token)
    clock.now = NOW + timedelta(minutes=15)
    with pytest.raises(InvalidTicketError, match="expired"):
        tickets.open(token)


def test_ticket_is_used_once() -> None:
    tickets = make()
    opened = tickets.open(token_of(tickets))
    tickets.use(opened)
    with pytest.raises(InvalidTicketError, match="used before"):
        tickets.use(opened)


def test_two_tickets_for_one_upload_are_two() -> None:
    tickets = make()
    for _ in range(2):
        tickets.use(tickets.open(token_of(tickets)))


def test_another_secret_signs_other_tickets() -> None:
    with pytest.raises(InvalidTicketError):
        make(signed_with="other").open(token_of(make()))


def test_empty_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="empty secret"):
        make(signed_with="")


@given(st.text(max_size=200))
def test_made_up_tokens_are_refused(token: str) -> None:
    with pytest.raises(InvalidTicketError):
        make().open(token)


@given(st.integers(0, 10_000), st.sampled_from("abcXYZ019-_."))
def test_changed_tokens_are_refused(number: int, letter: str) -> None:
    tickets = make()
    token = token_of(tickets)
    place = number % (len(token) - 1)  # the last character has bits to spare
    changed = token[:place] + letter + token[place + 1 :]
    if changed != token:
        with pytest.raises(InvalidTicketError):
            tickets.open(changed)


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=1000),
    st.integers(0, 2**60),
)
def test_any_name_and_size_travels(name: str, size: int) -> None:
    tickets = make()
    upload = Upload("uploads/a.jpg", "image/jpeg", size, "", name)
    assert tickets.open(token_of(tickets, upload)).upload == upload
