"""Files that mean harm in the folder of a running worker: what becomes of them, and of its memory.

    .venv/bin/python -m benchmarks.hostile [COUNT] [SEED]

COUNT damaged pictures of every format (default 1,000), made from SEED, and each crafted file of
tests/hostile.py once, the large ones too. Memory is that of the worker and all its processes (what
they share is counted once: PSS), looked at up to fifty times a second. Prints a row for
docs/reliability.md, and what the files got.
"""

import argparse
import collections
import contextlib
import hashlib
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from catalog import reads
from catalog.keys import UPLOADS
from cli.home import Home, open_home
from cli.supervisor import Supervisor, worker_command
from tests import hostile

MB = 1_000_000
OWED = 600
LONGEST = 4 * 3600
_EVERY = 0.02


class Watch:
    """Looks at the memory of all processes that this one has started, until told to stop."""

    def __init__(self) -> None:
        self.most: list[int] = []
        self.workers: set[int] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(_EVERY):
            self.workers |= {child.pid for child in psutil.Process().children()}
            self.most = max(self.most, [_resident(each) for each in _all_children()], key=sum)


def _all_children() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def _resident(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error):
        return int(process.memory_full_info().pss)
    return 0


def corpus(count: int, seed: int) -> Iterator[hostile.Made]:
    """Yield all files, those of which there is one of a kind first."""
    for name, make in (hostile.crafted() | hostile.large()).items():
        yield name, make()
    yield from hostile.damaged(count, seed)


def answers(home: Home, keys: list[str]) -> dict[str, str]:
    """Return what each file has got: "pending", "tagged", or the code of its failure."""
    found = {}
    for first in range(0, len(keys), 500):
        with home.database.reading() as connection:
            records = [reads.find_by_key(connection, key) for key in keys[first : first + 500]]
        for record in records:
            if record is not None:
                silent = record.status == "failed" and not record.error_message
                code = "no sentence" if silent else record.error_code
                found[record.key] = code if record.status == "failed" else record.status
    return found


def main() -> None:
    """Run it and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=1000)
    parser.add_argument("seed", type=int, nargs="?", default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder, "library"), options.count, options.seed)


def run(library: Path, count: int, seed: int) -> None:
    """Give a worker all files at once, wait for its answers, and print what came of it."""
    home = open_home(str(library))
    written = {}
    for name, data in corpus(count, seed):
        path = library / UPLOADS / name
        path.write_bytes(data)
        written[UPLOADS + name] = hashlib.sha256(data).digest()
    keys = sorted(written)
    began = time.monotonic()
    with Watch() as watch, Supervisor(worker_command(str(library))):
        found: dict[str, str] = {}
        while len(found) < len(keys) or "pending" in found.values():
            if time.monotonic() - began > LONGEST:
                sys.exit(f"No answer: {[key for key in keys if found.get(key) != 'tagged'][:20]}")
            time.sleep(0.5)
            found = answers(home, keys)
        seconds = time.monotonic() - began
    changed = sum(
        hashlib.sha256((library / key).read_bytes()).digest() != digest
        for key, digest in written.items()
    )
    home.close()
    counts = collections.Counter(found.values())
    lost = counts["no sentence"] + counts["gave_up"] + changed
    print("| fault | inflicted | lost | until all was well | command |\n|---|---|---|---|---|")
    print(
        f"| a hostile file: bombs, loops, polyglots, damage | {len(keys):,} | {lost or 'nothing'} "
        f"| {seconds / len(keys):.2f} s a file | `python -m benchmarks.hostile {count} {seed}` |"
    )
    print("\n| what they got | files |\n|---|---|")
    for code, number in counts.most_common():
        print(f"| {code} | {number:,} |")
    print("\n| the worker | | owed |\n|---|---|---|")
    each = " and ".join(f"{share / MB:.0f}" for share in watch.most)
    most = f"{sum(watch.most) / MB:.0f} MB ({each})"
    print(f"| most memory of all its processes | {most} | ≤ {OWED} MB |")
    print(f"| times it was started | {len(watch.workers)} | 1 |")


if __name__ == "__main__":
    main()
