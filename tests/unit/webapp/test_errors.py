"""Each error of the catalog has its status and a sentence."""

import inspect

import pytest

from catalog import errors
from webapp.errors import STATUS_OF, as_request_error

ALL = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, errors.TaglightError)
]


@pytest.mark.parametrize("kind", ALL)
def test_every_error_is_in_the_table(kind: type[errors.TaglightError]) -> None:
    assert kind in STATUS_OF


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (errors.ContentMismatchError("uploads/a", "length"), 403, "bytes"),
        (errors.ContentMismatchError("uploads/a", "checksum"), 400, "bytes"),
        (errors.KeyTakenError("uploads/a"), 409, "place"),
        (errors.StoreRefusedError("AccessDenied"), 503, "lacks the right"),
        (errors.DocumentError("A label needs a name."), 422, "A label needs a name."),
        (errors.InvalidKeyError("a\0", "A key cannot hold that."), 400, "A key cannot hold that."),
    ],
)
def test_status_and_sentence(error: errors.TaglightError, status: int, words: str) -> None:
    translated = as_request_error(error)
    assert translated.status == status
    assert words in translated.sentence
    assert "uploads/a" not in translated.sentence


def test_position_travels() -> None:
    translated = as_request_error(errors.SearchSyntaxError("A number is missing here.", 4))
    assert (translated.status, translated.facts) == (400, {"position": 4})


def test_errors_of_tomorrow_have_a_status() -> None:
    class NewError(errors.StoreUnavailableError):
        pass

    assert as_request_error(NewError("x")).status == 503
