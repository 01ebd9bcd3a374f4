"""2,000 uploads from 20 clients at once, beside senders who fall asleep: what does it cost others?

    .venv/bin/python -m benchmarks.overload [--uploads 2000] [--clients 20] [--real]

Owed: memory of 600 MB at most, no client left behind, refusals that say when to come again, and
pages whose slowest twentieth takes at most three times as long as with nothing else to do (both
times each page is made: one that was kept from before would be there sooner; "nothing else to do"
is before and after, with the library as small and as large as it is meanwhile). What an onlooker
in a process of its own has waited counts; how long the server took by its own clock is said, too.
Prints the rows of docs/reliability.md and fails where something was lost, or what is owed is
missed.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

from tests.ordeal.audit import disagreements, temporary_files
from tests.ordeal.overload import Sleepers, Watched, fairness, p95, watching
from tests.ordeal.senders import Senders, pictures
from tests.ordeal.served import QUICK, REAL, serving, wait_for

IDLE_SECONDS = 15
SLEEPERS = 40
FEW_WAITING = 200
FIRST = 200


def overload(library: Path, asked: argparse.Namespace) -> list[str]:
    """Print the rows; return what went wrong."""
    command = REAL if asked.real else QUICK
    with serving(library, command=command, TAGLIGHT_MOST_WAITING=asked.most_waiting) as served:
        first = Senders(served.port, pictures(FIRST, 1), 4).start()
        first.join()
        wait_for(lambda: served.is_settled(list(first.kept())), "that there is a gallery", 600)
        with watching(served) as idle:
            time.sleep(IDLE_SECONDS)
        sleepers = pictures(SLEEPERS, 2, width=400, height=300)
        began = time.monotonic()
        with Sleepers(served, sleepers) as asleep, watching(served) as busy:
            senders = Senders(served.port, pictures(asked.uploads, 3), asked.clients).start()
            senders.join()
            sent = time.monotonic() - began
            wait_for(lambda: served.is_settled(list(senders.kept())), "answers for all", 3600)
            tagged = time.monotonic() - began
            wait_for(asleep.are_gone, "that sleepers are sent away")
            wait_for(lambda: not temporary_files(library), "that what they began is gone")
            wait_for(served.is_at_rest, "that nothing is left to do")
        with watching(served) as after:
            time.sleep(IDLE_SECONDS)
    idle.seconds += after.seconds
    idle.at_server += after.at_server
    wrong = _rows(asked, senders, idle, busy, sent, tagged)
    return wrong + disagreements(library)


def _rows(
    asked: argparse.Namespace,
    senders: Senders,
    idle: Watched,
    busy: Watched,
    sent: float,
    tagged: float,
) -> list[str]:
    told = senders.told
    fair, memory = fairness(senders, asked.clients), busy.server + busy.worker
    refused = sum(told.answers[status] for status in (408, 429, 503))
    command = f"python -m benchmarks.overload --uploads {asked.uploads} --clients {asked.clients}"
    command += f" --most-waiting {asked.most_waiting}" + (" --real" if asked.real else "")
    wrong = busy.wrong + told.unkind
    if len(told.kept) != asked.uploads:
        wrong.append(f"{asked.uploads - len(told.kept)} pictures were not kept")
    print(
        f"| {asked.uploads:,} uploads from {asked.clients} clients at once, {SLEEPERS} senders "
        f"asleep, {refused:,} times told when to come again | 1 "
        f"| {wrong or 'nothing'} | all received in {sent:.0f} s, all tagged in "
        f"{tagged:.0f} s | `{command}` |"
    )
    ratio = busy.p95 / idle.p95
    print("\n| what | owed | measured |\n|---|---|---|")
    print(
        f"| pages meanwhile, p95 of {len(busy.seconds):,} | ≤ 3× idle "
        f"| {busy.p95 * 1000:.0f} ms, {ratio:.1f}× of {idle.p95 * 1000:.0f} ms "
        f"(load {os.getloadavg()[0]:.0f}) |"
    )
    if busy.at_server:
        there, idle_there = p95(busy.at_server), p95(idle.at_server)
        print(
            f"| the same by the server's own clock | | {there * 1000:.0f} ms, "
            f"{there / idle_there:.1f}× of {idle_there * 1000:.0f} ms |"
        )
    print(
        f"| memory at most | ≤ 600 MB | {memory * 2**20 / 1e6:.0f} MB "
        f"(server {busy.server:.0f} MiB, worker {busy.worker:.0f} MiB) |"
    )
    print(f"| the slowest client's uploads, as a part of the quickest one's | | {fair:.2f} |")
    if memory * 2**20 > 600e6:
        wrong.append("more memory than is owed")
    if ratio > 3:
        wrong.append("pages are slower than is owed")
    return wrong


def main() -> int:
    """Print the rows; fail where something was lost or is missed."""
    parser = argparse.ArgumentParser(prog="benchmarks.overload")
    parser.add_argument("--uploads", type=int, default=2000)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--most-waiting", type=int, default=FEW_WAITING)
    parser.add_argument("--real", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wrong = overload(Path(folder, "library"), asked)
    for each in wrong[:20]:
        print(each)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
