"""Server and worker are killed while pictures are sent: `benchmarks.crashes`, in short."""

from pathlib import Path

from tests.ordeal.crashes import ordeal
from tests.ordeal.served import TARGETS


def test_nothing_acknowledged_is_lost_whoever_is_killed(tmp_path: Path) -> None:
    outcome = ordeal(tmp_path / "library", kills=3, uploads=20, seed=7)
    assert outcome.lost == []
    assert outcome.kills == dict.fromkeys(TARGETS, 1)
