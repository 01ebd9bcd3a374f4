"""What goes wrong in a recogniser itself, whatever the picture."""

from catalog.errors import TaglightError

__all__ = ["RecognizerBusyError", "RecognizerUnavailableError"]


class RecognizerUnavailableError(TaglightError):
    """The recogniser does not work at the moment; the message says why or what to do."""


class RecognizerBusyError(RecognizerUnavailableError):
    """The recogniser is asked more often than it allows."""
