"""What an operator may set about who comes in, from the environment."""

from typing import Literal

from pydantic import Field, SecretStr, field_validator

from catalog.environment import Environment
from webapp.origins import is_trustworthy

Names = tuple[str, ...]

SHORTEST_SECRET = 16


def separated(value: object) -> object:
    """Split a text at its commas; anything else is left to the validation."""
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


class SignInSettings(Environment):
    """The sign-in: configured by a provider, a shared password, or both."""

    session_secret: SecretStr = Field(
        default=SecretStr(""),
        validation_alias="SESSION_SECRET",
        description="Signs sessions and upload tickets; on one machine it is made for you. "
        "Several, separated by commas: the first signs, all are read.",
    )
    session_hours: float = Field(
        default=12,
        gt=0,
        le=24 * 31,
        validation_alias="TAGLIGHT_SESSION_HOURS",
        description="After so many hours one has to sign in again.",
    )
    password_hash: SecretStr = Field(
        default=SecretStr(""),
        validation_alias="TAGLIGHT_PASSWORD_HASH",
        description="One shared password, as `taglight password` has written it: "
        "who knows it is an editor.",
    )
    oidc_issuer: str = Field(
        default="",
        validation_alias="OIDC_ISSUER",
        description="The OpenID provider people sign in at: https://login.example.org",
    )
    oidc_client_id: str = Field(
        default="",
        validation_alias="OIDC_CLIENT_ID",
        description="What this Taglight is called at the provider.",
    )
    oidc_client_secret: SecretStr = Field(
        default=SecretStr(""),
        validation_alias="OIDC_CLIENT_SECRET",
        description="The secret that goes with it, where the provider wants one.",
    )
    oidc_scopes: str = Field(
        default="openid email profile",
        validation_alias="OIDC_SCOPES",
        description="What is asked of the provider, separated by spaces.",
    )
    oidc_audience: str = Field(
        default="",
        validation_alias="OIDC_AUDIENCE",
        description="The audience of bearer tokens, where it is not the client's name.",
    )
    oidc_groups_claim: str = Field(
        default="groups",
        validation_alias="OIDC_GROUPS_CLAIM",
        description="The claim that holds someone's groups or roles (Cognito: cognito:groups).",
    )
    oidc_trust_email: bool = Field(
        default=False,
        validation_alias="OIDC_TRUST_EMAIL",
        description="Believe e-mail addresses that the provider does not say it has verified.",
    )
    allowed_emails: Names = Field(
        default=(),
        validation_alias="TAGLIGHT_ALLOWED_EMAILS",
        description="Who may come in: addresses and patterns (*@example.org).",
    )
    allowed_groups: Names = Field(
        default=(),
        validation_alias="TAGLIGHT_ALLOWED_GROUPS",
        description="Groups whose members may come in.",
    )
    editor_emails: Names = Field(
        default=(),
        validation_alias="TAGLIGHT_EDITOR_EMAILS",
        description="Who may upload, correct and delete: addresses and patterns.",
    )
    editor_groups: Names = Field(
        default=(),
        validation_alias="TAGLIGHT_EDITOR_GROUPS",
        description="Groups whose members may upload, correct and delete.",
    )
    default_role: Literal["viewer", "editor"] = Field(
        default="viewer",
        validation_alias="TAGLIGHT_DEFAULT_ROLE",
        description="What those are who came in and are in no list of editors: viewer or editor.",
    )

    @field_validator(
        "allowed_emails", "allowed_groups", "editor_emails", "editor_groups", mode="before"
    )
    @classmethod
    def _split(cls, value: object) -> object:
        return separated(value)

    @field_validator("allowed_emails", "editor_emails")
    @classmethod
    def _lower(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(email.lower() for email in value)

    @field_validator("oidc_issuer")
    @classmethod
    def _check_issuer(cls, value: str) -> str:
        if value and not is_trustworthy(value):
            raise ValueError("OIDC_ISSUER is an https address: https://login.example.org")
        return value

    @field_validator("password_hash")
    @classmethod
    def _check_hash(cls, value: SecretStr) -> SecretStr:
        hashed = value.get_secret_value()
        if hashed and not hashed.startswith("$argon2id$"):
            raise ValueError("write what `taglight password` shows, in single quotes")
        return value

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets: the first signs, all are read."""
        parts = self.session_secret.get_secret_value().split(",")
        return tuple(part.strip() for part in parts if part.strip())

    @property
    def needs_sign_in(self) -> bool:
        """Tell whether a sign-in is configured, in part or whole."""
        return bool(
            self.oidc_issuer or self.oidc_client_id or self.password_hash.get_secret_value()
        )
