"""Pages and counts of the catalog against hand-written SQL in the same run, and documents a second.

    .venv/bin/python -m benchmarks.catalog [10000 100000 ...]

U is the time of stdlib `json.loads` for 1,000 metadata documents, measured beside each row.
"""

import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from benchmarks.libraries import documents, label_name
from catalog import reads, writes
from catalog.chunks import chunks
from catalog.database import Database
from catalog.document import read_document, write_document
from catalog.query import label_text, parse
from catalog.rows import document_row

REPEATS = 15
# reference: the physical limit of the engine, by the same index (see catalog/schema.py).
PAGE = """
    SELECT i.public_id, i.key, i.name, i.status, i.width, i.height, i.thumbnails, i.labels
    FROM image_label a CROSS JOIN image i ON i.id = a.image_id
    WHERE a.live = 1 AND a.label_id = ? AND a.confidence >= 70 AND a.uploaded_at < ?
    ORDER BY a.uploaded_at DESC, a.image_id DESC LIMIT 60"""
NEWEST = """
    SELECT i.public_id, i.key, i.name, i.status, i.width, i.height, i.thumbnails, i.labels
    FROM image i WHERE i.live = 1 ORDER BY i.uploaded_at DESC LIMIT 60"""
COUNTS = """
    SELECT f.label_id, count(*) FROM image_label a
    CROSS JOIN image_label f INDEXED BY image_label_by_image ON f.image_id = a.image_id
    WHERE a.live = 1 AND a.label_id = ? AND a.confidence >= 70
    AND f.confidence >= 70 AND f.alias = 0 GROUP BY 1"""
_END = 2**62


def main() -> int:
    """Print a table for each size of library."""
    for count in [int(text) for text in sys.argv[1:]] or [10_000, 100_000]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "catalog.sqlite"
            print(f"\n{count:,} pictures")
            database = fill(path, count)
            measure(database, path)
            database.close()
    return 0


def fill(path: Path, count: int) -> Database:
    """Write a library and print how many documents a second went in."""
    database = Database.open(f"sqlite:///{path}")
    parsing = writing = 0.0
    for batch in chunks(documents(count), 1000):
        texts = [(info, key, write_document(document)) for info, key, document in batch]
        start = time.perf_counter()
        read = [(info, key, read_document(text)) for info, key, text in texts]
        middle = time.perf_counter()
        rows = [document_row(info, key, document, "etag") for info, key, document in read]
        with database.writing() as connection:
            writes.put_images(connection, rows)
        parsing += middle - start
        writing += time.perf_counter() - middle
    size = path.stat().st_size / 1e6
    print(f"  into the index {count / writing:,.0f} documents/s; owed 3,000 ({size:.0f} MB)")
    print(f"  with parsing   {count / (parsing + writing):,.0f} documents/s")
    return database


def measure(database: Database, path: Path) -> None:
    """Print ours, the hand-written SQL and the ratio for each question."""
    unit = json_unit()
    print(f"  U is {unit * 1000:.1f} ms")
    hand = sqlite3.connect(path)
    hand.execute("PRAGMA mmap_size=4294967296")
    start = time.perf_counter()
    counts(database, "")
    print(f"  arrays loaded in {(time.perf_counter() - start) * 1000:.0f} ms")
    print(f"  {'':38}{'ours':>9} {'by hand':>9} {'ratio':>7} {'U':>7}")
    line("page, newest", lambda: page(database, ""), lambda: hand.execute(NEWEST).fetchall(), unit)
    for rank in (0, 10, 100, 599):
        text = label_text(label_name(rank))
        number = hand.execute(
            "SELECT id FROM label WHERE folded = ?", (label_name(rank).lower(),)
        ).fetchone()[0]

        def by_hand(number: int = number) -> object:
            return hand.execute(PAGE, (number, _END)).fetchall()

        def counted(number: int = number) -> object:
            return hand.execute(COUNTS, (number,)).fetchall()

        line(f"page, label of rank {rank}", lambda t=text: page(database, t), by_hand, unit)
        cursor, before = deep(database, text)
        if cursor:
            line(
                f"  deep page, rank {rank}",
                lambda t=text, c=cursor: page(database, t, c),
                lambda n=number, b=before: hand.execute(PAGE, (n, b)).fetchall(),
                unit,
            )
        line(f"counts under rank {rank}", lambda t=text: counts(database, t), counted, unit)
    line("counts, no filter", lambda: counts(database, ""), None, unit)
    some = " ".join(label_text(label_name(rank)) for rank in (10, 1, 0))
    line("page, three labels", lambda: page(database, some), None, unit)
    line("counts under three labels", lambda: counts(database, some), None, unit)
    either = f"{label_text(label_name(500))}|{label_text(label_name(400))}"
    line("page, either of two rare labels", lambda: page(database, either), None, unit)
    hand.close()


def line(
    name: str, ours: Callable[[], object], by_hand: Callable[[], object] | None, unit: float
) -> None:
    """Measure both in turns and print a row."""
    mine, theirs = [], []
    for _ in range(REPEATS):
        mine.append(seconds(ours))
        if by_hand:
            theirs.append(seconds(by_hand))
    own = statistics.median(mine)
    text = f"  {name:38}{own * 1000:6.2f} ms"
    if by_hand:
        other = statistics.median(theirs)
        text += f" {other * 1000:6.2f} ms {own / other:6.1f}x"
    else:
        text += " " * 18
    print(f"{text} {own / unit:6.2f}U")


def page(database: Database, text: str, cursor: str | None = None) -> reads.Page:
    """Ask for one page, total included."""
    with database.reading() as connection:
        return reads.search(connection, parse(text), cursor=cursor)


def counts(database: Database, text: str) -> list[reads.LabelCount]:
    """Ask for the 40 most frequent labels; the mask is not left over from the last time."""
    if database.arrays and database.arrays._state:
        database.arrays._state.masks.clear()
    with database.reading() as connection:
        return reads.label_counts(connection, parse(text))


def deep(database: Database, text: str) -> tuple[str | None, int]:
    """Walk up to 100 pages and return the cursor there, and the time of the last picture."""
    cursor, before = None, _END
    for _ in range(100):
        found = page(database, text, cursor)
        if found.next is None:
            break
        cursor = found.next
        before = int(found.images[-1].uploaded_at.timestamp() * 1e6)
    return cursor, before


def json_unit() -> float:
    """Return U in seconds."""
    texts = [write_document(document) for _, _, document in islice(documents(1000), 1000)]
    return statistics.median(
        seconds(lambda: [json.loads(text) for text in texts]) for _ in range(REPEATS)
    )


def seconds(call: Callable[[], object]) -> float:
    """Return how long a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


if __name__ == "__main__":
    raise SystemExit(main())
