"""Pages and counts of the catalog against hand-written SQL in the same run.

    .venv/bin/python -m benchmarks.catalog [10000 100000 1000000] [--only sqlite|postgresql]

The floor of a page is hand-written SQL for the same columns, with their JSON decoded and made into
the same records; where the total is part of the answer, the floor counts by hand too. U is
`json.loads` of 1,000 compact documents, measured in turns with each row. All times are those of
the processor: the machine is shared, and everything lies in memory. Each of our answers is asked
as if for the first time: which pictures match is not left over from the last one.
"""
# ruff: noqa: S608 - hand-written SQL of our own names

import gc
import sqlite3
import time
from argparse import ArgumentParser
from collections.abc import Callable
from time import thread_time

import psutil

from benchmarks import servers
from benchmarks.libraries import filled, label_name
from benchmarks.measuring import Row, in_turns, ms, table, unit_call
from catalog import reads
from catalog.database import Database
from catalog.query import parse
from catalog.records import NAMES, records

COLUMNS = ", ".join(f"i.{name}" for name in NAMES)
NEWEST = f"SELECT {COLUMNS} FROM image i WHERE i.live = 1 ORDER BY i.uploaded_at DESC LIMIT 61"
ONE = f"""
    SELECT {COLUMNS} FROM image_label a CROSS JOIN image i ON i.id = a.image_id
    WHERE a.live = 1 AND a.label_id = ? AND a.confidence >= 70 AND a.uploaded_at < ?
    ORDER BY a.uploaded_at DESC, a.image_id DESC LIMIT 61"""
EITHER = f"""
    SELECT {COLUMNS} FROM (
      SELECT image_id, uploaded_at FROM (SELECT image_id, uploaded_at FROM image_label
        WHERE live = 1 AND label_id = ? AND confidence >= 70 ORDER BY uploaded_at DESC LIMIT 61)
      UNION
      SELECT image_id, uploaded_at FROM (SELECT image_id, uploaded_at FROM image_label
        WHERE live = 1 AND label_id = ? AND confidence >= 70 ORDER BY uploaded_at DESC LIMIT 61)
    ) a CROSS JOIN image i ON i.id = a.image_id ORDER BY a.uploaded_at DESC LIMIT 61"""
PROBE = """ CROSS JOIN image_label {0} ON {0}.live = 1 AND {0}.label_id = ?
    AND {0}.uploaded_at = a.uploaded_at AND +{0}.image_id = a.image_id AND +{0}.confidence >= 70"""
THREE = f"""
    SELECT {COLUMNS} FROM image_label a {PROBE.format("b")} {PROBE.format("c")}
    CROSS JOIN image i ON i.id = a.image_id
    WHERE a.live = 1 AND a.label_id = ? AND a.confidence >= 70
    ORDER BY a.uploaded_at DESC LIMIT 61"""
BY_NAME = f"""
    SELECT {COLUMNS} FROM image i WHERE i.live = 1 AND EXISTS (SELECT 1 FROM image_label a
      WHERE a.image_id = i.id AND a.label_id = ? AND a.confidence >= 70)
    ORDER BY i.name_folded, i.uploaded_at DESC LIMIT 61"""
COUNT = "SELECT count(*) FROM image_label WHERE live = 1 AND label_id = ? AND confidence >= 70"
FACETS = """
    SELECT f.label_id, count(*) FROM image_label a
    CROSS JOIN image_label f INDEXED BY image_label_by_image ON f.image_id = a.image_id
    WHERE a.live = 1 AND a.label_id = ? AND a.confidence >= 70
    AND f.confidence >= 70 AND f.alias = 0 GROUP BY 1"""
_END = 2**62


