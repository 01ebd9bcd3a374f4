"""Filling the catalog again from the documents, while it stays in use.

Pictures are taken in the order of their keys, some thousand a transaction. A row that somebody
else wrote between our reading of its document and our writing is left to them: they knew more.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from itertools import chain, islice, repeat
from typing import Protocol

from sqlalchemy import Connection

from catalog import discards, writes
from catalog.database import Database
from catalog.keys import UPLOADS, is_picture_key
from catalog.read_ahead import Batch, ReadAhead, pays_off
from catalog.rows import ImageRow, Stamp
from catalog.storage import ObjectStore
from catalog.trash import folders_in

# Pictures in one transaction: others write in between, and the more there are, the fewer pages of
# the tables are written again and again.
BATCH = 3000
# The first ones are shown soon, and are done before a second process has even started.
FIRST = [1000, 1000]

Progress = Callable[[int, int | None], None]


class _One(Protocol):
    def index(self, key: str) -> None: ...

    def index_trash(self, folder: str) -> None: ...


class Reindexer:
    """One run over the whole store; `one` indexes what turns out to be in motion."""

    def __init__(self, store: ObjectStore, database: Database, one: _One) -> None:
        self._store, self._database, self._one = store, database, one

    def run(
        self, progress: Progress | None, *, only_changed: bool = False, forgets: bool = True
    ) -> int:
        """Bring every row in step with the store and return how many pictures there are.

        With `only_changed`, documents that the rows were written from are not read again.
        """
        filling = self._database.needs_reindex
        done, last = 0, ""
        with closing(self._read(only_changed or filling)) as batches:
            for batch, rows in batches:
                keys = [info.key for info in batch.pictures]
                self._write(rows, batch.before)
                if forgets:
                    self._forget_vanished(last, keys[-1], set(keys))
                last = keys[-1]
                done += len(keys)
                if progress:
                    progress(done, None)
        if forgets:
            self._forget_vanished(last, None, set())
        done += self._trash()
        if progress:
            progress(done, done)
        if filling:
            self._database.set_needs_reindex(False)
            self._database.settle()
        return done

    def _read(self, resuming: bool) -> Generator[tuple[Batch, list[ImageRow]], None, None]:
        """Yield pictures that follow each other and their rows, those that must be written.

        Of a folder the next ones are read by a second process while these are written.
        """
        batches = self._batches(resuming)
        alone = len(FIRST) if pays_off(self._store) else None
        for batch in islice(batches, alone):
            yield batch, self._rows(batch)
        following = next(batches, None)
        if following is None or not pays_off(self._store):
            return
        with ReadAhead(self._store.root) as ahead:
            ahead.begin(following)
            while following:
                batch, following = following, next(batches, None)
                rows = ahead.rows()
                if following:
                    ahead.begin(following)
                yield batch, self._rows(batch) if rows is None else rows

    def _batches(self, resuming: bool) -> Iterator[Batch]:
        pictures = (info for info in self._store.list(UPLOADS) if is_picture_key(info.key))
        for size in chain(FIRST, repeat(BATCH)):
            batch = list(islice(pictures, size))
            if not batch:
                return
            with self._database.reading() as connection:
                before = writes.known(connection, [info.key for info in batch])
            yield Batch(batch, before, resuming)

    def _rows(self, batch: Batch) -> list[ImageRow]:
        """Ask the store about each picture, of a store that is far away many at once."""
        ask = partial(batch.row, self._store)
        at_once: int = getattr(self._store, "reads_at_once", 1)
        if at_once == 1:
            return [row for info in batch.pictures if (row := ask(info))]
        with ThreadPoolExecutor(at_once, "reindex") as pool:
            return [row for row in pool.map(ask, batch.pictures) if row]

    def _write(self, rows: list[ImageRow], before: dict[str, Stamp]) -> None:
        for key in put_steady(self._database, rows, before):
            self._one.index(key)

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
        for folder in folders_in(self._store):
            self._one.index_trash(folder)
            count += 1
        for folder in discards.out_of_step(self._store, self._database):
            self._one.index_trash(folder)
        return count


def put_steady(
    database: Database, rows: Sequence[ImageRow], before: dict[str, Stamp]
) -> Iterator[str]:
    """Write rows made from what the catalog knew `before`; yield the keys of those left alone.

    Somebody else has written these since, who knew more.
    """
    for portion in database.portions(rows):
        yield from database.write(partial(_put, rows=portion, before=before))


def _put(connection: Connection, rows: Sequence[ImageRow], before: dict[str, Stamp]) -> list[str]:
    """Write rows, but those that somebody else has written since; return the keys of these."""
    now = writes.known(connection, [row.key for row in rows])
    steady = [row for row in rows if now.get(row.key) == before.get(row.key)]
    writes.put_images(connection, steady)
    return sorted({row.key for row in rows} - {row.key for row in steady})
