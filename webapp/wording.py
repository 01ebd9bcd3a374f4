"""Numbers, sizes and dates as people read them. Times are UTC unless a camera wrote them."""

from datetime import date, datetime
from functools import lru_cache

NBSP = "\u00a0"
_UNITS = ("bytes", "KB", "MB", "GB")


def percent(confidence: float) -> str:
    """Write a confidence (0 to 100), rounded down, so that it never looks surer than it is."""
    if 0 < confidence < 1:
        return f"under 1{NBSP}%"
    return f"{int(confidence)}{NBSP}%"


def count(number: int, *, exact: bool = True) -> str:
    """Write a number with a comma between thousands, and whether it is about right only."""
    return f"{number:,}" if exact else f"about {number:,}"


def pictures(number: int) -> str:
    """Write how many pictures, in the right grammatical number."""
    return f"{number:,} picture" + ("" if number == 1 else "s")


def file_size(size: int | None) -> str:
    """Write a size in bytes as KB, MB or GB (powers of 1,000, as file managers show it)."""
    if size is None:
        return ""
    value, unit = float(size), 0
    while value >= 999.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    number = f"{value:.1f}" if unit > 1 and value < 10 else f"{value:.0f}"
    return f"{number}{NBSP}{_UNITS[unit]}"


@lru_cache(maxsize=5000)
def day(moment: date, today: date) -> str:
    """Write a day as a heading: Today, Yesterday, Saturday 21 November, with another year."""
    distance = (today - moment).days
    if distance == 0:
        return "Today"
    if distance == 1:
        return "Yesterday"
    year = "" if moment.year == today.year else f" {moment.year}"
    return f"{moment:%A} {moment.day} {moment:%B}{year}"


@lru_cache(maxsize=1000)
def month(moment: date) -> str:
    """Write a month as a heading: November 2026."""
    return f"{moment:%B} {moment.year}"


def date_and_time(moment: datetime) -> str:
    """Write a moment in full: Saturday 21 November 2026, 09:12."""
    return f"{moment:%A} {moment.day} {moment:%B} {moment.year}, {moment:%H:%M}"


def wall_time(text: str) -> str:
    """Write a camera's wall time (ISO 8601) in full; what is no time is returned as it is."""
    try:
        return date_and_time(datetime.fromisoformat(text))
    except ValueError:
        return text


def parse_day(text: str) -> date | None:
    """Return the day of an ISO 8601 text, or None where there is none."""
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        return None


def first_upper(text: str) -> str:
    """Write a text with a capital first letter, and leave the others alone."""
    return text[:1].upper() + text[1:]
