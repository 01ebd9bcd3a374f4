"""Documents from disk into the catalog: how many a second, and beside what cannot be spared.

    .venv/bin/python -m benchmarks.indexing [100000]

A library of so many small files, each with its document, lies below the temporary folder. The
floor is reading each document, `json.loads`, and the inserts of rows that are ready; ours is
`taglight reindex` into an empty catalog, with all that it compares. Both write batches of the same
size into files of their own, and both find the pictures' ETags where the last listing left them.
"""

import json
import shutil
import sys
import time
from argparse import ArgumentParser
from contextlib import closing
from pathlib import Path
from tempfile import gettempdir

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

OWED_A_SECOND = 3000
REPEATS = 3


def library(count: int) -> Path:
    """Return a folder with so many pictures and documents, made where it is missing."""
    folder = Path(gettempdir()) / "taglight-benchmarks" / f"{count}-files"
    done = folder / "done"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        for number, (_, key, document) in enumerate(documents(count)):
            picture, text = folder / key, folder / metadata_key(key)
            for path in (picture, text):
                path.parent.mkdir(parents=True, exist_ok=True)
            picture.write_bytes(b"no picture: %d" % number)
            text.write_bytes(write_document(document))
        done.touch()
    return folder


def floor(store: FolderStore, database: Database) -> float:
    """Return the seconds for reading, parsing and inserting; making the rows is not among them."""
    infos = list(store.list(UPLOADS))
    rows = [read_source(store, info, info.key).row() for info in infos]
    start = time.perf_counter()
    for info in infos:
        json.loads(store.read(metadata_key(info.key))[0])
    for batch in chunks(rows, BATCH):
        with database.writing() as connection:
            writes.put_images(connection, batch)
    return time.perf_counter() - start


def ours(store: FolderStore, database: Database) -> float:
    """Return the seconds of a reindex."""
    start = time.perf_counter()
    Indexer(store, database).reindex()
    return time.perf_counter() - start


def main() -> int:
    """Print a table."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=100_000)
    count: int = parser.parse_args().count
    folder = library(count)
    times: dict[str, list[float]] = {"floor": [], "ours": []}
    with closing(FolderStore(folder)) as store:
        store.prepare()
        for prefix in (UPLOADS, METADATA):
            assert sum(1 for _ in store.list(prefix)) == count
        for _ in range(REPEATS):
            for name, measure in (("floor", floor), ("ours", ours)):
                path = folder / f"{name}.sqlite"
                for leftover in folder.glob(f"{name}.sqlite*"):
                    leftover.unlink()
                with closing(Database.open(f"sqlite:///{path}")) as database:
                    times[name].append(measure(store, database))
    least, mine = (min(times[name]) for name in ("floor", "ours"))
    rate = count / mine
    what = f"reindex of {count:,} documents from disk, SQLite"
    rows = [
        Row(what, f"{least:.1f} s", f"{mine:.1f} s", mine / least, 1.3),
        Row(f"{what}: documents a second", f"{OWED_A_SECOND:,} /s", f"{rate:,.0f} /s",
            OWED_A_SECOND / rate, 1),
    ]  # fmt: skip
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
