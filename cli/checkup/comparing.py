"""Pictures, documents, thumbnails and catalog, compared with each other."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from catalog import discards, writes
from catalog.chunks import chunks
from catalog.database import Database
from catalog.document import Document, read_document
from catalog.errors import DocumentError, ObjectNotFoundError, StoreUnavailableError
from catalog.keys import (
    PREFIXES,
    THUMBS,
    UPLOADS,
    is_picture_key,
    metadata_key,
    thumbnail_prefix,
)
from catalog.rows import is_about_other_bytes
from catalog.storage import ObjectInfo, ObjectStore
from catalog.storage.folder import FolderStore
from catalog.storage.paths import temporary_files
from catalog.storage.temporary import is_abandoned
from cli.checkup.documents import documents_without_picture, is_there

_THUMBNAIL = re.compile(r"(.+/)[0-9]+\.webp", re.DOTALL)
_BATCH = 500


@dataclass(slots=True)
class Comparison:
    """What does not fit together: keys of pictures, of documents, of thumbnails; paths of files."""

    pictures: int = 0
    waiting: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    without_thumbnails: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    lone_documents: list[str] = field(default_factory=list)
    lone_thumbnails: list[str] = field(default_factory=list)
    temporary: list[Path] = field(default_factory=list)
    gone_rows: list[str] = field(default_factory=list)
    stale_rows: list[str] = field(default_factory=list)
    trash_folders: list[str] = field(default_factory=list)


class Comparer:
    """Compares the files of a store with each other and with its catalog, if there is one."""

    def __init__(self, store: ObjectStore, database: Database | None) -> None:
        self._store = store
        self._database = database

    def compare(self, advance: Callable[[int], None]) -> Comparison:
        """Look at everything once and return what does not fit; `advance` is told of pictures."""
        found = Comparison()
        thumbnails = {hash(info.key) for info in self._store.list(THUMBS)}
        last = ""
        for batch in chunks(self._pictures(), _BATCH):
            for info in batch:
                self._picture(found, info, thumbnails)
            self._rows(found, batch, last)
            last = batch[-1].key
            found.pictures += len(batch)
            advance(len(batch))
        self._vanished(found, last, None, set())
        keys = (info.key for info in self._pictures())
        found.lone_documents = [i.key for i in documents_without_picture(self._store, keys)]
        self._lone_thumbnails(found)
        self._temporary(found)
        self._trash(found)
        return found

    def _pictures(self) -> Iterator[ObjectInfo]:
        return (info for info in self._store.list(UPLOADS) if is_picture_key(info.key))

    def _picture(self, found: Comparison, info: ObjectInfo, thumbnails: set[int]) -> None:
        """Look at the document of a picture, and whether the thumbnails are there it names."""
        try:
            document = self._document(info.key)
        except DocumentError:
            found.unreadable.append(info.key)
            return
        except StoreUnavailableError:
            found.closed.append(metadata_key(info.key))
            return
        if document is None:
            if is_there(self._store, info.key):
                found.waiting.append(info.key)
            return
        if is_about_other_bytes(document, info):
            found.changed.append(info.key)
        elif document.status == "tagged":
            keys = [thumbnail.key for thumbnail in document.thumbnails]
            if not keys or not all(hash(k) in thumbnails or is_there(self._store, k) for k in keys):
                found.without_thumbnails.append(info.key)

    def _document(self, key: str) -> Document | None:
        try:
            return read_document(self._store.read(metadata_key(key))[0])
        except ObjectNotFoundError:
            return None

    def _rows(self, found: Comparison, batch: list[ObjectInfo], after: str) -> None:
        if self._database is None:
            return
        with self._database.reading() as connection:
            known = writes.known(connection, [info.key for info in batch])
        for info in batch:
            stamp = known.get(info.key)
            row = (stamp.etag, stamp.document_etag) if stamp else None
            if row != (info.etag, self._etag(metadata_key(info.key))):
                found.stale_rows.append(info.key)
        self._vanished(found, after, batch[-1].key, {info.key for info in batch})

    def _vanished(self, found: Comparison, after: str, until: str | None, there: set[str]) -> None:
        if self._database is None:
            return
        with self._database.reading() as connection:
            known = writes.known_between(connection, after, until)
        found.gone_rows += [k for k in known if k not in there and not is_there(self._store, k)]

    def _lone_thumbnails(self, found: Comparison) -> None:
        owners = {hash(thumbnail_prefix(info.key)) for info in self._pictures()}
        for info in self._store.list(THUMBS):
            match = _THUMBNAIL.fullmatch(info.key)
            if match is None or hash(match[1]) in owners:
                continue
            owner = UPLOADS + match[1].removeprefix(THUMBS).removesuffix("/")
            if not (thumbnail_prefix(owner) == match[1] and is_there(self._store, owner)):
                found.lone_thumbnails.append(info.key)

    def _temporary(self, found: Comparison) -> None:
        if not isinstance(self._store, FolderStore):
            return
        for path in temporary_files(str(self._store.root), PREFIXES):
            if is_abandoned(str(path)):
                found.temporary.append(path)

    def _trash(self, found: Comparison) -> None:
        if self._database is None:
            return
        found.trash_folders = discards.out_of_step(self._store, self._database)

    def _etag(self, key: str) -> str:
        try:
            return self._store.head(key).etag
        except ObjectNotFoundError:
            return ""
