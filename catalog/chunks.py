"""Cutting long lists into what one statement may hold."""

from collections.abc import Iterable, Iterator, Sized
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

# Values in one IN (...): well below every engine's limit.
CHUNK = 500


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Cut items into lists of at most `size`."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def marks(values: Sized) -> str:
    """Return the places of these values in a ready statement, as IN takes them."""
    return f"({', '.join('?' * len(values))})"
