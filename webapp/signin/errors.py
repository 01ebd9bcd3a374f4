"""What goes wrong while someone signs in."""

from catalog.errors import TaglightError


class ProviderUnavailableError(TaglightError):
    """The provider does not answer, or not as one."""


class TokenError(TaglightError):
    """A token or a code that proves nothing; the reason is for the log."""
