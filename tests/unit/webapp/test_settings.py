"""Settings come from the environment, and mistakes in them are said at start."""

from pathlib import Path
from threading import Thread

import pytest
from pydantic import ValidationError

from webapp.settings import WebSettings, local_secret


def test_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAGLIGHT_ALLOWED_HOSTS", "nas.local, Tower:8080 ,")
    monkeypatch.setenv("PUBLIC_URL", "https://Pictures.example.org/")
    monkeypatch.setenv("MAX_UPLOAD_BYTES", "1000")
    settings = WebSettings()
    assert settings.allowed_hosts == ("nas.local", "tower:8080")
    assert settings.public_url == "https://pictures.example.org"
    assert settings.max_upload_bytes == 1000


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TAGLIGHT_ALLOWED_HOSTS", "PUBLIC_URL", "MAX_UPLOAD_BYTES"):
        monkeypatch.delenv(name, raising=False)
    settings = WebSettings()
    assert (settings.allowed_hosts, settings.public_url) == ((), "")
    assert settings.max_upload_bytes == 50 * 1024 * 1024


@pytest.mark.parametrize("url", ["pictures.example.org", "ftp://x", "https://x/sub", "https://"])
def test_public_url_is_a_scheme_and_a_host(url: str) -> None:
    with pytest.raises(ValidationError, match="PUBLIC_URL"):
        WebSettings(public_url=url)


def test_secret_does_not_show() -> None:
    settings = WebSettings(session_secret="hidden")
    assert "hidden" not in repr(settings)


def test_local_secret_is_made_once_and_for_us_alone(tmp_path: Path) -> None:
    folder = tmp_path / ".taglight"
    first = local_secret(folder)
    assert len(first) >= 43
    assert local_secret(folder) == first
    assert (folder / "secret").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in folder.iterdir()] == ["secret"]


def test_two_that_ask_at_once_get_the_same(tmp_path: Path) -> None:
    answers: list[str] = []
    threads = [Thread(target=lambda: answers.append(local_secret(tmp_path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert len(set(answers)) == 1
