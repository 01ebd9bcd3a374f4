"""The queue on disk: order, leases, attempts, two processes, damage."""

import contextlib
import os
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from catalog.errors import StoreUnavailableError
from catalog.storage.changes import ObjectChange, event_body
from catalog.storage.journal import Journal, Message


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path / ".taglight/journal.sqlite")
    yield journal
    journal.close()


def receive(journal: Journal) -> Message:
    message = journal.receive("tag", lease_seconds=60)
    assert message is not None
    return message


def names(journal: Journal) -> list[str]:
    """Take all that is due off the queue and return what it was."""
    found = []
    while message := journal.receive("tag", lease_seconds=60):
        found.append(message.body["name"])
        journal.done(message)
    return found


def created(key: str, etag: str = "e") -> ObjectChange:
    return ObjectChange("ObjectCreated:Put", key, 1, etag)


def test_gives_back_what_was_sent(journal: Journal) -> None:
    journal.send("tag", {"name": "é", "list": [1, None]})
    message = receive(journal)
    assert message.body == {"name": "é", "list": [1, None]}
    assert (message.queue, message.attempts) == ("tag", 1)
    assert journal.receive("tag", lease_seconds=60) is None
    journal.done(message)
    assert journal.waiting("tag") == 0


def test_queues_are_apart(journal: Journal) -> None:
    journal.send("index", {"name": "a"})
    assert journal.receive("tag", lease_seconds=60) is None
    assert (journal.waiting("tag"), journal.waiting("index")) == (0, 1)


def test_lower_priorities_first_then_the_oldest(journal: Journal) -> None:
    journal.send_many("tag", [{"name": "backfill 1"}, {"name": "backfill 2"}], priority=1)
    journal.send("tag", {"name": "person 1"})
    journal.send("tag", {"name": "person 2"})
    assert names(journal) == ["person 1", "person 2", "backfill 1", "backfill 2"]


def test_what_waits_already_is_not_added_but_comes_as_early_as_asked(journal: Journal) -> None:
    journal.send("tag", {"name": "a"}, priority=1)
    journal.send("tag", {"name": "b"}, priority=1)
    journal.send("tag", {"name": "c"}, priority=1, delay=3600)
    journal.send("tag", {"name": "b"}, priority=0)
    journal.send("tag", {"name": "c"}, priority=1)
    journal.send("tag", {"name": "a"}, priority=5, delay=3600)
    assert names(journal) == ["b", "a", "c"]


def test_one_change_announced_twice_is_one_message(journal: Journal) -> None:
    journal.announce(created("uploads/a"))
    journal.announce(created("uploads/a"))
    journal.announce(created("uploads/a", etag="other"))
    assert journal.waiting("tag") == 2


def test_what_is_in_work_may_be_sent_again(journal: Journal) -> None:
    journal.send("tag", {"name": "a"})
    message = receive(journal)
    journal.send("tag", {"name": "a"})
    journal.done(message)
    assert names(journal) == ["a"]


def test_changes_go_to_their_queues(journal: Journal) -> None:
    journal.announce(created("uploads/a"))
    journal.announce(created("metadata/a.json"))
    journal.announce(created("thumbs/a/320.webp"))
    assert (journal.waiting("tag"), journal.waiting("index")) == (1, 1)


def test_asks_for_tagging_again(journal: Journal) -> None:
    journal.tag_again("uploads/a b.jpg")
    [record] = receive(journal).body["Records"]
    assert record["eventName"] == "Taglight:TagAgain"
    assert record["s3"]["object"]["key"] == "uploads/a+b.jpg"


def test_a_delayed_message_comes_later(journal: Journal) -> None:
    journal.send("tag", {"name": "later"}, delay=0.2)
    assert journal.receive("tag", lease_seconds=60) is None
    deadline = time.monotonic() + 5
    while not (found := names(journal)):
        assert time.monotonic() < deadline
    assert found == ["later"]


def test_a_lease_that_ends_brings_the_message_back(journal: Journal) -> None:
    journal.send("tag", {"name": "a"})
    first = journal.receive("tag", lease_seconds=0)
    second = journal.receive("tag", lease_seconds=60)
    assert first is not None
    assert second is not None
    assert (first.attempts, second.attempts) == (1, 2)
    journal.done(first)  # too late: somebody else has it
    journal.put_back(first, delay=0, counts=True)
    assert journal.waiting("tag") == 1
    assert journal.receive("tag", lease_seconds=60) is None
    journal.done(second)
    assert journal.waiting("tag") == 0


def test_put_back_counts_or_does_not(journal: Journal) -> None:
    journal.send("tag", {"name": "a"})
    for counts, attempts in ((False, 1), (False, 1), (True, 1), (True, 2), (False, 3)):
        message = receive(journal)
        assert message.attempts == attempts
        journal.put_back(message, delay=0, counts=counts)
    message = receive(journal)
    journal.put_back(message, delay=3600, counts=False)
    assert journal.receive("tag", lease_seconds=60) is None
    assert journal.waiting("tag") == 1


