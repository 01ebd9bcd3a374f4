"""From the last byte of a photograph to its labels; pictures a minute; memory after 500 pictures.

    .venv/bin/python -m benchmarks.one_machine [--pictures 500] [--latency 15]

Owed: a 12-megapixel photograph has its labels in a median of 2 s with nothing else to do;
server and worker stay at 600 MB together, flat.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.site import Site, photograph, served

TWELVE_MEGAPIXELS = (4000, 3000)
ORDINARY = (1280, 960)
CHUNK = 50


def latency(site: Site, count: int) -> list[float]:
    """Return the seconds from the last byte of each 12-megapixel photograph to its labels."""
    seconds = []
    for seed in range(count):
        data = photograph(seed, *TWELVE_MEGAPIXELS)
        (ticket,) = site.tickets([(f"large {seed}.jpg", data)])
        site.send(ticket, data)
        seconds.append(site.wait_tagged([ticket["key"]], every=0.02, at_most=60))
    return seconds


def throughput(site: Site, count: int) -> tuple[float, list[tuple[int, dict[str, float]]]]:
    """Send `count` pictures; return pictures a minute and the memory after each hundred or so."""
    memory = []
    spent = 0.0
    for first in range(0, count, CHUNK):
        files = [
            (f"picture {seed}.jpg", photograph(1000 + seed, *ORDINARY))
            for seed in range(first, min(first + CHUNK, count))
        ]
        start = time.perf_counter()
        tickets = site.tickets(files)
        for ticket, (_, data) in zip(tickets, files, strict=True):
            site.send(ticket, data)
        site.wait_tagged([ticket["key"] for ticket in tickets], every=0.1, at_most=600)
        spent += time.perf_counter() - start
        memory.append((first + len(files), site.memory_mib()))
    return count / spent * 60, memory


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=500)
    parser.add_argument("--latency", type=int, default=15)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder, "library")
        with served(library, Path(folder, "serve.log")) as site:
            warm = photograph(999, *ORDINARY)
            (ticket,) = site.tickets([("first.jpg", warm)])
            site.send(ticket, warm)
            first = site.wait_tagged([ticket["key"]], every=0.05, at_most=120)
            seconds = latency(site, options.latency)
            rate, memory = throughput(site, options.pictures)
    print("| what | owed | measured |")
    print("|---|---|---|")
    print(f"| first picture after the start | | {first:.2f} s |")
    print(
        f"| 12 megapixels, last byte to labels, median of {len(seconds)} (worst) "
        f"| ≤ 2 s | {statistics.median(seconds):.2f} s ({max(seconds):.2f} s) |"
    )
    print(f"| {options.pictures} pictures of 1.2 megapixels, whole path | | {rate:.0f} a minute |")
    for count, mib in memory[:: max(1, len(memory) // 5)] + memory[-1:]:
        both = sum(mib.values())
        print(
            f"| memory after {count} pictures | ≤ 600 MB | {both:.0f} MiB "
            f"(server {mib['server']:.0f}, worker {mib['worker']:.0f}) |"
        )


if __name__ == "__main__":
    main()
