"""Reading single values tolerantly: what cannot be used comes back as nothing, never as an error.

The reader's one exception is depth: what is nested too deeply could not be written again.
"""

import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from catalog.errors import DocumentError

MAX_DEPTH = 64
MAX_NAME = 1000

_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z", re.ASCII)
_WALL_TIME = re.compile(r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:\d\d", re.ASCII)
_HEX = re.compile(r"#?([0-9a-f]{6})", re.ASCII)
_LARGEST_WHOLE = 2**53


class Shape:
    """The fields that an object may have, found in any letter case, with or without `_` and `-`.

    A field in another spelling than ours counts only where it holds what it should: an object
    or list for those named in `objects` and `lists`. Else it is another tool's, and kept.
    """

    def __init__(self, *names: str, objects: tuple[str, ...] = (), lists: tuple[str, ...] = ()):
        self.names = frozenset(names)
        self.types = dict.fromkeys(objects, dict) | dict.fromkeys(lists, list)
        self.folded = {_fold(name): name for name in names}

    def split(self, value: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Split an object into its known fields, under their own names, and all others.

        A field in the exact spelling wins over one in another. Raises DocumentError where an
        unknown field is nested too deeply.
        """
        if value.keys() <= self.names:
            return value, {}
        known = {name: content for name, content in value.items() if name in self.names}
        extra: dict[str, Any] = {}
        for name, content in value.items():
            if name in self.names:
                continue
            canonical = self.folded.get(_fold(name))
            if canonical and canonical not in known and self._holds(canonical, content):
                known[canonical] = content
            else:
                extra[name] = content
        check_depth(extra)
        return known, extra

    def _holds(self, name: str, content: Any) -> bool:
        expected = self.types.get(name)
        return expected is None or isinstance(content, expected)


def _fold(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def check_depth(value: Any) -> None:
    """Raise DocumentError where lists and objects are nested deeper than MAX_DEPTH."""
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return
    raise DocumentError("This document is nested too deeply.")


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def text(value: Any) -> str:
    """Return a text as it is, and nothing for anything else."""
    return value if isinstance(value, str) else ""


def name(value: Any) -> str:
    """Return a label's name without surrounding space, or nothing where it is none."""
    if not isinstance(value, str):
        return ""
    return _remembered_name(value) if len(value) <= MAX_NAME else _name(value)


def _name(value: str) -> str:
    stripped = value.strip()
    return stripped if len(stripped) <= MAX_NAME else ""


# The same few hundred names stand in document after document.
_remembered_name = lru_cache(maxsize=4096)(_name)


def number(value: Any) -> float | None:
    """Return a finite number, also where it stands as text, with or without a percent sign."""
    if isinstance(value, bool) or not isinstance(value, float | int | str):
        return None
    try:
        found = float(value.strip().removesuffix("%") if isinstance(value, str) else value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def percent(value: Any) -> float | None:
    """Return a number, brought within 0 and 100."""
    if type(value) is float and 0.0 <= value <= 100.0:
        return value
    found = number(value)
    return None if found is None else min(100.0, max(0.0, found))


def whole(value: Any) -> int | None:
    """Return a whole number that is not negative."""
    if type(value) is int:
        return value if 0 <= value < _LARGEST_WHOLE else None
    found = number(value)
    usable = found is not None and 0 <= found < _LARGEST_WHOLE and found == int(found)
    return int(found) if found is not None and usable else None


def utc(value: Any) -> str:
    """Return a moment as UTC ISO 8601 with Z; without a zone it is taken as UTC."""
    if not isinstance(value, str):
        return ""
    try:
        moment = datetime.fromisoformat(value)
        if _UTC.fullmatch(value):
            return value
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError):
        return ""


def wall_time(value: Any) -> str:
    """Return a moment as the clock showed it, ISO 8601 to the second, without zone."""
    if not value or not isinstance(value, str):
        return ""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return ""
    if _WALL_TIME.fullmatch(value):
        return value
    return moment.replace(tzinfo=None, microsecond=0).isoformat()


def hex_color(value: Any) -> str:
    """Return a colour as `#rrggbb`; it goes into style sheets, so nothing else passes."""
    match = _HEX.fullmatch(text(value).lower())
    return f"#{match[1]}" if match else ""


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects in a list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