def test_what_a_dead_worker_held_comes_back_and_has_counted(journal: Journal) -> None:
    journal.send("tag", {"name": "held"})
    journal.send("tag", {"name": "delayed"}, delay=3600)
    receive(journal)
    journal.close()
    journal.release_all()
    assert receive(journal).attempts == 2
    assert journal.receive("tag", lease_seconds=60) is None  # the delayed one stays delayed


def test_a_token_is_used_once(journal: Journal) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=15)
    assert journal.use_once("token", soon)
    assert not journal.use_once("token", soon)
    assert journal.use_once("other", soon)


def test_used_tokens_are_forgotten_when_they_have_expired(journal: Journal) -> None:
    journal.use_once("old", datetime.now(UTC) - timedelta(seconds=1))
    assert journal.use_once("old", datetime.now(UTC) + timedelta(minutes=15))


def test_a_damaged_file_is_kept_aside_and_work_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"this is not a database" * 1000)
    journal = Journal(path)
    journal.send("tag", {"name": "a"})
    assert names(journal) == ["a"]
    assert len(list(tmp_path.glob("journal.sqlite.damaged-*"))) == 1
    journal.close()


@pytest.mark.parametrize("hurt", ["removed", "empty", "cut off", "noise"])
def test_a_file_that_is_lost_while_open_is_begun_anew(tmp_path: Path, hurt: str) -> None:
    path = tmp_path / "journal.sqlite"
    journal, other = Journal(path), Journal(path)
    for number in range(300):
        journal.send("tag", {"name": str(number)})
    assert other.waiting("tag") == 300
    with contextlib.closing(sqlite3.connect(path)) as third:
        third.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if hurt == "removed":
        path.unlink()
    elif hurt == "noise":
        with path.open("r+b") as file:
            file.write(b"noise" * (path.stat().st_size // 5))
    else:
        os.truncate(path, 0 if hurt == "empty" else 9000)
    for each in (journal, other):  # as server and worker, each in its own time
        for _ in range(2):
            with contextlib.suppress(StoreUnavailableError):
                each.send("tag", {"name": "after"})
    assert other.receive("tag", lease_seconds=10)
    assert journal.waiting("tag") == 1
    assert journal.lives == other.lives == 2
    journal.close()
    other.close()


def test_says_when_it_cannot_be_kept(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite").mkdir()
    with pytest.raises(StoreUnavailableError, match=r"journal\.sqlite"):
        Journal(tmp_path / "journal.sqlite").send("tag", {"name": "a"})


def python(path: Path, body: str, *arguments: str) -> "subprocess.Popen[str]":
    prelude = """
        import os, sys
        from pathlib import Path
        from catalog.storage.journal import Journal
        journal = Journal(Path(sys.argv[1]))
    """
    code = textwrap.dedent(prelude) + textwrap.dedent(body)
    return subprocess.Popen(
        [sys.executable, "-c", code, str(path), *arguments], stdout=subprocess.PIPE, text=True
    )


def test_many_processes_send_and_receive_each_message_once(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    send = """
        for number in range(50):
            journal.send("tag", {"name": f"{sys.argv[2]}-{number}"})
    """
    take = """
        import time
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            message = journal.receive("tag", lease_seconds=60)
            if message is None:
                time.sleep(0.01)
            elif message.body["name"] == "stop":
                break
            else:
                print(message.body["name"], flush=True)
                journal.done(message)
    """
    takers = [python(path, take) for _ in range(3)]
    senders = [python(path, send, str(number)) for number in range(3)]
    for sender in senders:
        assert sender.wait(timeout=60) == 0
        assert sender.stdout is not None
        sender.stdout.close()
    journal = Journal(path)
    for number in range(3):
        journal.send("tag", {"name": "stop", "number": number}, priority=9)
    taken = [taker.communicate(timeout=60)[0].split() for taker in takers]
    journal.close()
    everything = [f"{sender}-{number}" for sender in range(3) for number in range(50)]
    assert sorted(name for names in taken for name in names) == sorted(everything)


def test_an_attempt_counts_also_when_the_process_dies_at_once(journal: Journal) -> None:
    journal.send("tag", event_body(created("uploads/a")))
    path = journal._path
    journal.close()
    die = 'journal.receive("tag", lease_seconds=60); os._exit(9)'
    for attempts in (2, 3):
        process = python(path, die)
        process.communicate(timeout=60)
        assert process.returncode == 9
        journal.release_all()
        message = receive(journal)
        assert message.attempts == attempts
        journal.put_back(message, delay=0, counts=False)
