"""The values in a search text: thresholds, moments, states, colours and formats.

Each function takes a value and the position at which it stands, for the error.
"""

import re
from datetime import UTC, datetime, timedelta

from catalog.errors import SearchSyntaxError
from catalog.query.terms import COLORS, STATES, State

_NUMBER = re.compile(r"([0-9]+(?:\.[0-9]+)?)%?")
_MOMENT = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2})"
    r"(?:[T ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.[0-9]{1,9})?)?"
    r"(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?)?)?)?",
    re.IGNORECASE,
)
_FORMAT = re.compile(r"[a-z0-9][a-z0-9.+-]{0,63}")

_STATES: dict[str, State] = {state: state for state in STATES}
_STATES |= {"unlabeled": "unlabelled", "deleted": "trashed", "trash": "trashed"}
_COLORS = {color: color for color in COLORS}
_COLORS |= {"gray": "grey", "violet": "purple", "magenta": "pink", "aqua": "cyan"}
_COLORS |= {"teal": "cyan", "turquoise": "cyan"}
_FORMATS = {"jpg": "jpeg", "jpe": "jpeg", "jfif": "jpeg", "pjpeg": "jpeg", "tif": "tiff"}
_FORMATS |= {"dib": "bmp", "x-ms-bmp": "bmp", "avifs": "avif"}


def percent(text: str, position: int) -> float:
    """Read a confidence from 0 to 100. Raises SearchSyntaxError."""
    match = _NUMBER.fullmatch(text)
    if not match:
        said = f", not {_shown(text)}" if text else ""
        raise SearchSyntaxError(f"Here goes a number from 0 to 100{said}.", position)
    number = float(match[1])
    if number > 100:
        message = f"A confidence lies between 0 and 100; {_shown(text)} is too high."
        raise SearchSyntaxError(message, position)
    return number


def percent_range(text: str, position: int) -> tuple[float, float]:
    """Read `60..90` as two confidences, both included. Raises SearchSyntaxError."""
    low_text, _, high_text = text.partition("..")
    if not (low_text and high_text):
        raise SearchSyntaxError("A range has two ends, as in dog:60..90.", position)
    low = percent(low_text, position)
    high = percent(high_text, position + len(low_text) + 2)
    if low > high:
        message = f"This range runs backwards: write {high_text}..{low_text}."
        raise SearchSyntaxError(message, position)
    return low, high


def state(text: str, position: int) -> State:
    """Read the state after `is:`. Raises SearchSyntaxError with those that there are."""
    found = _STATES.get(text.lower())
    if found is None:
        raise SearchSyntaxError(_choose("state", text, "is:", STATES), position)
    return found


def color(text: str, position: int) -> str:
    """Read the colour after `color:`. Raises SearchSyntaxError with those that there are."""
    found = _COLORS.get(text.lower())
    if found is None:
        raise SearchSyntaxError(_choose("colour", text, "color:", COLORS), position)
    return found


def picture_format(text: str, position: int) -> str:
    """Read the format after `type:` as in a content type. Raises SearchSyntaxError."""
    name = text.lower().removeprefix("image/").lstrip(".")
    if not _FORMAT.fullmatch(name):
        message = "After type: goes a format: jpeg, png, webp, gif, avif, tiff, bmp or heic."
        raise SearchSyntaxError(message, position)
    return _FORMATS.get(name, name)


def moment(text: str, position: int) -> datetime:
    """Read a year, month, day or date-time as the UTC moment at which it begins.

    Without a zone it is UTC. Raises SearchSyntaxError.
    """
    match = _MOMENT.fullmatch(text)
    if not match:
        message = "Here goes a date: a year, month or day as in 2026, 2026-02 or 2026-02-28"
        raise SearchSyntaxError(f"{message}{_not(text)}.", position)
    parts = [int(match[part] or default) for part, default in _PARTS]
    try:
        return datetime(*parts, tzinfo=UTC) - _offset(match["zone"])  # type: ignore[misc, arg-type]
    except (ValueError, OverflowError):
        message = f"There is no such date: {_shown(text)}."
        raise SearchSyntaxError(message, position) from None


_PARTS = (("year", 1), ("month", 1), ("day", 1), ("hour", 0), ("minute", 0), ("second", 0))


def _offset(zone: str | None) -> timedelta:
    if not zone or zone in "Zz":
        return timedelta()
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    if hours > 23 or minutes > 59:
        raise ValueError(zone)
    offset = timedelta(hours=hours, minutes=minutes)
    return -offset if zone[0] == "-" else offset


def _choose(what: str, text: str, keyword: str, allowed: tuple[str, ...]) -> str:
    names = f"{', '.join(allowed[:-1])} or {allowed[-1]}"
    if not text:
        return f"After {keyword} goes a {what}: {names}."
    return f"There is no {what} {_shown(text)}. Write {keyword} and one of {names}."


def _not(text: str) -> str:
    return f", not {_shown(text)}" if text else ""


def _shown(text: str) -> str:
    return f"“{text}”" if len(text) <= 40 else f"“{text[:39]}…”"
