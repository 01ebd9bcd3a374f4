"""Filling the catalog again from the documents, while it stays in use.

Pictures are taken in the order of their keys, some thousand a transaction. A row that somebody
else wrote between our reading of its document and our writing is left to them: they knew more.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from catalog import writes
from catalog.chunks import chunks
from catalog.database import Database
from catalog.errors import ObjectNotFoundError
from catalog.keys import TRASH, UPLOADS, is_picture_key, metadata_key, split_trash_key
from catalog.rows import ImageRow, Stamp
from catalog.sources import read_source
from catalog.storage import ObjectInfo, ObjectStore

# Pictures in one transaction: others write in between.
BATCH = 1000

T = TypeVar("T")
Progress = Callable[[int, int | None], None]


class _One(Protocol):
    def index(self, key: str) -> None: ...

    def index_trash(self, folder: str) -> None: ...


class Reindexer:
    """One run over the whole store; `one` indexes what turns out to be in motion."""

    def __init__(self, store: ObjectStore, database: Database, one: _One) -> None:
        self._store, self._database, self._one = store, database, one

    def run(self, progress: Progress | None, *, only_changed: bool = False) -> int:
        """Bring every row in step with the store and return how many pictures there are.

        With `only_changed`, documents that the rows were written from are not read again.
        """
        filling = self._database.needs_reindex
        done, last = 0, ""
        pictures = (info for info in self._store.list(UPLOADS) if is_picture_key(info.key))
        for batch in chunks(pictures, BATCH):
            self._take(batch, last, only_changed or filling)
            last = batch[-1].key
            done += len(batch)
            if progress:
                progress(done, None)
        self._forget_vanished(last, None, set())
        done += self._trash()
        if progress:
            progress(done, done)
        if filling:
            self._database.set_needs_reindex(False)
            self._database.settle()
        return done

    def _take(self, batch: list[ObjectInfo], after: str, resuming: bool) -> None:
        """Write the rows of pictures that follow each other, and forget those in between."""
        keys = [info.key for info in batch]
        with self._database.reading() as connection:
            before = writes.known(connection, keys)
        if resuming:
            current = self._of_each(lambda i: self._is_current(i, before.get(i.key)), batch)
            batch = [info for info, known in zip(batch, current, strict=True) if not known]
        sources = self._of_each(lambda i: read_source(self._store, i, i.key), batch)
        rows = [each.row(before.get(each.key)) for each in sources]
        for portion in self._database.portions(rows):
            for key in self._database.write(partial(_put, rows=portion, before=before)):
                self._one.index(key)
        self._forget_vanished(after, keys[-1], set(keys))

    def _of_each(self, ask: Callable[[ObjectInfo], T], batch: list[ObjectInfo]) -> list[T]:
        """Ask the store about each picture, of a store that is far away many at once."""
        at_once: int = getattr(self._store, "reads_at_once", 1)
        if at_once == 1:
            return [ask(info) for info in batch]
        with ThreadPoolExecutor(at_once, "reindex") as pool:
            return list(pool.map(ask, batch))

    def _is_current(self, picture: ObjectInfo, known: Stamp | None) -> bool:
        """Tell whether a row was written from this picture and its document as they are."""
        if known is None or known.etag != picture.etag:
            return False
        try:
            return self._store.head(metadata_key(picture.key)).etag == known.document_etag
        except ObjectNotFoundError:
            return known.document_etag == ""

    def _forget_vanished(self, after: str, until: str | None, there: set[str]) -> None:
        """Look again at rows whose keys were not listed between two keys."""
        with self._database.reading() as connection:
            known = list(writes.known_between(connection, after, until))
        for key in known:
            if key not in there:
                self._one.index(key)

    def _trash(self) -> int:
        """Index all folders of the trash, and those that only the catalog still knows."""
        count = 0
        folders = set()
        for folder in self._folders():
            folders.add(folder)
            self._one.index_trash(folder)
            count += 1
        with self._database.reading() as connection:
            known = writes.trash_folders(connection)
        for folder in sorted(set(known) - folders):
            self._one.index_trash(folder)
        return count

    def _folders(self) -> Iterator[str]:
        """Yield the folders of the trash that hold a picture, not a lone document only."""
        last = ""
        for info in self._store.list(TRASH):
            parts = split_trash_key(info.key)
            if parts and is_picture_key(parts[1]) and parts[0] != last:
                last = parts[0]
                yield last


def _put(connection: Connection, rows: Sequence[ImageRow], before: dict[str, Stamp]) -> list[str]:
    """Write rows, but those that somebody else has written since; return the keys of these."""
    now = writes.known(connection, [row.key for row in rows])
    steady = [row for row in rows if now.get(row.key) == before.get(row.key)]
    writes.put_images(connection, steady)
    return sorted({row.key for row in rows} - {row.key for row in steady})
