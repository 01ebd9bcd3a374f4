"""The listener that all tests have finds what it is there for."""

import logging

import pytest

from tests.conftest import SECRET, Ears


@pytest.mark.parametrize(
    "line",
    [
        "PUT /upload/WyJhYmMiLDE3NjM4M.abcdefghijk",
        "GET https://b.s3.amazonaws.com/k?X-Amz-Signature=0",
        "token eyJhbGciOiJSUzI1NiIsImtpZCI.x",
        "Cookie: __Host-taglight_session=abc",
        "Authorization: Bearer abc",
        "hash $argon2id$v=19",
        "GET /signin/callback?code=abc",
        "anna@example.org came in",
    ],
)
def test_what_is_secret_is_found(line: str) -> None:
    assert SECRET.search(line)
    ears = Ears()
    ears.handle(logging.LogRecord("webapp.x", logging.INFO, "", 1, line, (), None))
    assert ears.heard


@pytest.mark.parametrize("line", ["PUT /upload/{token}", "uploads/2026/11/a.jpg: cannot be read"])
def test_what_is_not_may_be_logged(line: str) -> None:
    assert not SECRET.search(line)
