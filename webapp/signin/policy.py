"""Whom the operator lets in, and as what."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from webapp.signin.users import Identity, Role, User


@dataclass(frozen=True, slots=True)
class Policy:
    """Lists of e-mail patterns (`*@example.org`) and groups.

    Without lists everyone comes in whom the provider lets in. Who is in no list of editors has
    the default role.
    """

    emails: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    editor_emails: tuple[str, ...] = ()
    editor_groups: tuple[str, ...] = ()
    default_role: Role = "viewer"

    def admit(self, who: Identity) -> User | None:
        """Return the user that an identity is here, None for one who is not let in."""
        editor = matches(who.email, self.editor_emails) or shares(who, self.editor_groups)
        if self.is_closed and not (
            editor or matches(who.email, self.emails) or shares(who, self.groups)
        ):
            return None
        role: Role = "editor" if editor else self.default_role
        return User(who.subject, who.email or who.name or who.subject, role)

    @property
    def is_closed(self) -> bool:
        """Tell whether the operator named those who may come in."""
        return bool(self.emails or self.groups)

    @property
    def named_groups(self) -> frozenset[str]:
        """The groups that matter here."""
        return frozenset(self.groups) | frozenset(self.editor_groups)


def matches(email: str, patterns: Iterable[str]) -> bool:
    """Tell whether an e-mail address is one of these, or fits a pattern with `*`."""
    return bool(email) and any(fnmatchcase(email.lower(), pattern) for pattern in patterns)


def shares(who: Identity, groups: Iterable[str]) -> bool:
    """Tell whether someone is in one of these groups."""
    return not set(groups).isdisjoint(who.groups)
