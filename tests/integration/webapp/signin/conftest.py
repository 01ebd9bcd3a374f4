"""A site that asks who comes in, and everyone who might ask."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from catalog.clock import utc_now
from tests.integration.conftest import Site, make_site
from tests.provider_process import ProviderProcess, provider_process
from webapp.signin.passwords import make_hash
from webapp.signin.sessions import BY_OPERATOR, COOKIE, Sessions
from webapp.signin.users import Identity

SECRET = "a secret of the tests: long enough"
PASSWORD = "correct horse battery"
ORIGIN = "http://127.0.0.1:8000"

MakeSite = Callable[..., Site]


def cookie(role: str, *, ago: timedelta = timedelta(), secret: str = SECRET) -> dict[str, str]:
    """Return the headers of someone with a session of this role that began so long ago."""
    sessions = Sessions((secret,), timedelta(hours=12), clock=lambda: utc_now() - ago)
    value = sessions.seal(Identity(f"test:{role}", role), BY_OPERATOR, role)
    return {"Cookie": f"{COOKIE}={value}", "Origin": ORIGIN}


@pytest.fixture(scope="session")
def password_hash() -> str:
    """The hash of the shared password."""
    return make_hash(PASSWORD)


@pytest.fixture
def make_signed(tmp_path: Path, password_hash: str) -> Iterator[MakeSite]:
    """Make sites with a sign-in: `make_signed(oidc_issuer=…)`."""
    made: list[Site] = []

    def make(**settings: Any) -> Site:
        given = {"session_secret": SECRET, "password_hash": password_hash} | settings
        site = make_site(tmp_path / f"library-{len(made)}", **given)
        site.client.follow_redirects = False
        made.append(site)
        return site

    yield make
    for site in made:
        site.database.close()
        site.journal.close()


@pytest.fixture
def signed(make_signed: MakeSite) -> Site:
    """A site with a shared password."""
    return make_signed()


@pytest.fixture(scope="session")
def provider() -> Iterator[ProviderProcess]:
    """A real provider in a process of its own, which knows an editor, a viewer and a stranger."""
    with provider_process() as running:
        known = {"email_verified": True}
        running.know("anna", email="anna@example.org", name="Anna", **known)
        running.know("bert", email="bert@example.org", groups=["guests"], **known)
        running.know("eve", email="eve@evil.example", **known)
        running.know("liar", email="anna@example.org", email_verified=False)
        yield running


@pytest.fixture
def open_to_example(make_signed: MakeSite, provider: ProviderProcess) -> Site:
    """A site for people of example.org; Anna is its editor."""
    return make_signed(
        oidc_issuer=provider.issuer,
        oidc_client_id="taglight",
        oidc_client_secret="hush",
        allowed_emails="*@example.org",
        editor_emails="anna@example.org",
        oidc_audience="taglight-api",
    )
