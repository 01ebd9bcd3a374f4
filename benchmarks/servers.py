"""Pages, counts and writing on PostgreSQL: part of `python -m benchmarks.catalog`.

A server of its own in a temporary folder, on its usual settings (what is committed waits for the
disk) but for memory, and without helpers of its own, whose time could not be told. The library is
that of SQLite, copied. Pages and counts are the processor's time, ours and that of the server's
process together; writing is by the clock. Beyond 100,000 pictures the library is that of 100,000
several times over, which is made at the server. Needs Debian's package `postgresql`, and Linux.
"""
# ruff: noqa: S608 - hand-written SQL of our own names

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter, process_time, thread_time

import psutil
import psycopg
from sqlalchemy import Column, Connection, Table

from benchmarks.libraries import documents, filled, label_name
from benchmarks.measuring import Row, in_turns, ms, table, unit_call
from catalog import reads, writes
from catalog.chunks import chunks
from catalog.database import Database
from catalog.dialects import new_ids
from catalog.dialects.tables import definitions
from catalog.query import parse
from catalog.reindex import BATCH
from catalog.rows import document_row
from catalog.schema import image, image_label, label
from tests.postgres import Cluster, remove, temporary_folder

MEMORY = {"shared_buffers": "1GB", "maintenance_work_mem": "512MB", "max_wal_size": "8GB"}
ALONE = {"max_parallel_workers_per_gather": "0"}
USUAL = {"fsync": "on", "full_page_writes": "on"}
# Documents that are written, and in one transaction, as reindexing does.
WRITTEN = 21_000
OWED_A_SECOND = 3_000
# A larger library is one of so many pictures several times over, each time as long before (µs).
BASE, APART = 100_000, 997_000_001


def _every(*ranks: int) -> str:
    return " ".join(f'"{label_name(rank)}"' for rank in ranks)


def _one_of(*ranks: int) -> str:
    return _every(*ranks).replace('" "', '"|"')


PAGES = {
    "newest": "",
    "label of rank 0": _every(0),
    "label of rank 599": _every(599),
    "three labels": _every(10, 1, 0),
}
# What is asked, and where the slider is.
COUNTS: dict[str, tuple[str, float | None]] = {
    "no filter": ("", None),
    "under rank 0": (_every(0), None),
    "under rank 0 at 83.3 %": (_every(0), 83.3),
    "under rank 0 at 30 %": (_every(0), 30.0),
    "under rank 10": (_every(10), None),
    "under rank 599": (_every(599), None),
    "without rank 0": (f"-{_every(0)}", None),
    "rank 599 without rank 0": (f"{_every(599)} -{_every(0)}", None),
    "two labels": (_every(1, 0), None),
    "three labels": (_every(10, 1, 0), None),
    "one of two popular labels": (_one_of(1, 0), None),
    "one of two rare labels": (_one_of(500, 400), None),
    "a label and one of two": (f"{_every(0)} {_one_of(1, 2)}", None),
    "a label and a colour": (f"{_every(0)} color:blue", None),
    "a state that no picture is in": ("is:failed", None),
}
_ESCAPED = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


@contextmanager
def server() -> Iterator[Cluster]:
    """Run a server as long as it is needed."""
    cluster = Cluster.make(temporary_folder(), **USUAL, **MEMORY, **ALONE)
    try:
        cluster.start()
        yield cluster
    finally:
        remove(cluster)


def processor(cluster: Cluster) -> float:
    """Return the seconds of processor that the server's processes have taken."""
    assert cluster.process is not None
    workers = psutil.Process(cluster.process.pid).children()
    return sum(sum(each.cpu_times()[:2]) for each in workers)


class ServerBench:
    """One library on PostgreSQL."""

    def __init__(self, cluster: Cluster, count: int) -> None:
        self.count, self.cluster = count, cluster
        start = perf_counter()
        url = cluster.create(f"library_{count}")
        self.database = Database.open(url, connections=1)
        _copy(url, self.database, count)
        self.database.settle()
        print(f"\nPostgreSQL, {count:,} pictures: copied in {perf_counter() - start:.0f} s\n")
        self.unit = unit_call()
        with self.database.reading() as connection:
            number = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        self.schedule = Path(f"/proc/{number}/schedstat")

    def clock(self) -> float:
        """Return the seconds of processor that this thread and the server's process have had."""
        return thread_time() + int(self.schedule.read_text().split()[0]) / 1e9

    def run(self) -> list[Row]:
        """Measure pages, counts, and writing."""
        rows = [self.page(what, text) for what, text in PAGES.items()]
        rows += [self.counts(what, *asked) for what, asked in COUNTS.items()]
        return [*rows, self.writing()]

    def page(self, what: str, text: str) -> Row:
        """Measure a page, without its total, in U; only counts are owed a figure on a server."""

        def ask() -> None:
            with self.database.reading() as connection:
                reads.search(connection, parse(text), counted=False)

        mine, unit = in_turns(ask, self.unit, clock=self.clock)
        return Row(f"PostgreSQL page: {what}", f"U {ms(unit)}", ms(mine), mine / unit, 1, "U")

    def counts(self, what: str, text: str, low: float | None) -> Row:
        """Measure total and counts of the 40 most frequent labels, as if for the first time."""
        query, said = parse(text), ""

        def ask() -> None:
            nonlocal said
            with self.database.reading() as connection:
                total = reads.count(connection, query, min=low)
                reads.label_counts(connection, query, min=low)
            said = f"{'' if total.is_exact else 'about '}{total.number:,}"

        mine, unit = in_turns(ask, self.unit, clock=self.clock)
        name = f"PostgreSQL counts: {what} ({said})"
        return Row(name, f"U {ms(unit)}", ms(mine), mine / unit, 2, "U")

    def writing(self) -> Row:
        """Measure documents a second into the index: rows made, written and committed."""
        first = min(self.count, BASE)
        new = islice(documents(first + WRITTEN, seed=2), first, None)
        seconds = []
        here, there = process_time(), processor(self.cluster)
        made, last = 0.0, process_time()
        # Documents are made, as a store would read them, before the clock runs.
        for batch in chunks(new, BATCH):
            made += process_time() - last
            start = perf_counter()
            rows = [document_row(info, key, document, "etag") for info, key, document in batch]
            self.database.write(partial(writes.put_images, rows=rows))
            seconds.append(perf_counter() - start)
            last = process_time()
        here = process_time() - here - made
        rate = WRITTEN / sum(seconds)
        what = "PostgreSQL: documents a second into the index"
        there = (processor(self.cluster) - there) / WRITTEN * 1e6
        floor = (
            f"worst {BATCH / max(seconds):,.0f}, median {BATCH / median(seconds):,.0f}; processor "
            f"{here / WRITTEN * 1e6:.0f} µs here + {there:.0f} µs at the server"
        )
        return Row(what, floor, f"{rate:,.0f} /s", OWED_A_SECOND / rate, 1)


