"""A full queue, sleeping senders, an end in the middle: `benchmarks.overload`, in short."""

import signal
from pathlib import Path

from cli import serve, supervisor, worker
from tests.ordeal.audit import disagreements, temporary_files
from tests.ordeal.ending import end_in_the_middle
from tests.ordeal.overload import Sleepers, watching
from tests.ordeal.senders import Senders, pictures
from tests.ordeal.served import serving, wait_for
from webapp import intake


def test_a_full_queue_and_sleepers_hold_up_nobody_for_good(tmp_path: Path) -> None:
    library, gate = tmp_path / "library", tmp_path / "gate"
    gate.touch()
    todo = pictures(30, seed=3)
    with serving(library, TAGLIGHT_TEST_GATE=gate, TAGLIGHT_MOST_WAITING=8) as served:
        asleep = pictures(intake.AT_ONCE, seed=4, width=400, height=300)
        with Sleepers(served, asleep) as sleepers, watching(served) as watched:
            senders = Senders(served.port, todo, 6, seed=3).start()
            wait_for(lambda: senders.told.answers[503] >= 3, "that the queue is full")
            gate.unlink()
            senders.join()
            wait_for(sleepers.are_gone, "that sleepers are sent away")
        wait_for(lambda: served.is_settled(list(senders.kept())), "that all have their answer")
        wait_for(served.is_at_rest, "that nothing is left to do")
        assert any("wait to be tagged" in each for each in senders.told.sentences)
        assert senders.told.unkind == []
        assert watched.wrong == []
        assert len(watched.seconds) > 0
        assert len(senders.kept()) == len(todo)
        assert temporary_files(library) == set()
    assert disagreements(library) == []


def test_the_end_puts_back_what_is_not_finished(tmp_path: Path) -> None:
    assert end_in_the_middle(tmp_path, signal.SIGTERM).lost == []


def test_the_parts_of_an_end_fit_into_ten_seconds() -> None:
    assert serve.DRAIN_SECONDS + supervisor.STOP_SECONDS <= 9
    assert worker.GRACE_SECONDS + worker.GIVE_BACK_SECONDS < supervisor.STOP_SECONDS
