"""Disk full, disk read-only, catalog lost, an end in the middle: what was lost, and for how long?

    .venv/bin/python -m benchmarks.faults [--times 10] [--only WORDS]

Prints the rows of docs/reliability.md and fails where anything was lost. The small disk is a file
system in memory of its own, where we may mount one (as root, or through sudo), else a played one.
"""

import argparse
import signal
import statistics
import tempfile
from pathlib import Path

from tests.ordeal.audit import disagreements, temporary_files
from tests.ordeal.disks import SmallDisk, small_disk
from tests.ordeal.ending import end_in_the_middle
from tests.ordeal.faults import FAULTS, Outcome
from tests.ordeal.served import serving, wait_for

ENDS = {"asked to end (SIGTERM)": signal.SIGTERM, "asked to end (Ctrl+C)": signal.SIGINT}


def inflict(name: str, times: int) -> tuple[list[Outcome], str]:
    """Inflict one fault so often on one server; return what came of it, and on which disk."""
    with tempfile.TemporaryDirectory() as folder, small_disk(Path(folder)) as disk:
        with serving(disk.library) as served:
            found = [FAULTS[name](served, disk, 1000 + 2 * number) for number in range(times)]
            wait_for(served.is_at_rest, "that nothing is left to do")
            served.end()
        found[-1].lost += disagreements(disk.library)
        found[-1].lost += map(str, temporary_files(disk.library))
        return found, "" if isinstance(disk, SmallDisk) else " (played)"


def end(number: int, times: int) -> list[Outcome]:
    """End a server so often while it is at work; `seconds` is how long the end took."""
    found = []
    for _ in range(times):
        with tempfile.TemporaryDirectory() as folder:
            found.append(end_in_the_middle(Path(folder), number))
    return found


def row(name: str, found: list[Outcome], command: str) -> str:
    """Return the row of the table."""
    lost = [each for outcome in found for each in outcome.lost]
    seconds = [outcome.seconds for outcome in found]
    took = f"{statistics.median(seconds):.1f} s in the median, {max(seconds):.1f} s at most"
    said = f"{len(lost)} things" if lost else "nothing"
    return f"| {name} | {len(found)} | {said} | {took} | `{command}` |"


def main() -> int:
    """Print a row for each fault; fail where something was lost."""
    parser = argparse.ArgumentParser(prog="benchmarks.faults")
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--only", default="", help="part of a fault's name")
    asked = parser.parse_args()
    command = f"python -m benchmarks.faults --times {asked.times}"
    wrong = []
    for name in (*FAULTS, *ENDS):
        if asked.only not in name:
            continue
        if name in ENDS:
            found, played = end(ENDS[name], asked.times), ""
        else:
            found, played = inflict(name, asked.times)
        print(row(name + played, found, command), flush=True)
        wrong += [each for outcome in found for each in outcome.lost]
    for each in wrong[:20]:
        print(each)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
