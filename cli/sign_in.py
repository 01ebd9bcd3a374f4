"""`taglight password` and `taglight session`: what operators need for the sign-in."""

import sys
from datetime import timedelta

import typer

from catalog.errors import SettingsError
from cli.home import ours_of
from cli.serve import web_settings
from webapp.signin.cookies import is_secure
from webapp.signin.passwords import make_hash
from webapp.signin.sessions import BY_OPERATOR, COOKIE, SECURE_COOKIE, Sessions
from webapp.signin.users import Identity, Role


def password() -> None:
    """Read a password, twice from a person and once from a pipe, and print its hash."""
    if sys.stdin.isatty():
        given = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        given = sys.stdin.readline().rstrip("\r\n")
    typer.echo(make_hash(given))


def session(library: str, role: Role, hours: float | None, name: str) -> None:
    """Print `name=value` of a session's cookie. Raises SettingsError where no secret is known."""
    settings = web_settings()
    secrets = settings.secrets or local_secrets(library)
    lifetime = timedelta(hours=settings.session_hours if hours is None else hours)
    value = Sessions(secrets, lifetime).seal(Identity(f"operator:{name}", name), BY_OPERATOR, role)
    typer.echo(f"{SECURE_COOKIE if is_secure(settings) else COOKIE}={value}")


def local_secrets(library: str) -> tuple[str, ...]:
    """Return the secret that a library's folder keeps. Raises SettingsError where it has none."""
    path = ours_of(library) / "secret"
    try:
        return (path.read_text("ascii"),)
    except OSError as error:
        raise SettingsError(
            f"There is no SESSION_SECRET, and no secret in {path.parent}. Set the one that the "
            "server has, or name its library."
        ) from error
