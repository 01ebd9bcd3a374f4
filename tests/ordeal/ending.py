"""A server that is asked to end while it has its hands full."""

import time
from pathlib import Path

from catalog.storage.journal import Journal
from tests.ordeal.audit import disagreements, temporary_files
from tests.ordeal.faults import Outcome
from tests.ordeal.overload import Sleepers
from tests.ordeal.senders import Senders, pictures
from tests.ordeal.served import serving, wait_for

PICTURES = 3


def end_in_the_middle(place: Path, number: int) -> Outcome:
    """End it with a picture before a slow recogniser, others in line, and one that is half sent.

    `seconds` is how long the end took. Then it is started again, and has to finish everything.
    """
    library, gate = place / "library", place / "gate"
    gate.touch()
    outcome = Outcome()
    with serving(library, TAGLIGHT_TEST_GATE=gate) as served:
        senders = Senders(served.port, pictures(PICTURES, seed=5), PICTURES, seed=5).start()
        senders.join()
        journal = Journal(library / ".taglight/journal.sqlite")
        wait_for(lambda: is_at_work(journal), "that the worker has begun")
        with Sleepers(served, pictures(1, seed=6, width=400, height=300)):
            wait_for(lambda: temporary_files(library), "that bytes arrive")
            outcome.seconds = served.end(number)
        assert served.process is not None
        if served.process.returncode:
            outcome.lost.append(f"it ended with status {served.process.returncode}")
        outcome.lost += [word for word in ("is killed", "Traceback") if word in served.said()]
        outcome.lost += map(str, temporary_files(library))
        if journal.waiting("tag") != PICTURES:
            outcome.lost.append(f"{journal.waiting('tag')} of {PICTURES} messages are left")
        journal.close()
        gate.unlink()
        served.start()
        wait_for(lambda: served.is_settled(list(senders.kept())), "that all have their answer")
        wait_for(served.is_at_rest, "that nothing is left to do")
    outcome.lost += disagreements(library)
    return outcome


def is_at_work(journal: Journal) -> bool:
    """Tell whether a message is being worked on: it is hidden until its lease ends."""
    hidden = "SELECT 1 FROM messages WHERE leased = 1 AND visible_at > ?"
    return bool(journal._query(hidden, (time.time(),)))
