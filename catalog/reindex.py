"""Filling the catalog again from the documents, while it stays in use.

Pictures are taken in the order of their keys, some thousand a transaction. A row that somebody
else wrote between our reading of its document and our writing is left to them: they knew more.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from itertools import chain, islice, repeat
from typing import Protocol

from sqlalchemy import Connection

from catalog import announcements, discards, writes
from catalog.database import Database
from catalog.keys import UPLOADS, is_picture_key
from catalog.read_ahead import Batch, ReadAhead, pays_off
from catalog.ready_rows import ReadyRows
from catalog.rows import Stamp
from catalog.storage import ObjectStore
from catalog.trash import folders_in

# Pictures in one transaction: others write in between, and the more there are, the fewer pages of
# the tables are written again and again.
BATCH = 3000
# The first ones are shown soon, and are read while a second process is starting.
FIRST = [1000, 1000, 2000]
# Batches that a second process has been given and not answered; with one it would wait for us.
AHEAD = 2
# Pictures that this process reads at a time where the second one is not done with others yet.
OWN = 500
# Batches that are read and not written; so many wait in memory.
MOST_COMING = 12

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

    def _read(self, resuming: bool) -> Generator[tuple[Batch, ReadyRows], None, None]:
        """Yield pictures that follow each other and their rows, those that must be written.

        Of a folder most are read by a second process while others are written; where that takes
        longer, this process reads some as well instead of waiting.
        """
        batches = self._batches(resuming)
        first, second = next(batches, None), next(batches, None)
        if first is None:
            return
        if second is None or not pays_off(self._store):
            for batch in chain([first], filter(None, [second]), batches):
                yield batch, self._rows(batch)
            return
        with ReadAhead(self._store.root, writes.IMAGE_COLUMNS) as ahead:
            ahead.begin(second)
            yield first, self._rows(first)
            yield from self._in_turns(ahead, second, batches)

    def _in_turns(
        self, ahead: ReadAhead, begun: Batch, batches: Iterator[Batch]
    ) -> Iterator[tuple[Batch, ReadyRows]]:
        """Yield what the second process reads, and what this one reads meanwhile, in order."""
        coming: deque[tuple[Batch, ReadyRows | None]] = deque([(begun, None)])
        for batch in batches:
            rest: Batch | None = batch
            while rest and sum(rows is None for _, rows in coming) >= AHEAD:
                if coming[0][1] or len(coming) > MOST_COMING or ahead.is_ready():
                    yield self._next(coming, ahead)
                else:
                    own, rest = rest.cut(OWN)
                    coming.append((own, self._rows(own)))
            if rest:
                ahead.begin(rest)
                coming.append((rest, None))
        while coming:
            yield self._next(coming, ahead)

    def _next(
        self, coming: deque[tuple[Batch, ReadyRows | None]], ahead: ReadAhead
    ) -> tuple[Batch, ReadyRows]:
        """Return the first batch and its rows; read it here where the second process could not."""
        batch, rows = coming.popleft()
        rows = rows or ahead.rows()
        return batch, self._rows(batch) if rows is None else rows

    def _batches(self, resuming: bool) -> Iterator[Batch]:
        pictures = (info for info in self._store.list(UPLOADS) if is_picture_key(info.key))
        for size in chain(FIRST, repeat(BATCH)):
            batch = list(islice(pictures, size))
            if not batch:
                return
            with self._database.reading() as connection:
                before = writes.known_of(connection, [info.key for info in batch])
            yield Batch(batch, before, resuming)

    def _rows(self, batch: Batch) -> ReadyRows:
        """Ask the store about each picture, of a store that is far away many at once."""
        ask = partial(batch.row, self._store)
        at_once: int = getattr(self._store, "reads_at_once", 1)
        if at_once == 1:
            return batch.ready_rows(self._store, writes.IMAGE_COLUMNS)
        with ThreadPoolExecutor(at_once, "reindex") as pool:
            return writes.made_ready(row for row in pool.map(ask, batch.pictures) if row)

    def _write(self, found: ReadyRows, before: dict[str, Stamp]) -> None:
        for key in put_steady(self._database, found, before):
            self._one.index(key)  # this knows what was announced, too

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


def put_steady(database: Database, found: ReadyRows, before: dict[str, Stamp]) -> Iterator[str]:
    """Write rows made from what the catalog knew `before`; yield the keys of those left alone.

    Somebody else has written these since, who knew more; or their names were announced, which
    neither picture nor catalog knows.
    """
    with database.reading() as connection:
        told = announcements.among(
            connection, [row.key for row in found.rows if row.key not in before]
        )
    if told:
        others = [row for row in found.rows if row.key not in told]
        found = ReadyRows(found.spellings, others)
        yield from sorted(told)
    for portion in database.portions(found.rows):
        part = ReadyRows(found.spellings, portion)
        yield from database.write(partial(_put, found=part, before=before))


def _put(connection: Connection, found: ReadyRows, before: dict[str, Stamp]) -> list[str]:
    """Write rows, but those that somebody else has written since; return the keys of these."""
    keys = sorted(row.key for row in found.rows)
    now = writes.known_of(connection, keys)
    steady = [row for row in found.rows if now.get(row.key) == before.get(row.key)]
    writes.put_ready(connection, ReadyRows(found.spellings, steady), are_new=not now)
    return sorted(set(keys) - {row.key for row in steady})
