"""Tag a library that was there before, with a recogniser that sees the same in all: memory, rate.

    .venv/bin/python -m benchmarks.backfill [--pictures 100000]

The library is made in a temporary folder: small pictures, no two alike. `taglight tag` then does
all that it always does; the memory that it and its processes have for themselves (USS) is looked at
after each tenth. It is owed that the last tenth takes no more than 64 MB more than the first.
"""

import argparse
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

import psutil
from PIL import Image

from cli import tag as command
from cli.progress import Advance, showing
from tests.fakes import ToldRecognizer
from tests.pictures import encode

OWED_MB = 64
TENTHS = 10


def make_library(folder: Path, count: int) -> None:
    """Write so many pictures, each of its own bytes, a thousand in a folder."""
    body = encode(Image.new("RGB", (16, 12), "teal"), "png")
    for number in range(count):
        path = folder / "uploads" / f"{number // 1000:04}" / f"{number:07}.png"
        if not number % 1000:
            path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body + str(number).encode())  # what follows the picture is not looked at


class Watch:
    """Looks at the process whenever another tenth of the pictures is done."""

    def __init__(self, count: int) -> None:
        self.rows: list[tuple[int, float, float]] = []
        self._process = psutil.Process()
        self._step, self._done = max(1, count // TENTHS), 0
        self._began = time.monotonic()

    def advance(self, count: int) -> None:
        """Count what was done."""
        self._done += count
        if self._done // self._step > len(self.rows):
            row = self._done, self._megabytes(), time.monotonic() - self._began
            self.rows.append(row)
            print("\n| {:,} | {:,.0f} MB | {:,.0f} s |".format(*row), flush=True)

    @property
    def grown(self) -> float:
        """How many megabytes more the last tenth takes than the first."""
        return self.rows[-1][1] - self.rows[0][1]

    def _megabytes(self) -> float:
        own = 0
        for process in (self._process, *self._process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                own += process.memory_full_info().uss
        return own / 1e6


def run(count: int) -> Watch:
    """Make the library and tag it."""
    watch = Watch(count)

    class Bar:
        def __init__(self, what: str, total: int | None = None) -> None:
            self._shown, self._tagging = showing(what, total), what == "Tagging"

        def __enter__(self) -> Advance:
            advance = self._shown.__enter__()

            def both(done: int) -> None:
                advance(done)
                if self._tagging:
                    watch.advance(done)

            return both

        def __exit__(self, *error: object) -> None:
            self._shown.__exit__(None, None, None)

    # The same bar, and the watch beside it.
    with patch.object(command, "showing", Bar), tempfile.TemporaryDirectory() as name:
        make_library(Path(name), count)
        recognizer = ToldRecognizer()
        status = command.tag(name, command.Options(jobs=command.usual_jobs()), recognizer)
        assert (status, recognizer.seen) == (0, count), "each was to be tagged once"
        again = command.tag(name, command.Options(), recognizer)
        assert (again, recognizer.seen) == (0, count), "nothing was left to do"
    return watch


def main() -> int:
    """Print what was seen; fail where the memory grew."""
    parser = argparse.ArgumentParser(prog="benchmarks.backfill")
    parser.add_argument("--pictures", type=int, default=100_000)
    asked = parser.parse_args()
    print(f"{os.cpu_count()} cores\n\n| pictures tagged | memory | since the start |")
    print("|---|---|---|")
    grown = run(asked.pictures).grown
    print(f"\nGrown by {grown:.0f} MB; at most {OWED_MB} are owed.")
    return 1 if grown > OWED_MB else 0


if __name__ == "__main__":
    raise SystemExit(main())
