"""Kills a serving Taglight again and again while pictures are sent, and looks what it cost."""

import hashlib
import random
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.ordeal.audit import Auditor, disagreements, temporary_files
from tests.ordeal.senders import Senders, pictures
from tests.ordeal.served import QUICK, TARGETS, Served, Target, wait_for

# Seconds after which a picture without an answer is stuck: a busy machine is only slow.
STUCK = 1800.0


@dataclass
class Outcome:
    """What the kills have cost; all lists are empty where nothing was lost."""

    kills: dict[Target, int] = field(default_factory=lambda: dict.fromkeys(TARGETS, 0))
    uploads: int = 0
    missing: list[str] = field(default_factory=list)
    half: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    disagreeing: list[str] = field(default_factory=list)
    under_way: int = 0  # uploads that were under way when something was killed
    cut_off: int = 0  # temporary files that the kills have left behind
    seconds: list[float] = field(default_factory=list)  # from each kill until all was well

    @property
    def lost(self) -> list[str]:
        """All that went wrong."""
        lists = (self.missing, self.half, self.stuck, self.left, self.failed, self.disagreeing)
        return [each for found in lists for each in found]


def ordeal(
    library: Path,
    *,
    kills: int,
    uploads: int,
    seed: int,
    clients: int = 4,
    command: tuple[str, ...] = QUICK,
) -> Outcome:
    """Send pictures, kill at random moments, start again; look at everything after each kill."""
    chance = random.Random(seed)
    todo = pictures(uploads, seed)
    targets = [each for _ in range(kills) for each in chance.sample(TARGETS, len(TARGETS))]
    sent = {hashlib.sha256(data).hexdigest() for _, data in todo}
    auditor, outcome = Auditor(library, sent), Outcome(uploads=uploads)
    served = Served(library, command)
    served.start()
    senders = Senders(served.port, todo, clients, seed=seed, paced=True).start()
    try:
        for number in range(kills):
            # So many pictures for each kill, and for the time after: none falls into an idle hour.
            first, last = (uploads * each // (kills + 1) for each in (number, number + 1))
            senders.allow(last - first)
            after = chance.randint(first, last - 1)
            wait_for(lambda after=after: len(senders.kept()) >= after, "that pictures arrive")
            time.sleep(chance.choice((0.0, chance.uniform(0, 0.3))))
            _kill(served, targets[number], senders, auditor, outcome)
        senders.allow(uploads)
        senders.join()
        keys = list(senders.kept())
        wait_for(lambda: served.is_settled(keys), "that all have their answer")
        wait_for(served.is_at_rest, "that nothing is left to do")
        statuses = served.statuses(keys)
        outcome.failed = [key for key, status in statuses.items() if status != "tagged"]
    finally:
        senders.stop.set()
        served.end()
    outcome.missing += auditor.missing(senders.kept())
    outcome.half += auditor.half()
    outcome.left += map(str, temporary_files(library))
    outcome.disagreeing = disagreements(library)
    if len(set(senders.kept().values())) != uploads:
        outcome.missing.append(f"{uploads - len(set(senders.kept().values()))} were never kept")
    return outcome


def _kill(
    served: Served, target: Target, senders: Senders, auditor: Auditor, outcome: Outcome
) -> None:
    """Kill, look, start again, and wait until all is well that was acknowledged before."""
    outcome.under_way += senders.under_way()
    served.kill(target)
    kept = senders.kept()
    began = time.monotonic()
    outcome.kills[target] += 1
    left = temporary_files(served.library) if target != "worker" else set()
    outcome.cut_off += len(left)
    outcome.half += auditor.half()
    outcome.missing += auditor.missing(kept)
    if target != "worker":
        served.start()
    try:
        unknown = [
            key for key, status in served.statuses(list(kept)).items() if status == "unknown"
        ]
        outcome.missing += unknown
        wait_for(lambda: served.is_settled(list(kept)), "that all have their answer", STUCK)
    except TimeoutError:
        statuses = served.statuses(list(kept))
        outcome.stuck += [key for key, status in statuses.items() if status == "pending"]
    try:
        wait_for(lambda: not any(path.exists() for path in left), "that temporary files go")
    except TimeoutError:
        outcome.left += [str(path) for path in left if path.exists()]
    outcome.seconds.append(time.monotonic() - began)
