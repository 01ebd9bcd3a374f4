"""Disk full, disk read-only, catalog lost: `benchmarks.faults`, each once, on one server."""

from collections.abc import Iterator

import pytest

from tests.ordeal.audit import disagreements, temporary_files
from tests.ordeal.disks import Disk, small_disk
from tests.ordeal.faults import FAULTS
from tests.ordeal.served import Served, serving, wait_for

SENTENCES = {
    "the disk is full": "The disk is full",
    "the library can only be read": "can only be read now",
}
# A catalog that was hurt while nobody had it open is tests/unit/catalog/test_database.py's, too.
SHORT = [name for name in FAULTS if "stopped" not in name] + ["the catalog: remove, stopped"]


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    """A disk for one library. What is mounted there goes with it."""
    with small_disk(tmp_path_factory.mktemp("disk")) as made:
        yield made


@pytest.fixture(scope="module")
def served(disk: Disk) -> Iterator[Served]:
    """A server that bears all of this; in the end all must fit together."""
    with serving(disk.library) as running:
        yield running
        wait_for(running.is_at_rest, "that nothing is left to do")
        running.end()
        assert disagreements(disk.library) == []
        assert temporary_files(disk.library) == set()
        assert "Traceback" not in running.said()


@pytest.mark.parametrize("name", SHORT)
def test_nothing_is_lost_and_all_goes_on_by_itself(served: Served, disk: Disk, name: str) -> None:
    outcome = FAULTS[name](served, disk, 10 + 2 * list(FAULTS).index(name))
    assert outcome.lost == []
    wanted = SENTENCES.get(name, "filled")
    assert any(wanted in each for each in outcome.sentences), outcome.sentences
