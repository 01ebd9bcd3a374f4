"""Memory and speed of `taglight export` as the library grows: flat, whatever is exported.

    .venv/bin/python -m benchmarks.export [10000 100000]

Each export is a process of its own, whose own memory is looked at all the time; the catalog's file,
which is mapped, is the system's cache. The libraries hold a catalog and no files, so JSON lines are
made from the catalog alone. Linux only.
"""

import contextlib
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path

from benchmarks.libraries import filled
from cli.locks import only_one

FORMATS = ("csv", "jsonl")


def exported(library: Path, form: str) -> tuple[float, float, int]:
    """Export a library; return seconds, the most memory of its own in MiB, and lines."""
    command = [sys.executable, "-m", "cli.main", "export", str(library), "--format", form]
    # As if `taglight serve` kept the catalog in step: there are no files to compare it with.
    with tempfile.TemporaryFile() as out, only_one(library / ".taglight/worker.lock", "in use"):
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=out)
        memory = 0.0
        while process.poll() is None:
            memory = max(memory, own_memory(process.pid))
            time.sleep(0.02)
        seconds = time.perf_counter() - began
        if process.returncode:
            raise RuntimeError(f"the export ended with {process.returncode}")
        out.seek(0)
        return seconds, memory, sum(1 for _ in out)


def own_memory(pid: int) -> float:
    """Return the resident memory of a process in MiB, without the files it has mapped."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) / 1024
    return 0.0


def main() -> int:
    """Print a row for each; fail where memory grows by more than a tenth."""
    parser = ArgumentParser(prog="benchmarks.export")
    parser.add_argument("sizes", nargs="*", type=int, default=[10_000, 100_000])
    wrong = 0
    print("| export | pictures | seconds | a second | peak memory | |\n|---|---|---|---|---|---|")
    sizes = parser.parse_args().sizes
    for form in FORMATS:
        least = 0.0
        for size in sizes:
            library = filled(size)
            for top in ("uploads", "metadata"):
                (library / top).mkdir(exist_ok=True)
            seconds, memory, lines = exported(library, form)
            least = least or memory
            flat = memory <= 1.1 * least and lines == size + (form == "csv")
            wrong += not flat
            print(
                f"| {form} | {size:,} | {seconds:.1f} | {size / seconds:,.0f} | {memory:.0f} MiB "
                f"| {'flat' if flat else 'grows'} |",
                flush=True,
            )
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
