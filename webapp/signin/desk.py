"""The sign-in of one app: who a request is from, and everything its routes work with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from catalog.errors import SettingsError
from webapp.limits import Limit
from webapp.signin.errors import TokenError
from webapp.signin.policy import Policy
from webapp.signin.sessions import (
    BY_OPERATOR,
    BY_PASSWORD,
    BY_PROVIDER,
    COOKIE,
    SECURE_COOKIE,
    Session,
    Sessions,
)
from webapp.signin.settings import SHORTEST_SECRET, SignInSettings
from webapp.signin.users import Identity, Role, User, identity_of
from webapp.signing import signer

if TYPE_CHECKING:
    from itsdangerous import URLSafeSerializer

    from webapp.signin.provider import Provider

# Anyone may have an account there: a list has to say who is meant.
OPEN_TO_ALL = ("accounts.google.com", "login.microsoftonline.com", "appleid.apple.com")
ATTEMPTS, ATTEMPTS_OF_ALL, ATTEMPTS_SECONDS = 10, 200, 300.0


@dataclass(frozen=True, slots=True)
class SignIn:
    """Who may come in, and how they prove it."""

    settings: SignInSettings
    sessions: Sessions
    begun: "URLSafeSerializer"
    policy: Policy
    provider: "Callable[[], Provider] | None"
    attempts: Limit
    attempts_of_all: Limit
    codes: Limit  # that the provider refused, from one address

    @property
    def has_password(self) -> bool:
        """Tell whether there is a shared password."""
        return bool(self.settings.password_hash.get_secret_value())

    def user_of(self, session: Session) -> User | None:
        """Return who a session is from, by the rules of now; None when it does not count."""
        who = session.identity
        if session.method == BY_PROVIDER:
            return self.policy.admit(who) if session.proof == self.proof(BY_PROVIDER) else None
        if session.method == BY_PASSWORD:
            right = self.has_password and session.proof == self.proof(BY_PASSWORD)
            return User(who.subject, who.name, "editor") if right else None
        if session.method == BY_OPERATOR and session.proof in ("viewer", "editor"):
            role: Role = "editor" if session.proof == "editor" else "viewer"
            return User(who.subject, who.name, role)
        return None

    def proof(self, method: str) -> str:
        """Return what must be as it was at the sign-in: the provider, or the password."""
        if method == BY_PROVIDER:
            return self.settings.oidc_issuer
        return self.settings.password_hash.get_secret_value()[-16:]

    def user_of_cookies(self, cookies: dict[str, str], *, secure: bool) -> User | None:
        """Return who sends these cookies. Over TLS only the cookie counts that TLS has set."""
        cookie = cookies.get(SECURE_COOKIE) or ("" if secure else cookies.get(COOKIE, ""))
        session = self.sessions.open(cookie)
        return self.user_of(session) if session else None

    def user_of_token(self, token: str) -> User | None:
        """Return who a bearer token is from. Asks the provider for its keys: not quick."""
        if self.provider is None:
            return None
        try:
            return self.policy.admit(self.identity(self.provider().bearer(token)))
        except TokenError:
            return None

    def identity(self, claims: dict[str, object]) -> Identity:
        """Return the identity in verified claims, with the groups that matter here."""
        settings = self.settings
        who = identity_of(claims, settings.oidc_groups_claim, trust_email=settings.oidc_trust_email)
        groups = tuple(sorted(self.policy.named_groups.intersection(who.groups)))
        return Identity(who.subject, who.name, who.email, groups)


def sign_in_of(settings: SignInSettings) -> SignIn | None:
    """Compose the sign-in that is configured, None where none is. Raises SettingsError."""
    if not settings.needs_sign_in:
        return None
    check(settings)
    lifetime = timedelta(hours=settings.session_hours)
    policy = Policy(
        settings.allowed_emails,
        settings.allowed_groups,
        settings.editor_emails,
        settings.editor_groups,
        settings.default_role,
    )
    return SignIn(
        settings,
        Sessions(settings.secrets, lifetime),
        signer(settings.secrets, "sign-in begun"),
        policy,
        _provider(settings),
        Limit(ATTEMPTS, ATTEMPTS_SECONDS),
        Limit(ATTEMPTS_OF_ALL, ATTEMPTS_SECONDS),
        Limit(ATTEMPTS, ATTEMPTS_SECONDS),
    )


def check(settings: SignInSettings) -> None:
    """Raise SettingsError for a sign-in that would let in nobody, or anybody."""
    if bool(settings.oidc_issuer) != bool(settings.oidc_client_id):
        raise SettingsError("OIDC_ISSUER and OIDC_CLIENT_ID go together: set both, or none.")
    if not settings.secrets:
        raise SettingsError("A sign-in needs SESSION_SECRET: a long random text, kept to yourself.")
    if any(len(secret) < SHORTEST_SECRET for secret in settings.secrets):
        raise SettingsError(
            f"SESSION_SECRET is too short: each has at least {SHORTEST_SECRET} characters."
        )
    if settings.password_hash.get_secret_value() and find_spec("argon2") is None:
        raise SettingsError(
            "TAGLIGHT_PASSWORD_HASH needs another library: pip install 'taglight[signin]'."
        )
    listed = settings.allowed_emails or settings.allowed_groups
    if any(host in settings.oidc_issuer for host in OPEN_TO_ALL) and not listed:
        raise SettingsError(
            "Anyone has an account at this OIDC_ISSUER. Say who may come in with "
            "TAGLIGHT_ALLOWED_EMAILS or TAGLIGHT_ALLOWED_GROUPS."
        )


def _provider(settings: SignInSettings) -> "Callable[[], Provider] | None":
    """Return what makes the provider at its first use: its libraries take half a second."""
    if not settings.oidc_issuer:
        return None
    if not all(map(find_spec, ("authlib", "httpx2", "joserfc"))):
        raise SettingsError("OIDC_ISSUER needs more libraries: pip install 'taglight[signin]'.")

    @cache
    def provider() -> "Provider":
        from webapp.signin.provider import Provider, Registration

        return Provider(
            Registration(
                settings.oidc_issuer,
                settings.oidc_client_id,
                settings.oidc_client_secret.get_secret_value(),
                settings.oidc_scopes,
                settings.oidc_audience,
            )
        )

    return provider
