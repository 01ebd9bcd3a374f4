"""Documents from disk into the catalog: how many a second, and beside what cannot be spared.

    .venv/bin/python -m benchmarks.indexing [100000] [--only sqlite|postgresql]

A library of so many small files, each with its document, lies below the temporary folder. The
floor is reading each document, `json.loads`, and the inserts of rows that are ready; ours is
`taglight reindex` into an empty catalog, with all that it compares. Both write batches of the same
size into files of their own, and both find the pictures' ETags where the last listing left them.
The processor's time, of which others' work takes less away, is told below the table.
"""

import json
import os
import shutil
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Generator
from contextlib import closing
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import gettempdir
from typing import NamedTuple

from benchmarks import servers
from benchmarks.libraries import documents
from benchmarks.measuring import Row, table
from catalog import writes
from catalog.chunks import chunks
from catalog.database import Database
from catalog.document import write_document
from catalog.indexer import Indexer
from catalog.keys import METADATA, UPLOADS, metadata_key
from catalog.reindex import BATCH
from catalog.sources import read_source
from catalog.storage.folder import FolderStore
from tests.postgres import Cluster

OWED_A_SECOND = 3000
REPEATS = 3


class Taken(NamedTuple):
    """Seconds by the clock, and of the processor: here, in the second process, at a server."""

    clock: float
    here: float
    second: float
    server: float

    @classmethod
    def now(cls, server: Callable[[], float]) -> "Taken":
        """Return what was taken since some moment."""
        own = os.times()
        second = own.children_user + own.children_system
        return cls(time.perf_counter(), own.user + own.system, second, server())

    def __sub__(self, other: "Taken") -> "Taken":
        return Taken(*(after - before for after, before in zip(self, other, strict=True)))

    def said(self, pictures: int) -> str:
        """Return the processor's time as a sentence."""
        here, second, server = (part / pictures * 1e6 for part in self[1:])
        return f"{here:.0f} µs here, {second:.0f} in a second process, {server:.0f} at a server"


def library(pictures: int) -> Path:
    """Return a folder with so many pictures and documents, made where it is missing."""
    folder = Path(gettempdir()) / "taglight-benchmarks" / f"{pictures}-files"
    done = folder / "done"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        for number, (_, key, document) in enumerate(documents(pictures)):
            picture, text = folder / key, folder / metadata_key(key)
            for path in (picture, text):
                path.parent.mkdir(parents=True, exist_ok=True)
            picture.write_bytes(b"no picture: %d" % number)
            text.write_bytes(write_document(document))
        done.touch()
    return folder


def floor(store: FolderStore, database: Database, server: Callable[[], float]) -> Taken:
    """Return what reading, parsing and inserting take; making the rows is not among them."""
    infos = list(store.list(UPLOADS))
    rows = [read_source(store, info, info.key).row() for info in infos]
    batches = [writes.made_ready(batch) for batch in chunks(rows, BATCH)]
    del rows
    start = Taken.now(server)
    for info in infos:
        json.loads(store.read(metadata_key(info.key))[0])
    for batch in batches:
        with database.writing() as connection:
            writes.put_ready(connection, batch, are_new=True)
    return Taken.now(server) - start


def ours(store: FolderStore, database: Database, server: Callable[[], float]) -> Taken:
    """Return what a reindex takes."""
    start = Taken.now(server)
    Indexer(store, database).reindex()
    return Taken.now(server) - start


def on_sqlite(folder: Path) -> Generator[str, None, None]:
    """Yield addresses of empty catalogs in files beside the library."""
    for number in count():
        for leftover in folder.glob("catalog-*.sqlite*"):
            leftover.unlink()
        yield f"sqlite:///{folder}/catalog-{number}.sqlite"


def on_postgresql(cluster: Cluster) -> Generator[str, None, None]:
    """Yield addresses of empty databases on a server of our own."""
    for number in count():
        yield cluster.create(f"indexing_{number}")


def measured(
    engine: str,
    urls: Generator[str, None, None],
    server: Callable[[], float],
    store: FolderStore,
    pictures: int,
) -> list[Row]:
    """Measure floor and ours in turns, each into an empty catalog."""
    times: dict[str, list[Taken]] = {"floor": [], "ours": []}
    for _ in range(REPEATS):
        for name, measure in (("floor", floor), ("ours", ours)):
            with closing(Database.open(next(urls))) as database:
                times[name].append(measure(store, database, server))
    least, mine = (min(times[name]) for name in ("floor", "ours"))
    for name, found in times.items():
        least_busy = Taken(*map(min, zip(*found, strict=True)))
        print(f"{engine}, {name}, the processor's time a document: {least_busy.said(pictures)}")
    rate = pictures / mine.clock
    what = f"reindex of {pictures:,} documents from disk, {engine}"
    return [
        Row(what, f"{least.clock:.1f} s", f"{mine.clock:.1f} s", mine.clock / least.clock, 1.3),
        Row(f"{what}: documents a second", f"{OWED_A_SECOND:,} /s", f"{rate:,.0f} /s",
            OWED_A_SECOND / rate, 1),
    ]  # fmt: skip


def main() -> int:
    """Print a table."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=100_000)
    parser.add_argument("--only", choices=["SQLite", "PostgreSQL"], type=_engine)
    asked = parser.parse_args()
    folder = library(asked.count)
    rows: list[Row] = []
    with closing(FolderStore(folder)) as store:
        store.prepare()
        for prefix in (UPLOADS, METADATA):
            assert sum(1 for _ in store.list(prefix)) == asked.count
        if asked.only in (None, "SQLite"):
            with closing(on_sqlite(folder)) as urls:
                rows += measured("SQLite", urls, lambda: 0.0, store, asked.count)
        if asked.only in (None, "PostgreSQL"):
            with servers.server() as cluster:
                used = partial(servers.processor, cluster)
                urls = on_postgresql(cluster)
                rows += measured("PostgreSQL", urls, used, store, asked.count)
    print()
    print(table(rows))
    return 0


def _engine(name: str) -> str:
    return {"sqlite": "SQLite", "postgresql": "PostgreSQL"}.get(name.lower(), name)


if __name__ == "__main__":
    sys.exit(main())
