"""Marks of a database: another after every commit, whoever makes it, and never an old one."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.database import Database
from tests.postgres import Cluster

WRITE = "INSERT INTO meta (name, value) VALUES (hex(randomblob(8)), '')"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(f"sqlite:///{tmp_path}/catalog #1.sqlite")
    yield opened
    opened.close()


def other(tmp_path: Path) -> sqlite3.Connection:
    """Return a connection of somebody else."""
    return sqlite3.connect(tmp_path / "catalog #1.sqlite", isolation_level=None)


def test_a_mark_stays_while_nobody_commits(database: Database, tmp_path: Path) -> None:
    mark = database.mark()
    assert mark is not None
    with database.reading() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM image").all()
    writer = other(tmp_path)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute(WRITE)
    assert database.mark() == mark
    writer.execute("ROLLBACK")
    writer.close()
    assert database.mark() == mark


def test_a_commit_of_ours_makes_another(database: Database) -> None:
    marks = [database.mark()]
    for _ in range(3):
        database.set_needs_reindex(True)
        marks.append(database.mark())
    assert len(set(marks)) == 4


def test_a_commit_of_another_process_makes_another(database: Database, tmp_path: Path) -> None:
    mark = database.mark()
    code = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "catalog #1.sqlite"), WRITE]
    subprocess.run(command, check=True, timeout=60)
    assert database.mark() != mark


def test_a_mark_from_before_a_connection_was_closed_never_comes_back(database: Database) -> None:
    mark = database.mark()
    database.close()
    assert database.mark() != mark


def test_a_file_that_is_held_or_gone_has_no_mark_and_nobody_waits(
    database: Database, tmp_path: Path
) -> None:
    database.close()
    holder = other(tmp_path)
    holder.execute("PRAGMA locking_mode=EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    assert database.mark() is None
    holder.close()
    mark = database.mark()
    assert mark is not None
    database.close()
    for path in tmp_path.iterdir():
        path.unlink()
    assert database.mark() is None
    assert not any(tmp_path.iterdir())  # to ask makes no file


def test_a_server_has_no_marks(postgres: Cluster) -> None:
    database = Database.open(postgres.create("unmarked"))
    assert database.mark() is None
    database.close()


def test_a_file_that_is_another_has_another_mark(database: Database, tmp_path: Path) -> None:
    mark = database.mark()
    for file in tmp_path.glob("catalog #1.sqlite*"):
        file.unlink()
    # Nothing of the lost file counts, even while nobody has asked the catalog again.
    assert database.mark() is None
    database.check()
    assert database.mark() not in (None, mark)
