"""Law 3: whatever happens to a library, it comes to rest whole, and nothing is gone.

A short run of `python -m benchmarks.convergence`, of the same examples each time.
"""

from pathlib import Path

import pytest

from tests.convergence import places
from tests.convergence.machine import run
from tests.postgres import Cluster
from tests.strict_s3.fixtures import s3_servers
from tests.strict_s3.front import StrictFront

__all__ = ["s3_servers"]

FAULTS = {
    "delivered twice or late",
    "events lost",
    "handlers in each other's way",
    "killed between two operations",
}


def test_a_folder_and_sqlite_come_to_rest_whole(tmp_path: Path) -> None:
    told = run(places.place(places.in_a_folder, places.sqlite, tmp_path), examples=10, steps=40)
    assert set(told.faults) == FAULTS
    assert told.faults["handlers in each other's way"] > 50


def test_the_same_seed_tells_the_same_story(tmp_path: Path) -> None:
    """A story that shows a fault must be told again: it depends on no clock, no place in memory."""
    place = places.place(places.in_a_folder, places.sqlite, tmp_path)
    told = [run(place, examples=4, steps=20, seed=seed) for seed in (5, 5, 6)]
    assert told[0].digest == told[1].digest != told[2].digest


@pytest.mark.slow
def test_a_bucket_and_postgresql_come_to_rest_whole(
    s3_servers: tuple[StrictFront, int, str], postgres: Cluster, tmp_path: Path
) -> None:
    place = places.place(places.in_a_bucket(s3_servers), places.postgresql(postgres), tmp_path)
    told = run(place, examples=4, steps=30)
    assert set(told.faults) <= FAULTS
    assert told.faults["handlers in each other's way"]
