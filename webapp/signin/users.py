"""Who acts, and what they may do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Role = Literal["viewer", "editor"]
MOST_GROUPS = 50  # more would not fit into a cookie


@dataclass(frozen=True, slots=True)
class Identity:
    """What the provider vouches for; `email` only where it has verified the address."""

    subject: str
    name: str = ""
    email: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class User:
    """Someone who is signed in; `name` is what pages show and edits keep."""

    subject: str
    name: str
    role: Role

    @property
    def may_edit(self) -> bool:
        """Tell whether they may upload, delete, correct and tag again."""
        return self.role == "editor"


def identity_of(
    claims: Mapping[str, Any], groups_claim: str, *, trust_email: bool = False
) -> Identity:
    """Read an identity from verified claims; an unverified e-mail address counts as none."""
    verified = trust_email or claims.get("email_verified") in (True, "true")
    email = str(claims.get("email") or "").strip().lower() if verified else ""
    groups = claims.get(groups_claim)
    if isinstance(groups, str):
        groups = groups.replace(",", " ").split()
    names = [str(group) for group in groups if group] if isinstance(groups, list) else []
    name = str(claims.get("name") or claims.get("preferred_username") or "").strip()
    return Identity(str(claims["sub"]), name[:200], email, tuple(names))
