"""Conditional and partial answers (RFC 9110): If-None-Match, If-Range, Range."""

import re
from collections.abc import Mapping

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


class UnsatisfiableRangeError(Exception):
    """A range that begins after the last byte."""


def is_fresh(headers: Mapping[str, str], etag: str) -> bool:
    """Tell whether the client's copy (If-None-Match) is this one; `etag` comes with its quotes."""
    given = headers.get("if-none-match")
    if given is None:
        return False
    known = [part.strip().removeprefix("W/") for part in given.split(",")]
    return "*" in known or etag in known


def part(headers: Mapping[str, str], etag: str, size: int) -> tuple[int, int] | None:
    """Return (first byte, byte after the last) of the part asked for, None for all of it.

    Several ranges, other units and mistakes mean all of it, as the RFC allows.
    Raises UnsatisfiableRangeError.
    """
    match = _RANGE.fullmatch(headers.get("range", "").replace(" ", ""))
    if match is None or not (match[1] or match[2]):
        return None
    if headers.get("if-range", etag) != etag:
        return None
    if not match[1]:
        first, end = max(0, size - int(match[2])), size
        if not int(match[2]):
            raise UnsatisfiableRangeError
    else:
        first = int(match[1])
        end = min(size, int(match[2]) + 1) if match[2] else size
        if match[2] and int(match[2]) < first:
            return None
    if first >= size:
        raise UnsatisfiableRangeError
    return first, end
