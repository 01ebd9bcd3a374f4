"""What we sign, so that it comes back as we gave it: sessions, tickets, sign-ins begun."""

import hashlib
from collections.abc import Sequence
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

LONGEST = 4000  # characters that browsers keep of a cookie


def signer(secrets: Sequence[str], purpose: str) -> URLSafeSerializer:
    """Return a signer that signs with the first secret and reads what any of them has signed."""
    if not secrets or not all(secrets):
        raise ValueError("Nothing can be signed with an empty secret.")
    return URLSafeSerializer(
        list(reversed(secrets)),  # its newest is the last one
        salt=f"taglight {purpose}",
        signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
    )


def read(signed_by: URLSafeSerializer, value: str) -> Any:
    """Return what was signed; None where it was not, or is too long to be ours."""
    if not value or len(value) > LONGEST:
        return None
    try:
        return signed_by.loads(value)
    except (BadData, ValueError):
        return None


def text(value: str | bytes) -> str:
    """Return what the signer made as text."""
    return value if isinstance(value, str) else value.decode()
