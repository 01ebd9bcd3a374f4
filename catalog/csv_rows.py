"""Pictures as the lines of a CSV file, for spreadsheets."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from catalog.clock import utc_text
from catalog.records import ImageRecord

# The order is a promise to those who read the files (docs/commands.md): add at the end only.
COLUMNS = (
    "id", "key", "name", "status", "error_code", "error_message", "content_type", "size",
    "width", "height", "uploaded_at", "taken_at", "camera", "sha256", "color", "labels",
)  # fmt: skip
_LINE_BREAKS = "\r\n"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_lines(records: Iterable[ImageRecord], minimum: float | None) -> Iterator[bytes]:
    """Yield a line of names, then a line for each picture, in UTF-8.

    `labels` are those of at least `minimum` percent, surest first: `Cat 93.16; Animal 93.16`.
    """
    yield _csv_line(COLUMNS)
    for record in records:
        labels = [f"{name} {sure:.10g}" for name, sure in record.labels if _shown(sure, minimum)]
        yield _csv_line([_harmless(value) for value in _values(record, "; ".join(labels))])


def _values(record: ImageRecord, labels: str) -> tuple[object, ...]:
    return (
        record.id,
        record.key,
        record.name,
        record.status,
        record.error_code,
        record.error_message,
        record.content_type,
        record.size,
        record.width,
        record.height,
        utc_text(record.uploaded_at),
        record.taken_at,
        record.camera,
        record.sha256,
        record.color,
        labels,
    )


def _harmless(value: object) -> object:
    """Return a cell that no spreadsheet takes for a formula: names come from anybody."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def _shown(confidence: float, minimum: float | None) -> bool:
    return minimum is None or confidence >= minimum


def _csv_line(values: Sequence[object]) -> bytes:
    """Return one line; it ends as Unix tools like it, and both kinds of line break are quoted."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator=_LINE_BREAKS).writerow(values)
    return buffer.getvalue().removesuffix(_LINE_BREAKS).encode("utf-8", "replace") + b"\n"
