"""The time, and how it is written in documents."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


def utc_text(moment: datetime) -> str:
    """Return a moment as UTC ISO 8601 to the second with Z, as documents hold it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
