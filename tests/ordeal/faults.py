"""Takes from a serving Taglight its disk or its catalog, gives it back, and looks what it cost."""

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.ordeal.disks import Disk
from tests.ordeal.senders import Senders, pictures
from tests.ordeal.served import Served, wait_for

BEFORE, DURING = 6, 6
REFUSALS = 3


@dataclass
class Outcome:
    """What a fault has cost: nothing where `lost` is empty."""

    lost: list[str] = field(default_factory=list)
    sentences: set[str] = field(default_factory=set)
    seconds: float = 0.0  # from the end of the fault until all was well


Fault = Callable[[Served, Disk, int], Outcome]


def disk_full(served: Served, disk: Disk, seed: int) -> Outcome:
    """Fill the disk while pictures are sent and tagged, and free it again."""
    return _with_disk(served, disk, seed, disk.fill)


def disk_read_only(served: Served, disk: Disk, seed: int) -> Outcome:
    """Let the library be read only while pictures are sent and tagged."""
    return _with_disk(served, disk, seed, disk.make_read_only)


def _with_disk(served: Served, disk: Disk, seed: int, inflict: Callable[[], None]) -> Outcome:
    before = _send(served, BEFORE, seed)
    before.join()
    shown = served.get("/api/images")["total"]
    inflict()
    try:
        during = _send(served, DURING, seed + 1)
        wait_for(lambda: during.told.answers[503] >= REFUSALS, "that senders are refused")
        outcome = Outcome(sentences=set(during.told.sentences))
        if served.get("/api/images")["total"] < shown:
            outcome.lost.append("pictures are not shown meanwhile")
    finally:
        disk.mend()
    _all_is_well(served, outcome, before, during)
    return outcome


def catalog_lost(hurt: Callable[[Path], None], *, running: bool) -> Fault:
    """Return the fault that this happens to the catalog's file, while it is in use or is not."""

    def inflict(served: Served, disk: Disk, seed: int) -> Outcome:
        del disk
        before = _send(served, BEFORE, seed)
        before.join()
        wait_for(lambda: served.is_settled(list(before.kept())), "that all have their answer")
        heard = len(served.said())
        path = served.library / ".taglight/catalog.sqlite"
        if not running:
            served.end()
        hurt(path)
        if not running:
            served.start()
        during = _send(served, DURING, seed + 1)
        outcome = Outcome()
        _all_is_well(served, outcome, before, during)
        if "filled" in (said := served.said()[heard:]):
            outcome.sentences = {line for line in said.splitlines() if "filled" in line}
        return outcome

    return inflict


def _send(served: Served, count: int, seed: int) -> Senders:
    return Senders(served.port, pictures(count, seed), 2, seed=seed).start()


def _all_is_well(served: Served, outcome: Outcome, *senders: Senders) -> None:
    """Wait until everything is acknowledged, has its answer and is shown; note what is not."""
    began = time.monotonic()
    for each in senders:
        each.join()
    keys = [key for each in senders for key in each.kept()]
    try:
        wait_for(lambda: served.is_settled(keys), "that all have their answer")
        wait_for(lambda: _shown(served) >= set(keys), "that all are shown")
        wait_for(served.is_at_rest, "that nothing is left to do")
    except TimeoutError as error:
        outcome.lost.append(str(error))
    statuses = served.statuses(keys)
    outcome.lost += [f"{key}: {status}" for key, status in statuses.items() if status != "tagged"]
    outcome.lost += [key for key in keys if not (served.library / key).exists()]
    outcome.lost += [f"no time to come again: {each}" for s in senders for each in s.told.unkind]
    outcome.seconds = time.monotonic() - began


def _shown(served: Served) -> set[str]:
    found: set[str] = set()
    path = "/api/images?limit=200"
    while path:
        page = served.get(path)
        found |= {image["key"] for image in page["images"]}
        path = f"/api/images?limit=200&cursor={page['next']}" if page["next"] else ""
    return found


def remove(path: Path) -> None:
    """Delete the catalog."""
    path.unlink()


def cut_off(path: Path) -> None:
    """Cut the catalog off in the middle."""
    os.truncate(path, path.stat().st_size // 2)


def fill_with_noise(path: Path) -> None:
    """Write noise over the catalog, in place, and over what is not yet in it."""
    for each in (path, path.with_name(path.name + "-wal")):
        if each.exists():
            with each.open("r+b") as file:
                file.write(random.Random(5).randbytes(each.stat().st_size))


CATALOG = (remove, cut_off, fill_with_noise)
FAULTS: dict[str, Fault] = {
    "the disk is full": disk_full,
    "the library can only be read": disk_read_only,
    **{
        f"the catalog: {hurt.__name__.replace('_', ' ')}, {'running' if running else 'stopped'}": (
            catalog_lost(hurt, running=running)
        )
        for hurt in CATALOG
        for running in (True, False)
    },
}
