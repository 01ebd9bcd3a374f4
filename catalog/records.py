"""What the catalog answers with."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement

from catalog.document import Status, Thumbnail
from catalog.keys import metadata_key, trash_key
from catalog.schema import image
from catalog.terms import moment


@dataclass(slots=True)
class ImageRecord:
    """One picture as the catalog knows it: size in bytes, width and height in upright pixels.

    `labels` are all that are shown, surest first, confidence in percent; `color` is `#rrggbb` or
    empty; `trash` is empty or the folder of the trash it lies in, `trash/<stamp>/`; `implied` are
    those labels that are parents of others, with the confidence of the surest that implies them.
    """

    id: str
    key: str
    name: str
    status: Status
    error_code: str
    error_message: str
    content_type: str
    size: int | None
    width: int | None
    height: int | None
    uploaded_at: datetime
    taken_at: str
    camera: str
    sha256: str
    etag: str
    document_etag: str
    thumbnails: list[Thumbnail]
    color: str
    labels: list[tuple[str, float]]
    trash: str = ""
    deleted_at: datetime | None = None
    implied: dict[str, float] = field(default_factory=dict)

    def lies_at(self, key: str) -> str:
        """Return where an object of this picture lies: at its key, or under it in the trash."""
        return trash_key(self.trash, key) if self.trash else key

    @property
    def document_key(self) -> str:
        """Where the document lies, if there is one."""
        return self.lies_at(metadata_key(self.key))


class Total(NamedTuple):
    """How many pictures; about so many where they were too many to count."""

    number: int
    is_exact: bool = True


@dataclass(slots=True)
class Page:
    """One page of pictures, and the cursor of the next one where there is one."""

    images: list[ImageRecord]
    next: str | None
    total: int
    total_is_exact: bool = True


@dataclass(frozen=True, slots=True)
class LabelCount:
    """How many pictures of the current filter show a label at the slider's confidence."""

    name: str
    count: int
    category: str = ""
    is_exact: bool = True


class Neighbours(NamedTuple):
    """The ids before and after a picture; position from 1, 0 where the filter leaves it out."""

    previous: str | None
    next: str | None
    position: int
    total: int
    position_is_exact: bool = True
    total_is_exact: bool = True


NAMES = (
    "public_id", "key", "name", "status", "error_code", "error_message", "content_type",
    "size", "width", "height", "uploaded_at", "taken_at", "camera", "sha256", "etag",
    "document_etag", "thumbnails", "color", "labels", "trash", "deleted_at",
)  # fmt: skip

RECORD_COLUMNS: tuple[ColumnElement[Any], ...] = tuple(image.c[name] for name in NAMES)


# So many records are remembered by their rows, some kilobytes each: searches that follow each
# other find many of the same pictures. Records are never changed.
_REMEMBERED = 3000
# A page of the largest size and the one after it: who asks for more reads everything once.
_LARGEST_PAGE = 201
_known: dict[tuple[Any, ...], ImageRecord] = {}


def records(rows: Sequence[Sequence[Any]]) -> list[ImageRecord]:
    """Return the records of rows that begin with RECORD_COLUMNS; nobody may change them."""
    width = len(NAMES)
    keys = [tuple(row[:width]) for row in rows]
    if len(keys) > _LARGEST_PAGE:
        return _made(keys)
    found = {key: record for key in keys if (record := _known.get(key)) is not None}
    missing = [key for key in keys if key not in found]
    if missing:
        made = dict(zip(missing, _made(missing), strict=True))
        if len(_known) > _REMEMBERED:
            _known.clear()
        _known.update(made)
        found |= made
    return [found[key] for key in keys]


def _made(rows: Sequence[Sequence[Any]]) -> list[ImageRecord]:
    # One call for the whole page: reading JSON cell by cell takes three times as long.
    thumbnails = json.loads(f"[{','.join([row[16] for row in rows])}]")
    labels = json.loads(f"[{','.join([row[18] for row in rows])}]")
    return [
        ImageRecord(  # type: ignore[call-arg]  # the slices hold the fields in order
            *row[:10],
            moment(row[10]),
            *row[11:16],
            [Thumbnail(*each) for each in small],
            row[17],
            [(each[0], each[1]) for each in seen],
            row[19],
            None if row[20] is None else moment(row[20]),
            {each[0]: each[2] for each in seen if len(each) > 2},
        )
        for row, small, seen in zip(rows, thumbnails, labels, strict=True)
    ]
