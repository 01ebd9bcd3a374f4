"""A session is what we signed, for as long as we said, and nothing else."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.signin.sessions import BY_OPERATOR, BY_PROVIDER, Sessions
from webapp.signin.users import Identity
from webapp.tickets import FolderTickets, Upload

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANNA = Identity("anna-1", "Anna", "anna@example.org", ("family", "editors"))
OLD, NEW = "an old secret, long enough", "a new secret, long enough"


def sessions(*secrets: str, after: timedelta = timedelta()) -> Sessions:
    return Sessions(secrets or (NEW,), timedelta(hours=12), clock=lambda: NOW + after)


def test_a_session_comes_back_as_it_was() -> None:
    session = sessions().open(sessions().seal(ANNA, BY_PROVIDER, "https://login.example.org"))
    assert session
    assert session.identity == ANNA
    assert (session.method, session.proof) == (BY_PROVIDER, "https://login.example.org")
    assert session.expires_at == NOW + timedelta(hours=12)


def test_a_session_ends_after_its_life() -> None:
    cookie = sessions().seal(ANNA, BY_PROVIDER)
    assert sessions(after=timedelta(hours=11, minutes=59)).open(cookie)
    assert sessions(after=timedelta(hours=12)).open(cookie) is None


def test_a_new_secret_ends_all_sessions() -> None:
    assert sessions(NEW).open(sessions(OLD).seal(ANNA, BY_PROVIDER)) is None


def test_while_both_secrets_are_known_sessions_of_both_count() -> None:
    both = sessions(NEW, OLD)
    assert both.open(sessions(OLD).seal(ANNA, BY_PROVIDER))
    assert both.open(sessions(NEW).seal(ANNA, BY_PROVIDER))
    assert sessions(NEW).open(both.seal(ANNA, BY_PROVIDER)), "the first one signs"
    assert sessions(OLD).open(both.seal(ANNA, BY_PROVIDER)) is None


def test_what_was_signed_for_another_purpose_is_no_session() -> None:
    ticket = FolderTickets(NEW, lambda *_: True).issue(Upload("uploads/a", "image/png", 1, "", "a"))
    assert sessions().open(ticket.url.removeprefix("/upload/")) is None


@pytest.mark.parametrize("secrets", [(), ("",), (NEW, "")])
def test_nothing_is_signed_with_an_empty_secret(secrets: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="empty secret"):
        Sessions(secrets, timedelta(hours=1))


@given(st.text(max_size=300))
def test_made_up_cookies_are_no_sessions(cookie: str) -> None:
    assert sessions().open(cookie) is None


@given(st.integers(0, 10_000), st.sampled_from("abcXYZ019-_."))
def test_changed_cookies_are_no_sessions(number: int, letter: str) -> None:
    cookie = sessions().seal(ANNA, BY_OPERATOR, "viewer")
    place = number % (len(cookie) - 1)  # the last character has bits to spare
    changed = cookie[:place] + letter + cookie[place + 1 :]
    if changed != cookie:
        assert sessions().open(changed) is None


def test_a_cookie_fits_into_a_browser_whatever_the_groups() -> None:
    many = Identity("s", "n" * 200, "e@example.org", tuple(f"group-{n:03}" for n in range(500)))
    cookie = sessions().seal(many, BY_PROVIDER, "https://login.example.org")
    assert len(cookie) < 4000
    assert sessions().open(cookie)
