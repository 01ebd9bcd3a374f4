"""What a camera wrote into a picture: which side is up, when, and which camera. Never where."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from PIL import ExifTags, Image

MAX_CAMERA_LENGTH = 100
FIRST_PHOTOGRAPH = 1826

_DATE = re.compile(r"(\d{4})[:/-](\d{2})[:/-](\d{2})[ T](\d{2}):(\d{2}):(\d{2})")
_TAGS = ExifTags.Base


@dataclass(frozen=True, slots=True)
class CameraFacts:
    """`orientation` is EXIF's 1 to 8; `taken_at` and `camera` are "" where not known."""

    orientation: int = 1
    taken_at: str = ""
    camera: str = ""


def read_camera_facts(image: Image.Image) -> CameraFacts:
    """Read what the camera wrote into a loaded picture; what makes no sense is left out."""
    main: Any = _attempt(image.getexif, {})
    details: Any = _attempt(lambda: main.get_ifd(ExifTags.IFD.Exif), {})
    orientation = _attempt(lambda: main.get(_TAGS.Orientation), 1)
    dates = (
        details.get(_TAGS.DateTimeOriginal),
        details.get(_TAGS.DateTimeDigitized),
        main.get(_TAGS.DateTime),
    )
    return CameraFacts(
        orientation=orientation if orientation in range(1, 9) else 1,
        taken_at=next((date for date in map(clean_date, dates) if date), ""),
        camera=camera_name(main.get(_TAGS.Make), main.get(_TAGS.Model)),
    )


def clean_date(value: object) -> str:
    """Return an EXIF date as "YYYY-MM-DDTHH:MM:SS", or "" for one that cannot be true."""
    match = _DATE.match(_clean(value))
    if not match:
        return ""
    try:
        moment = datetime(*map(int, match.groups()))  # type: ignore[arg-type] # noqa: DTZ001
    except ValueError:
        return ""
    # The camera's wall time has no zone; two days cover every zone and a clock a little ahead.
    latest = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=2)
    epoch = moment == datetime(1970, 1, 1)  # noqa: DTZ001  (a clock that was never set)
    plausible = moment.year >= FIRST_PHOTOGRAPH and moment <= latest and not epoch
    return moment.isoformat(timespec="seconds") if plausible else ""


def camera_name(make: object, model: object) -> str:
    """Return maker and model as people say them, at most 100 characters, or ""."""
    maker, name = _clean(make), _clean(model)
    first = maker.split(" ")[0].lower() if maker else ""
    full = name if name and first and name.lower().startswith(first) else f"{maker} {name}"
    return full.strip()[:MAX_CAMERA_LENGTH].strip()


def _clean(value: object) -> str:
    """Return a text up to its first NUL, without control characters, spaces collapsed."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return ""
    text = value.split("\x00")[0]
    kept = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(kept.split())


def _attempt(read: Any, fallback: Any) -> Any:
    """Call a reader of metadata; a damaged block must not cost the picture."""
    try:
        value = read()
    except Exception:  # whatever a damaged block provokes in the library
        return fallback
    return fallback if value is None else value
