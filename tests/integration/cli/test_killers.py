"""Pictures that take the worker with them: everything else goes on, and they get an answer."""

import sys
import time
from pathlib import Path

import pytest

from catalog import reads
from cli.home import open_home
from cli.supervisor import Supervisor
from tests.pictures import asymmetric, encode

# A worker whose recogniser dies, or never comes back, on pictures of one width.
WORKER = """
import os, sys, time
import cli.worker
from cli.home import open_home
from tests.fakes import ToldRecognizer

class Deadly(ToldRecognizer):
    def recognize(self, image, **how):
        if image.width == 123:
            os.kill(os.getpid(), 9)
        if image.width == 124:
            time.sleep(600)
        return super().recognize(image, **how)

cli.worker.LONGEST_SECONDS = 2
cli.worker.Worker(open_home(sys.argv[1]), Deadly()).run()
"""


@pytest.mark.parametrize("width", [123, 124])
def test_a_picture_that_ends_the_worker_three_times_is_failed(tmp_path: Path, width: int) -> None:
    library = tmp_path / "library"
    home = open_home(str(library))
    home.store.put("uploads/killer.png", encode(asymmetric(width, 80), "png"))
    for number in range(3):
        picture = encode(asymmetric(200 + number, 80), "png")
        home.store.put(f"uploads/{number}.png", picture)
    wanted = {"uploads/killer.png": "failed"}
    wanted |= {f"uploads/{number}.png": "tagged" for number in range(3)}
    deadline = time.monotonic() + 90
    statuses: dict[str, str] = {}
    with Supervisor([sys.executable, "-c", WORKER, str(library)], pause=0.05, stop_seconds=1):
        while statuses != wanted or home.journal.waiting("tag"):
            assert time.monotonic() < deadline, statuses
            time.sleep(0.1)
            with home.database.reading() as connection:
                found = reads.statuses(connection, list(wanted))
            statuses = {key: record.status for key, record in found.items()}
    with home.database.reading() as connection:
        killer = reads.find_by_key(connection, "uploads/killer.png")
    assert killer is not None
    assert killer.error_code == "gave_up"
    assert killer.error_message
    home.close()
