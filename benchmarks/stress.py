"""Eight who write and eight who read for a minute, on each engine.

    .venv/bin/python -m benchmarks.stress [--seconds 60] [--catalog URL]

The writers meet at the same pictures, the readers ask for page, counts and histogram of one
moment. Nothing may fail, no update may be lost, and no answer may contradict itself. With
`--catalog` only that catalog, which is emptied and must be nobody's; else SQLite in a temporary
folder, with and without arrays in memory, and a PostgreSQL of its own.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from benchmarks.servers import server
from catalog.database import Database
from tests.crowd import Crowd, Outcome

PICTURES = 30
HEAD = (
    "| engine | seconds | updates | looks | errors | lost updates | torn answers |\n"
    "|---|---|---|---|---|---|---|"
)


@contextmanager
def engines(catalog: str | None) -> Iterator[list[tuple[str, Database]]]:
    """Open the catalogs that are to be tried."""
    if catalog:
        with closing(Database.open(catalog)) as database:
            yield [(catalog.split(":")[0], database)]
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        server() as cluster,
        closing(Database.open(f"sqlite:///{folder}/arrays.sqlite")) as arrays,
        closing(Database.open(f"sqlite:///{folder}/sql.sqlite")) as sql,
        closing(Database.open(cluster.create("stress"))) as postgresql,
    ):
        sql.uses_arrays = False
        yield [("SQLite", arrays), ("SQLite, no arrays", sql), ("PostgreSQL", postgresql)]


def stress(database: Database, seconds: float) -> Outcome:
    """Let the crowd at a catalog for so long."""
    crowd = Crowd(database, PICTURES)
    until = time.monotonic() + seconds
    return crowd.gather(lambda _: time.monotonic() >= until)


def main() -> int:
    """Print a row for each engine; fail where one of them did."""
    parser = argparse.ArgumentParser(prog="benchmarks.stress")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--catalog")
    asked = parser.parse_args()
    wrong: list[object] = []
    print(HEAD)
    with engines(asked.catalog) as opened:
        for name, database in opened:
            found = stress(database, asked.seconds)
            print(
                f"| {name} | {asked.seconds:g} | {found.writes:,} | {found.reads:,} "
                f"| {len(found.errors)} | {len(found.lost)} | {len(found.torn)} |",
                flush=True,
            )
            wrong += [*found.errors, *found.lost, *found.torn]
    for each in wrong[:20]:
        print(repr(each))
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
