"""Whose address a request came from, behind CloudFront and the API."""

import pytest

from webapp.on_lambda.front import viewer


@pytest.mark.parametrize(
    ("forwarded", "came_from", "expected"),
    [
        ("203.0.113.7, 130.176.1.1", "130.176.1.1", "203.0.113.7"),
        ("203.0.113.7", "130.176.1.1", "203.0.113.7"),
        ("10.0.0.1, 203.0.113.7, 130.176.1.1", "130.176.1.1", "203.0.113.7"),
        ("", "130.176.1.1", "130.176.1.1"),
        ("130.176.1.1", "130.176.1.1", "130.176.1.1"),
        (" , ,", "130.176.1.1", "130.176.1.1"),
        ("2001:db8::1, 130.176.1.1", "130.176.1.1", "2001:db8::1"),
    ],
)
def test_what_the_sender_claims_does_not_count(
    forwarded: str, came_from: str, expected: str
) -> None:
    headers = [(b"x-forwarded-for", forwarded.encode())]
    assert viewer({"headers": headers, "client": (came_from, 0)}) == expected


def test_without_any_address() -> None:
    assert viewer({"headers": [], "client": None}) == ""
