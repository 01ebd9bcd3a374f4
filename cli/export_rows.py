"""Pictures as the lines of an export: CSV for spreadsheets, JSON for programs."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence

from catalog.clock import utc_text
from catalog.document import Document, read_document
from catalog.errors import DocumentError, InvalidKeyError, ObjectNotFoundError
from catalog.keys import metadata_key, trash_key
from catalog.records import ImageRecord
from catalog.storage import ObjectStore
from webapp.image_json import detail
from webapp.media import FolderUrls

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


def json_lines(
    store: ObjectStore, records: Iterable[ImageRecord], minimum: float | None
) -> Iterator[bytes]:
    """Yield an object for each picture, as `GET /api/images/<id>` has it but for `document`."""
    urls = FolderUrls()
    for record in records:
        shown = detail(record, urls, _document(store, record), None)
        del shown["document"]
        shown["labels"] = [each for each in shown["labels"] if _shown(each["confidence"], minimum)]
        line = json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
        yield line.encode("utf-8", "replace") + b"\n"


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


def _document(store: ObjectStore, record: ImageRecord) -> Document | None:
    """Return a picture's document; without one, the labels of the catalog have no source."""
    key = metadata_key(record.key)
    try:
        return read_document(store.read(trash_key(record.trash, key) if record.trash else key)[0])
    except (ObjectNotFoundError, DocumentError, InvalidKeyError):
        return None
