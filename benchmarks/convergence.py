"""Whether a library comes to rest whole, whatever happens to it: rows for docs/reliability.md.

    .venv/bin/python -m benchmarks.convergence [--examples 200] [--steps 50] [--seed 1]
                                               [--on folder-sqlite …]

People upload, delete, restore, edit and ask again; hands and other tools change pictures and
documents in the store; events come twice, late, in any order or not at all; up to four of those at
work stand between each other's operations, and are killed there. Then all comes to rest, and
pictures, documents, thumbnails and catalog must agree, with nothing gone that was put in. Where
they do not, the shortest story that shows it is printed, and the status is 1. The same seed tells
the same stories, operation by operation: the digest shows it.

The libraries lie in memory where the system has a place for that: nobody pulls a plug
here, and most of the time would be waiting for a disk that syncs.
"""

import argparse
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.servers import server
from tests.convergence import places
from tests.convergence.machine import Place, run

HEAD = (
    "| fault | how many times inflicted | what was lost | until all was well | command |\n"
    "|---|---|---|---|---|"
)
ROW = (
    "| {fault} ({where}) | {count:,} in {examples:,} libraries | nothing | "
    "{rounds} comparisons at most | `python -m benchmarks.convergence --on {kind} "
    "--examples {asked} --steps {steps} --seed {seed}` |"
)


_MEMORY = Path("/dev/shm")  # noqa: S108 - for folders of random names
PARENT = _MEMORY if os.access(_MEMORY, os.W_OK) else None


@contextmanager
def kind_of_place(kind: str) -> Iterator[Place]:
    """Give what makes libraries of this kind, with the servers it needs."""
    from tests.strict_s3.site import servers

    if kind == "folder-sqlite":
        yield places.place(places.in_a_folder, places.sqlite, PARENT)
    elif kind == "folder-postgresql":
        with server() as cluster:
            yield places.place(places.in_a_folder, places.postgresql(cluster), PARENT)
    elif kind == "s3-sqlite":
        with servers() as started:
            yield places.place(places.in_a_bucket(started), places.sqlite, PARENT)
    else:
        with servers() as started, server() as cluster:
            yield places.place(places.in_a_bucket(started), places.postgresql(cluster), PARENT)


WHERE = {
    "folder-sqlite": "folder, SQLite",
    "folder-postgresql": "folder, PostgreSQL",
    "s3-sqlite": "S3, SQLite",
    "s3-postgresql": "S3, PostgreSQL",
}


def main() -> None:
    """Print a row for each fault and place; what does not hold is raised, with its story."""
    parser = argparse.ArgumentParser(prog="benchmarks.convergence")
    parser.add_argument("--examples", type=int, default=200)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--on", nargs="*", choices=WHERE, default=list(WHERE))
    asked = parser.parse_args()
    logging.disable(logging.WARNING)  # what is put off says so
    print(HEAD)
    for kind in asked.on:
        began = time.monotonic()
        with kind_of_place(kind) as place:
            told = run(place, examples=asked.examples, steps=asked.steps, seed=asked.seed)
        for fault, count in sorted(told.faults.items()):
            print(
                ROW.format(
                    fault=fault,
                    where=WHERE[kind],
                    count=count,
                    examples=told.examples,
                    rounds=told.most_rounds,
                    kind=kind,
                    asked=asked.examples,
                    steps=asked.steps,
                    seed=asked.seed,
                )
            )
        took = time.monotonic() - began
        print(f"({kind}: {took:.0f} s; what happened has the digest {told.digest})")


if __name__ == "__main__":
    main()
