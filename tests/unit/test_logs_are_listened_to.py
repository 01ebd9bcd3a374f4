"""The listener that all tests have finds what it is there for."""

import logging
from pathlib import Path

import pytest

from tests.conftest import SECRET, Ears, secrets_in_files


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


def test_what_a_process_of_its_own_has_logged_is_searched(tmp_path: Path) -> None:
    log = tmp_path / "serve.log"
    log.write_bytes(b"WARNING: \xff fine\nanna@example.org came in\n")
    assert secrets_in_files(tmp_path) == ["anna@example.org came in"]
    log.unlink()


@pytest.mark.parametrize("line", ["PUT /upload/{token}", "uploads/2026/11/a.jpg: cannot be read"])
def test_what_is_not_may_be_logged(line: str) -> None:
    assert not SECRET.search(line)
