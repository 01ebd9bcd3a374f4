"""Pictures as the lines of an export: CSV for spreadsheets, JSON for programs."""

import json
from collections.abc import Iterable, Iterator

from catalog.csv_rows import COLUMNS, csv_lines
from catalog.document import Document, read_document
from catalog.errors import DocumentError, InvalidKeyError, ObjectNotFoundError
from catalog.records import ImageRecord
from catalog.storage import ObjectStore
from webapp.image_json import detail
from webapp.media import FolderUrls

__all__ = ["COLUMNS", "csv_lines", "json_lines"]


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


def _shown(confidence: float, minimum: float | None) -> bool:
    return minimum is None or confidence >= minimum


def _document(store: ObjectStore, record: ImageRecord) -> Document | None:
    """Return a picture's document; without one, the labels of the catalog have no source."""
    try:
        return read_document(store.read(record.document_key)[0])
    except (ObjectNotFoundError, DocumentError, InvalidKeyError):
        return None
