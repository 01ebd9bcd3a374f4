"""What goes wrong in a recogniser itself, whatever the picture."""

from catalog.errors import TaglightError

__all__ = ["RecognizerUnavailableError"]


class RecognizerUnavailableError(TaglightError):
    """The recogniser cannot work on this machine; the message says what to do."""
