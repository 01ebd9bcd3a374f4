"""What is no sign-in is said at the start."""

import sys

import pytest

from catalog.errors import SettingsError
from webapp.settings import WebSettings
from webapp.signin.desk import sign_in_of

SECRET = "a secret of sixteen characters"
OIDC = {"oidc_issuer": "https://login.example.org", "oidc_client_id": "taglight"}


def test_without_settings_there_is_no_sign_in() -> None:
    assert sign_in_of(WebSettings()) is None
    assert sign_in_of(WebSettings(session_secret=SECRET)) is None


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (OIDC, "needs SESSION_SECRET"),
        (OIDC | {"session_secret": "short"}, "too short"),
        (OIDC | {"session_secret": f"{SECRET},short"}, "too short"),
        ({"oidc_issuer": OIDC["oidc_issuer"], "session_secret": SECRET}, "go together"),
        ({"oidc_client_id": "x", "session_secret": SECRET}, "go together"),
        (
            {
                "oidc_issuer": "https://accounts.google.com",
                "oidc_client_id": "x",
                "session_secret": SECRET,
            },
            "Anyone has an account",
        ),
    ],
)
def test_a_sign_in_by_half_is_refused(settings: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        sign_in_of(WebSettings(**settings))  # type: ignore[arg-type]


def test_a_password_needs_what_checks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the package for Lambda, which does without."""
    settings = WebSettings(session_secret=SECRET, password_hash="$argon2id$x")  # type: ignore[arg-type]
    assert sign_in_of(settings) is not None
    monkeypatch.setitem(sys.modules, "argon2", None)
    with pytest.raises(SettingsError, match="another library"):
        sign_in_of(settings)


@pytest.mark.parametrize("issuer", ["http://login.example.org", "login.example.org", "ftp://x"])
def test_a_provider_without_tls_is_refused(issuer: str) -> None:
    with pytest.raises(ValueError, match="https"):
        WebSettings(oidc_issuer=issuer)


def test_a_plain_password_in_the_settings_is_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from cli.serve import web_settings

    monkeypatch.setenv("TAGLIGHT_PASSWORD_HASH", "hunter2hunter2")
    with pytest.raises(SettingsError, match="TAGLIGHT_PASSWORD_HASH") as caught:
        web_settings()
    assert "hunter2" not in str(caught.value)