class Bench:
    """One library, asked by us and by hand."""

    def __init__(self, count: int) -> None:
        self.count = count
        path = filled(count) / ".taglight" / "catalog.sqlite"
        self.database = Database.open(f"sqlite:///{path}")
        self.hand = sqlite3.connect(path)
        self.hand.execute("PRAGMA mmap_size=4294967296")
        self.unit = unit_call()
        self.rows: list[Row] = []
        self.pages: dict[str, Callable[[], object]] = {}

    def load(self) -> str:
        """Load the arrays; return how long it took and what they weigh."""
        gc.collect()
        process = psutil.Process()
        before = _own_memory(process)
        start = time.perf_counter()
        self.facets("")
        if self.database.arrays:
            self.database.arrays.wait()
        self.facets(f'"{label_name(0)}"')
        self.ask("")
        seconds = time.perf_counter() - start
        gc.collect()
        megabytes = (_own_memory(process) - before) / 1e6
        each = megabytes * 1e6 / self.count
        return (
            f"{self.count:,} pictures: arrays, bitmaps and the newest order loaded in "
            f"{seconds:.1f} s; {megabytes:,.0f} MB in all, {each:,.0f} a million pictures."
        )

    def number(self, rank: int) -> int:
        """Return the id of a label by its rank."""
        query = "SELECT id FROM label WHERE folded = ?"
        return int(self.hand.execute(query, (label_name(rank).lower(),)).fetchone()[0])

    def ask(
        self, text: str, sort: str = "newest", cursor: str | None = None, counted: bool = True
    ) -> reads.Page:
        """Ask for one page as if for the first time: nothing is left over from the last one."""
        self.forget()
        with self.database.reading() as connection:
            return reads.search(
                connection, parse(text), sort=sort, cursor=cursor, counted=counted
            )  # fmt: skip

    def facets(self, text: str, low: float | None = None) -> list[reads.LabelCount]:
        """Ask for the 40 most frequent labels, as if for the first time."""
        self.forget()
        with self.database.reading() as connection:
            return reads.label_counts(connection, parse(text), min=low)

    def forget(self) -> None:
        """Forget which pictures matched last time."""
        if self.database.arrays and self.database.arrays._state:
            self.database.arrays._state.found.clear()

    def sql(self, text: str, *values: object) -> Callable[[], object]:
        """Return the hand-written page, made into records."""
        return lambda: records(self.hand.execute(text, values).fetchall()[:60])

    def page(self, what: str, ours: Callable[[], object], floor: Callable[[], object]) -> None:
        """Measure a page beside its floor."""
        mine, theirs = in_turns(ours, floor, clock=thread_time)
        self.pages[what] = ours
        self.rows.append(Row(f"page: {what}", ms(theirs), ms(mine), mine / theirs, 2))

    def counts(self, what: str, text: str, low: float | None, floor: str) -> None:
        """Measure the counts of all labels in U."""
        mine, unit = in_turns(lambda: self.facets(text, low), self.unit, clock=thread_time)
        owed = 0.5 if self.count <= 100_000 else 2
        name = f"counts: {what}"
        self.rows.append(Row(name, f"{floor}U {ms(unit)}", ms(mine), mine / unit, owed, "U"))

    def run(self) -> list[Row]:
        """Measure everything."""
        one, rare = (f'"{label_name(rank)}"' for rank in (0, 599))
        top = self.number(0)
        self.page("newest", lambda: self.ask("", counted=False), self.sql(NEWEST))
        for rank in (0, 10, 100, 599):
            text, number = f'"{label_name(rank)}"', self.number(rank)
            self.page(
                f"label of rank {rank}",
                lambda t=text: self.ask(t, counted=False),
                self.sql(ONE, number, _END),
            )
        self.page(
            "rank 0 with its total",
            lambda: self.ask(one),
            lambda: (self.sql(ONE, top, _END)(), self.hand.execute(COUNT, (top,)).fetchone()),
        )
        self.deep(one)
        pair = [self.number(rank) for rank in (500, 400)]
        either = f'"{label_name(500)}"|"{label_name(400)}"'
        self.page(
            "either of two rare labels",
            lambda: self.ask(either, counted=False),
            self.sql(EITHER, *pair),
        )
        three = " ".join(f'"{label_name(rank)}"' for rank in (10, 1, 0))
        ids = [self.number(rank) for rank in (0, 1, 10)]
        self.page("three labels", lambda: self.ask(three, counted=False), self.sql(THREE, *ids))
        self.ask(one, "name")
        self.page(
            "rank 0 by name", lambda: self.ask(one, "name", counted=False), self.sql(BY_NAME, top)
        )
        by_hand = ""
        if self.count <= 100_000:
            (seconds,) = in_turns(
                lambda: self.hand.execute(FACETS, (top,)).fetchall(), repeats=3, clock=thread_time
            )
            by_hand = f"SQL {ms(seconds)}, "
        self.counts("no filter", "", None, "")
        self.counts("under rank 0", one, None, by_hand)
        self.counts("under rank 0 at 83.3 %", one, 83.3, "")
        self.counts("under rank 0 at 30 %", one, 30.0, "")
        self.counts("under rank 10", f'"{label_name(10)}"', None, "")
        self.counts("under rank 599", rare, None, "")
        self.counts("without rank 0", f"-{one}", None, "")
        return self.rows

    def beside(self, smaller: "Bench") -> list[Row]:
        """Measure each page in turns with the same page of a smaller library."""
        rows = []
        for what, ours in self.pages.items():
            mine, theirs = in_turns(ours, smaller.pages[what], clock=thread_time)
            name = f"page: {what}, beside {smaller.count:,}"
            rows.append(Row(name, ms(theirs), ms(mine), mine / theirs, 2))
        return rows

    def deep(self, text: str) -> None:
        """Measure a page far down beside the first one."""
        cursor = None
        reached = 1
        while reached < 1000:
            following = self.ask_on(text, cursor)
            if following is None:
                break
            cursor, reached = following, reached + 1
        mine, first = in_turns(
            lambda: self.ask(text, cursor=cursor), lambda: self.ask(text), clock=thread_time
        )  # fmt: skip
        what = f"page {reached} of rank 0, floor is page 1"
        self.rows.append(Row(what, ms(first), ms(mine), mine / first, 2))

    def ask_on(self, text: str, cursor: str | None) -> str | None:
        """Return the cursor of the next page."""
        with self.database.reading() as connection:
            return reads.search(connection, parse(text), cursor=cursor).next


def _own_memory(process: psutil.Process) -> int:
    """Return the bytes a process has to itself; the catalog's file, mapped, is not among them."""
    memory = process.memory_info()
    return int(memory.rss - memory.shared)


def main() -> int:
    """Print a table for each size of library, and how the largest compares with the others."""
    parser = ArgumentParser(prog="benchmarks.catalog")
    parser.add_argument("counts", nargs="*", type=int, default=[100_000])
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    asked = parser.parse_args()
    if asked.only != "postgresql":
        on_sqlite(asked.counts)
    if asked.only != "sqlite":
        servers.run(asked.counts)
    return 0


def on_sqlite(counts: list[int]) -> None:
    """Print the tables of SQLite."""
    smaller: Bench | None = None
    for count in counts:
        bench = Bench(count)
        print(f"\n{bench.load()}\n", flush=True)
        rows = bench.run()
        if smaller:
            rows += bench.beside(smaller)
        print(table(rows), flush=True)
        smaller = bench


if __name__ == "__main__":
    raise SystemExit(main())
