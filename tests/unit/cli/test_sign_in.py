"""What operators make on the command line counts at the server."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from cli.home import Home
from cli.main import app
from cli.serve import compose
from webapp.signin.passwords import is_right

SECRET = "a secret of the tests: long enough"


def run(*arguments: str, given: str = "") -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments), input=given)
    return result.exit_code, result.output.strip()


def test_a_password_becomes_a_hash() -> None:
    status, hashed = run("password", given="correct horse battery\n")
    assert status == 0
    assert is_right("correct horse battery", hashed)


def test_a_short_password_is_refused() -> None:
    status, said = run("password", given="short\n")
    assert status == 1
    assert "at least 10 characters" in said


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("editor", 404)])
def test_a_session_counts_where_the_secret_is_known(
    home: Home, monkeypatch: pytest.MonkeyPatch, role: str, status: int
) -> None:
    monkeypatch.setenv("SESSION_SECRET", SECRET)
    monkeypatch.setenv("TAGLIGHT_PASSWORD_HASH", "$argon2id$made-up")
    code, cookie = run("session", "--role", role)
    assert (code, cookie.partition("=")[0]) == (0, "taglight_session")
    client = TestClient(compose(home, "127.0.0.1"), base_url="http://127.0.0.1:8000")
    headers = {"Cookie": cookie, "Origin": "http://127.0.0.1:8000"}
    assert client.get("/api/images").status_code == 401
    assert client.get("/api/images", headers=headers).status_code == 200
    assert client.delete("/api/images/x", headers=headers).status_code == status


def test_without_a_secret_that_of_the_library_signs(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGLIGHT_PASSWORD_HASH", "$argon2id$made-up")
    client = TestClient(compose(home, "127.0.0.1"), base_url="http://127.0.0.1:8000")
    code, cookie = run("session", str(home.store.root))
    assert code == 0
    assert client.get("/api/images", headers={"Cookie": cookie}).status_code == 200


def test_without_any_secret_it_says_what_to_do(tmp_path: Path) -> None:
    code, said = run("session", str(tmp_path))
    assert code == 1
    assert "SESSION_SECRET" in said


def test_over_tls_the_cookie_has_its_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SESSION_SECRET", SECRET)
    monkeypatch.setenv("PUBLIC_URL", "https://pictures.example.org")
    assert run("session")[1].startswith("__Host-taglight_session=")
