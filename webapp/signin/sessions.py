"""Sessions in a signed cookie: nothing is kept here, so any process with the secret reads them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from catalog.clock import utc_now
from webapp.signin.users import MOST_GROUPS, Identity
from webapp.signing import read, signer, text

COOKIE = "taglight_session"
SECURE_COOKIE = "__Host-" + COOKIE  # browsers take it over TLS alone, from this very host

# How someone came in.
BY_PROVIDER, BY_PASSWORD, BY_OPERATOR = "provider", "password", "operator"


@dataclass(frozen=True, slots=True)
class Session:
    """Who signed in, how, and until when; `proof` is what must still hold (see SignIn)."""

    identity: Identity
    method: str
    proof: str
    expires_at: datetime


class Sessions:
    """Makes and reads session cookies."""

    def __init__(
        self,
        secrets: Sequence[str],
        lifetime: timedelta,
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.lifetime = lifetime
        self._clock = clock
        self._signer = signer(secrets, "session")

    def seal(self, identity: Identity, method: str, proof: str = "") -> str:
        """Return the value of a cookie for this identity; it ends after the lifetime."""
        expires = int((self._clock() + self.lifetime).timestamp())
        who = [identity.subject, identity.name, identity.email, identity.groups[:MOST_GROUPS]]
        return text(self._signer.dumps([expires, method, proof, *who]))

    def open(self, cookie: str) -> Session | None:
        """Return the session of a cookie; None for a forged or ended one."""
        facts = read(self._signer, cookie)
        try:
            expires, method, proof, subject, name, email, groups = facts
            ends = datetime.fromtimestamp(expires, UTC)
        except (TypeError, ValueError, OverflowError):
            return None
        if self._clock() >= ends:
            return None
        return Session(Identity(subject, name, email, tuple(groups)), method, proof, ends)