def run(counts: list[int]) -> None:
    """Print a table for each size of library, worst rows first."""
    with server() as cluster:
        for count in counts:
            bench = ServerBench(cluster, count)
            print(table(bench.run()), flush=True)
            bench.database.close()


def _copy(url: str, database: Database, count: int) -> None:
    """Copy the library of SQLite to a server, whose keys and indexes are made afterwards."""
    times = count // BASE if count > BASE and count % BASE == 0 else 1
    path = filled(count // times) / ".taglight" / "catalog.sqlite"
    source = sqlite3.connect(path)
    with database.reading() as connection:
        ids = _renumbered(connection, source, image.c.id, ("key", "trash"))
        labels = _renumbered(connection, source, label.c.id, ("folded",))
    with psycopg.connect(url) as target:
        found = target.execute(
            "SELECT c.conrelid::regclass, c.conname, i.indexname, pg_get_constraintdef(c.oid) "
            "FROM pg_indexes i LEFT JOIN pg_constraint c ON c.conname = i.indexname "
            "WHERE i.schemaname = 'public' AND i.tablename IN ('image', 'image_label', 'label')"
        ).fetchall()
        keys = [(of, name, how) for of, name, _, how in found if name]
        for of, name, _ in keys:
            target.execute(f"ALTER TABLE {of} DROP CONSTRAINT {name}")
        for _, key, name, _ in found:
            if not key:
                target.execute(f"DROP INDEX {name}")
        _copy_table(source, target, label, {"id": labels})
        _copy_table(source, target, image, {"id": ids})
        _copy_table(source, target, image_label, {"label_id": labels, "image_id": ids})
        _repeat(target, times)
        for of, name, how in keys:
            target.execute(f"ALTER TABLE {of} ADD CONSTRAINT {name} {how}")
    for definition in definitions("postgresql"):
        database.write(partial(Connection.execute, statement=definition))
    database.set_needs_reindex(False)


def _repeat(target: psycopg.Connection, times: int) -> None:
    """Have each picture of a library so many times, under other ids, keys and times."""
    # As evenly spread as ids that are made from names, and the same in every run.
    number = "(('x' || substr(md5({0} || '/' || n), 1, 16))::bit(64)::bigint & 9223372036854775807)"
    uploaded_at = f"uploaded_at - n * {APART}::bigint"
    names = {
        "key": "overlay(key placing n || '/' from 9 for 0)",
        "key_start": "overlay(key_start placing n || '/' from 9 for 0)",
        "public_id": "substr(md5(public_id || '/' || n), 1, 26)",
    }
    of_image = {"id": number.format("id"), "uploaded_at": uploaded_at, **names}
    of_label = {"image_id": number.format("image_id"), "uploaded_at": uploaded_at}
    for of, changed in ((image, of_image), (image_label, of_label)):
        columns = [column.name for column in of.columns]
        made = ", ".join(changed.get(name, name) for name in columns)
        target.execute(
            f"INSERT INTO {of.name} ({', '.join(columns)}) SELECT {made} "
            f"FROM {of.name}, generate_series(1, {times - 1}) n ORDER BY n"
        )


def _renumbered(
    connection: Connection, source: sqlite3.Connection, column: Column[int], names: Sequence[str]
) -> dict[int, int]:
    """Return the server's id for each of SQLite's."""
    rows = source.execute(f"SELECT id, {', '.join(names)} FROM {column.table.name}").fetchall()
    numbers = new_ids(connection, column, [row[1:] for row in rows])
    return {row[0]: number for row, number in zip(rows, numbers, strict=True)}


def _copy_table(
    source: sqlite3.Connection,
    target: psycopg.Connection,
    of: Table,
    changed: dict[str, dict[int, int]],
) -> None:
    """Copy one table, with the numbers changed in some columns."""
    columns = [column.name for column in of.columns]
    listed = ", ".join(columns)
    places = [(columns.index(column), numbers) for column, numbers in changed.items()]
    with target.cursor() as cursor, cursor.copy(f"COPY {of.name} ({listed}) FROM STDIN") as copy:
        for rows in chunks(source.execute(f"SELECT {listed} FROM {of.name}"), 10_000):
            lines = []
            for row in map(list, rows):
                for place, numbers in places:
                    row[place] = numbers[row[place]]
                lines.append("\t".join(map(_copied, row)))
            copy.write("\n".join(lines) + "\n")


def _copied(value: object) -> str:
    """Return a value as COPY reads it."""
    if isinstance(value, str):
        return value.translate(_ESCAPED)
    return r"\N" if value is None else repr(value)
