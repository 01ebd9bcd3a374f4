"""The web app's settings, from the environment; each with the sentence that docs/ shows."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from catalog.settings import MAX_UPLOAD_BYTES
from webapp.signin.settings import SignInSettings


class WebSettings(SignInSettings):
    """What an operator may set about the web app."""

    public_url: str = Field(
        default="",
        validation_alias="PUBLIC_URL",
        description="The address people use, when it is not loopback: https://pictures.example.org",
    )
    allowed_hosts: tuple[str, ...] = Field(
        default=(),
        validation_alias="TAGLIGHT_ALLOWED_HOSTS",
        description="More hosts that are answered, separated by commas; each with or without port.",
    )
    max_upload_bytes: int = Field(
        default=MAX_UPLOAD_BYTES,
        ge=1,
        validation_alias="MAX_UPLOAD_BYTES",
        description="The largest picture that is sent or read, in bytes.",
    )

    tickets_per_minute: int = Field(
        default=3000,
        ge=1,
        validation_alias="TAGLIGHT_TICKETS_PER_MINUTE",
        description="So many pictures may one signed-in user begin to send in a minute.",
    )

    disk_reserve: int = Field(
        default=256 * 1024 * 1024,
        ge=0,
        validation_alias="TAGLIGHT_DISK_RESERVE",
        description="So many bytes of the disk (5 % at most) are kept for what Taglight writes.",
    )

    most_waiting: int = Field(
        default=100_000,
        ge=1,
        validation_alias="TAGLIGHT_MOST_WAITING",
        description="With so many sent pictures waiting to be tagged, no more are taken for now.",
    )

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _split_hosts(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip().lower() for part in value.split(",") if part.strip())
        return value

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, value: str) -> str:
        if not value:
            return ""
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/"):
            raise ValueError("PUBLIC_URL is a scheme and a host: https://pictures.example.org")
        return f"{parts.scheme}://{parts.netloc.lower()}"


def local_secret(folder: Path) -> str:
    """Return this library's secret, made at the first call and kept in `folder`/secret (0600).

    Two processes that ask at once get the same one. Raises OSError where it cannot be kept.
    """
    path = folder / "secret"
    with suppress(FileNotFoundError):
        return path.read_text("ascii")
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".secret-{secrets.token_hex(8)}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32))
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    return path.read_text("ascii")
