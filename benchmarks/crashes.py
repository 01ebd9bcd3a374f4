"""Kills server and worker, together and each alone, while pictures are sent; what was lost?

    .venv/bin/python -m benchmarks.crashes [--kills 50] [--uploads 500] [--seed 1] [--real]

Prints the row of docs/reliability.md and fails where anything was lost. The recogniser sees the
same on every picture, at once; with `--real` it is the local one.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from tests.ordeal.crashes import Outcome, ordeal
from tests.ordeal.served import QUICK, REAL


def row(outcome: Outcome, command: str) -> str:
    """Return the row of the table."""
    kills = ", ".join(f"{count}× {target}" for target, count in outcome.kills.items())
    lost = f"{len(outcome.lost)} things" if outcome.lost else "nothing"
    seconds = sorted(outcome.seconds)
    took = f"{statistics.median(seconds):.1f} s in the median, {seconds[-1]:.1f} s at most"
    return (
        f"| killed (SIGKILL: {kills}) during {outcome.uploads} uploads, {outcome.under_way} of "
        f"them under way just then, {outcome.cut_off} half written "
        f"| {sum(outcome.kills.values())} | {lost} | {took} | `{command}` |"
    )


def main() -> int:
    """Print the row; fail where something was lost."""
    parser = argparse.ArgumentParser(prog="benchmarks.crashes")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--uploads", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--real", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = ordeal(
            Path(folder, "library"),
            kills=asked.kills,
            uploads=asked.uploads,
            seed=asked.seed,
            command=REAL if asked.real else QUICK,
        )
    command = f"python -m benchmarks.crashes --kills {asked.kills} --uploads {asked.uploads}"
    print(row(outcome, f"{command} --seed {asked.seed}{' --real' if asked.real else ''}"))
    for each in outcome.lost[:20]:
        print(each)
    return 1 if outcome.lost else 0


if __name__ == "__main__":
    raise SystemExit(main())
