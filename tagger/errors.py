"""What can go wrong on the way from an event to a document.

TaglightError
 ├ EventError         an event that is not of a shape we know
 ├ PictureError       a file that cannot be read as a picture, for good
 ├ RecognitionError   a picture that the recogniser refuses, for good
 └ CutOffError        we end in the middle of a picture, which is to come again

A recogniser that does not answer, but later may, has its error in tagger/recognizers/errors.py.
"""

from catalog.errors import TaglightError


class EventError(TaglightError):
    """An event that is not of a shape we know; `reason` is a sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PictureError(TaglightError):
    """A file that cannot be read as a picture, now or later.

    `code` is one of `empty`, `not_a_picture`, `unsupported`, `truncated`, `damaged`, `too_large`
    (bytes), `too_many_pixels`, `out_of_memory` and `too_slow`; `message` is a sentence for a
    person.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def out_of_memory() -> PictureError:
    """Return the error of a picture that takes more memory than there is for it."""
    return PictureError("out_of_memory", "There was not enough memory to read this picture.")


class RecognitionError(TaglightError):
    """A picture that the recogniser refuses for good: a stable code, a sentence for a person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class CutOffError(TaglightError):
    """We end in the middle of a picture, which is to come again as if it had never come."""
