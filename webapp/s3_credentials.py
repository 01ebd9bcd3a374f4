"""Whose signature it is: the credentials of the environment, as they are at the moment."""

import os
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog.errors import StoreUnavailableError


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key; temporary ones have a token, and an end where it is known."""

    access_key: str
    secret_key: str
    token: str = ""
    ends: datetime | None = None

    def __repr__(self) -> str:
        """Show nothing that signs."""
        return f"Credentials({self.access_key!r})"


class EnvironmentCredentials:
    """Gives the environment's own access key, or what botocore finds (profile, role, sign-in).

    botocore is asked once where to look, and after that renews what ends.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: Any = None

    def __call__(self) -> Credentials:
        """Return the credentials as they are now. Raises StoreUnavailableError without any."""
        key, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
        if key and secret:
            return Credentials(key, secret, os.environ.get("AWS_SESSION_TOKEN", ""))
        from botocore.exceptions import BotoCoreError

        try:
            frozen = self._source().get_frozen_credentials()
        except BotoCoreError as error:
            raise StoreUnavailableError(f"The credentials cannot be renewed: {error}") from error
        ends = getattr(self._found, "_expiry_time", None)
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token or "", ends)

    def _source(self) -> Any:
        with self._lock:
            if self._found is None:
                from botocore.session import get_session

                self._found = get_session().get_credentials()
            if self._found is None:
                raise StoreUnavailableError(
                    "There are no credentials to sign with. Set AWS_ACCESS_KEY_ID and "
                    "AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or sign in with: aws sso login"
                )
            return self._found
