"""The OpenID provider: what it says of itself, its keys, and the tokens that it signs.

authlib speaks OAuth, joserfc checks signatures. Nothing is fetched before it is needed, and
nothing the provider says chooses how it is checked: the algorithms are ours.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

from authlib.common.errors import AuthlibBaseError
from authlib.common.urls import add_params_to_uri
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from httpx2 import BaseTransport, Client, HTTPError
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from webapp.origins import is_trustworthy
from webapp.signin.errors import ProviderUnavailableError, TokenError

if TYPE_CHECKING:
    from joserfc.jwt import Token

log = logging.getLogger("taglight.signin")

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
TIMEOUT = 5.0  # seconds for one answer of the provider
KEPT_FOR = 3600.0  # seconds that metadata and keys are kept
ASK_AGAIN_AFTER = 30.0  # seconds between two looks for a key that is not known
LEEWAY = 60  # seconds that clocks may differ
LONGEST_TOKEN = 16 * 1024


@dataclass(frozen=True, slots=True)
class Registration:
    """How we are known at the provider."""

    issuer: str
    client_id: str
    client_secret: str = ""
    scopes: str = "openid email profile"
    audience: str = ""  # of bearer tokens; the client's id where it is empty


class Provider:
    """One provider, asked when needed; safe to use from many threads."""

    def __init__(
        self,
        client: Registration,
        *,
        transport: BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._transport = transport
        self._clock = clock
        self._now = now
        self._lock = Lock()
        self._metadata: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None

    def begin(self, back: str, state: str, nonce: str, verifier: str) -> str:
        """Return the address where someone signs in; `back` is where the provider sends them.

        Raises ProviderUnavailableError.
        """
        with self._oauth(back) as oauth:
            url, _ = oauth.create_authorization_url(
                self._endpoint("authorization_endpoint"),
                state=state,
                code_verifier=verifier,
                nonce=nonce,
            )
        return str(url)

    def redeem(self, code: str, back: str, nonce: str, verifier: str) -> dict[str, Any]:
        """Return the verified claims for a code. Raises TokenError, ProviderUnavailableError."""
        endpoint = self._endpoint("token_endpoint")
        try:
            with self._oauth(back) as oauth:
                answer = oauth.fetch_token(
                    endpoint,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=verifier,
                )
        except AuthlibBaseError as error:
            raise TokenError(f"The provider refused the code: {error.error}.") from error
        except (HTTPError, ValueError) as error:
            raise ProviderUnavailableError("The provider's tokens cannot be had.") from error
        if not isinstance(answer, dict) or not isinstance(answer.get("id_token"), str):
            raise TokenError("The provider gave no id_token.")
        token = self._checked(answer["id_token"])
        options: Any = {
            "iss": {"essential": True, "value": self._client.issuer},
            "aud": {"essential": True, "value": self._client.client_id},
        }
        claims = CodeIDToken(
            token.claims,
            token.header,
            options,
            {
                "nonce": nonce,
                "client_id": self._client.client_id,
                "access_token": answer.get("access_token"),
            },
        )
        try:
            claims.validate(now=int(self._now()), leeway=LEEWAY)
        except JoseError as error:
            raise TokenError(f"The id_token is refused: {error.error}.") from error
        return dict(claims)

    def bearer(self, token: str) -> dict[str, Any]:
        """Return the claims of a bearer token made for us. Raises as `redeem` does.

        An access token of Cognito has no audience; it names the client instead.
        """
        claims = self._checked(token).claims
        audience = self._client.audience or self._client.client_id
        needed: dict[str, Any] = {
            "iss": {"essential": True, "value": self._client.issuer},
            "sub": {"essential": True},
            "exp": {"essential": True},
        }
        if "aud" not in claims and claims.get("token_use") == "access":
            needed["client_id"] = {"essential": True, "value": self._client.client_id}
        else:
            needed["aud"] = {"essential": True, "value": audience}
        registry = jwt.JWTClaimsRegistry(now=int(self._now()), leeway=LEEWAY, **needed)
        try:
            registry.validate(claims)
        except JoseError as error:
            raise TokenError(f"The bearer token is refused: {error.error}.") from error
        return claims

    def logout(self, back: str) -> str | None:
        """Return the address that ends the session there, None where the provider has none."""
        endpoint = self._about().get("end_session_endpoint")
        if not isinstance(endpoint, str) or not is_trustworthy(endpoint):
            return None
        asked = [
            ("client_id", self._client.client_id),
            ("post_logout_redirect_uri", back),
            ("logout_uri", back),  # what Cognito calls it
        ]
        return str(add_params_to_uri(endpoint, asked))

    def _checked(self, token: str) -> "Token":
        """Return a token whose signature is the provider's. Raises TokenError."""
        if len(token) > LONGEST_TOKEN:
            raise TokenError("The token is too long.")
        registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        try:
            try:
                return jwt.decode(token, self._key_set(), registry=registry)
            except (InvalidKeyIdError, BadSignatureError):  # a new key, perhaps
                return jwt.decode(token, self._key_set(fresh=True), registry=registry)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            reason = getattr(error, "error", "") or type(error).__name__
            raise TokenError(f"The token's signature is refused: {reason}.") from error

    def _key_set(self, *, fresh: bool = False) -> KeySet:
        """Return the keys; a fresh set at most every half minute, whatever tokens are sent."""
        with self._lock:
            kept = self._keys
            age = self._clock() - kept[0] if kept else 0.0
            if kept and age < (ASK_AGAIN_AFTER if fresh else KEPT_FOR):
                return kept[1]
        try:
            found = KeySet.import_key_set(self._fetch(self._endpoint("jwks_uri")))  # type: ignore[arg-type]
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise ProviderUnavailableError("The provider's keys cannot be read.") from error
        with self._lock:
            self._keys = (self._clock(), found)
        return found

    def _about(self) -> dict[str, Any]:
        """Return what the provider says of itself. Raises ProviderUnavailableError."""
        with self._lock:
            if self._metadata and self._clock() - self._metadata[0] < KEPT_FOR:
                return self._metadata[1]
        issuer = self._client.issuer
        found = self._fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != issuer:
            log.error("OIDC_ISSUER names another issuer than the provider itself does.")
            raise ProviderUnavailableError("The provider says that it is another one.")
        with self._lock:
            self._metadata = (self._clock(), found)
        return found

    def _endpoint(self, name: str) -> str:
        endpoint = self._about().get(name)
        if not isinstance(endpoint, str) or not is_trustworthy(endpoint):
            raise ProviderUnavailableError(f"The provider has no {name} that can be trusted.")
        return endpoint

    def _fetch(self, url: str) -> dict[str, Any]:
        try:
            with Client(timeout=TIMEOUT, transport=self._transport) as http:
                answer = http.get(url, headers={"Accept": "application/json"})
                answer.raise_for_status()
                found = answer.json()
        except (HTTPError, ValueError) as error:
            raise ProviderUnavailableError("The provider does not answer.") from error
        if not isinstance(found, dict):
            raise ProviderUnavailableError("The provider does not answer as one.")
        return found

    def _oauth(self, back: str) -> OAuth2Client:
        secret = self._client.client_secret
        return OAuth2Client(
            self._client.client_id,
            secret or None,
            token_endpoint_auth_method="client_secret_basic" if secret else "none",
            scope=self._client.scopes,
            redirect_uri=back,
            code_challenge_method="S256",
            timeout=TIMEOUT,
            transport=self._transport,
        )
