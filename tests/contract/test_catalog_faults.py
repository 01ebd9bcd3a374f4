"""Databases that are locked, full, or crash: an error that says so, and never a wrong count."""

import json
import os
import random
import resource
import secrets
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from signal import SIGQUIT
from typing import Any

import psycopg
import pytest
from sqlalchemy import event

from catalog import reads, writes
from catalog.database import Database
from catalog.dialects import sqlite
from catalog.errors import CatalogUnavailableError
from catalog.indexer import Indexer
from catalog.query import parse
from tests import postgres as servers
from tests.memory_store import MemoryStore
from tests.postgres import Cluster, binaries, temporary_folder

MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def own_cluster() -> Iterator[Cluster]:
    """A server that only these tests hurt."""
    binaries()
    cluster = Cluster.make(temporary_folder())
    try:
        cluster.start()
        yield cluster
    finally:
        servers.remove(cluster)


def library(count: int, weight: int = 0) -> MemoryStore:
    """Make pictures that all show a dog; the document of each weighs so many bytes more."""
    store = MemoryStore()
    for number in range(count):
        store.put(f"uploads/{number:05}.jpg", b"picture")
        label = {"Name": "Dog", "Confidence": 90}
        document: dict[str, object] = {"Labels": [label]}
        if weight:
            error = {"Code": "unreadable", "Message": secrets.token_hex(weight // 2)}
            document["Tagging"] = {"Status": "failed", "Error": error}
        store.put(f"metadata/{number:05}.jpg.json", json.dumps(document).encode())
    return store


def counted(database: Database) -> int:
    """Return how many there are, by each way of counting."""
    with database.reading() as connection:
        page = reads.search(connection, parse("dog"), limit=200)
        counts = {each.name: each.count for each in reads.label_counts(connection, parse("dog"))}
        assert counts.get("Dog", 0) == page.total
        assert reads.count(connection, parse("")).number == page.total
    return page.total


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Database]:
    """A catalog in a file that waits for other writers a short moment only."""
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT", 0.2)
    opened = Database.open(f"sqlite:///{tmp_path}/catalog.sqlite")
    Indexer(library(3), opened).reindex()
    yield opened
    opened.close()


def test_a_file_locked_for_too_long_is_said_and_still_read(
    impatient: Database, tmp_path: Path
) -> None:
    other = sqlite3.connect(tmp_path / "catalog.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(CatalogUnavailableError, match="locked"):
            Indexer(library(4), impatient).index("uploads/00003.jpg")
        assert counted(impatient) == 3
    finally:
        other.execute("ROLLBACK")
        other.close()
    Indexer(library(4), impatient).index("uploads/00003.jpg")
    assert counted(impatient) == 4


@contextmanager
def full_disk(database: Database) -> Iterator[None]:
    """Let no file of SQLite grow any more."""
    limit = "max_page_count = 1"  # never less than there are

    def checkout(connection: Any, *_: object) -> None:
        connection.execute(f"PRAGMA {limit}")

    event.listen(database._engine, "checkout", checkout)
    try:
        yield
    finally:
        limit = "max_page_count = 1073741823"
        with database.reading():
            pass
        event.remove(database._engine, "checkout", checkout)


@pytest.mark.parametrize("arrays", [True, False])
def test_a_full_disk_is_said_and_nothing_is_half_there(tmp_path: Path, arrays: bool) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/catalog.sqlite")
    database.uses_arrays = arrays
    Indexer(library(3), database).reindex()
    store = library(2500)
    with full_disk(database):
        with pytest.raises(CatalogUnavailableError, match="full"):
            Indexer(store, database).reindex()
        assert counted(database) in (3, 1000, 2000)
    Indexer(store, database).reindex()
    assert counted(database) == 2500
    database.close()


def test_a_table_locked_for_too_long_is_said_and_still_read(postgres: Cluster) -> None:
    url = postgres.create("locked")
    database = Database.open(f"{url}&options=-c%20lock_timeout%3D300")
    Indexer(library(3), database).reindex()
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE image IN EXCLUSIVE MODE")
        with pytest.raises(CatalogUnavailableError, match="lock timeout"):
            Indexer(library(4), database).index("uploads/00003.jpg")
        assert counted(database) == 3
    Indexer(library(4), database).index("uploads/00003.jpg")
    assert counted(database) == 4
    database.close()


def test_a_row_that_somebody_holds_is_waited_for(postgres: Cluster) -> None:
    url = postgres.create("held")
    database = Database.open(url)
    Indexer(library(3), database).reindex()
    other = psycopg.connect(url)
    other.execute("UPDATE image SET name = name WHERE key = 'uploads/00001.jpg'")
    release = threading.Timer(0.5, other.commit)
    release.start()
    store = library(3)
    store.put("metadata/00001.jpg.json", b'[{"Name": "Cat", "Confidence": 90}]')
    Indexer(store, database).index("uploads/00001.jpg")
    release.join()
    other.close()
    with database.reading() as connection:
        assert reads.count(connection, parse("cat")) == (1, True)
        assert reads.count(connection, parse("dog")) == (2, True)
    database.close()


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """Start processes that may make no larger files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_server_whose_disk_is_full_says_so(own_cluster: Cluster) -> None:
    """Its files do not grow beyond what one segment of its log takes."""
    database = Database.open(own_cluster.create("full"))
    Indexer(library(3), database).reindex()
    store = library(1500, weight=20_000)
    with files_no_larger_than(17 * MEGABYTE):
        own_cluster.stop()
        own_cluster.start()
    try:
        with pytest.raises(CatalogUnavailableError, match=r"could not (extend|write)"):
            Indexer(store, database).reindex()
        assert counted(database) in (3, 1000)
    finally:
        own_cluster.stop()
        own_cluster.start()
    Indexer(store, database).reindex()
    assert counted(database) == 1500
    database.close()


def test_a_server_that_crashes_while_it_is_filled_never_counts_wrong(
    own_cluster: Cluster,
) -> None:
    database = Database.open(own_cluster.create("crashed"))
    database.exact_up_to = None
    store = library(4000)
    reached, crashed = threading.Event(), threading.Event()

    def crash() -> None:
        reached.wait()
        own_cluster.stop(SIGQUIT)
        crashed.set()
        own_cluster.start()

    def progress(done: int, _total: int | None) -> None:
        if done >= 2000:
            reached.set()
            # What comes next meets a server that is gone, or is just coming back.
            crashed.wait()

    helper = threading.Thread(target=crash)
    helper.start()
    try:
        Indexer(store, database).reindex(progress)
        finished = True
    except CatalogUnavailableError:
        finished = False
    helper.join()
    assert counted(database) in ((4000,) if finished else (2000, 3000, 4000))
    Indexer(store, database).reindex()
    assert counted(database) == 4000
    database.close()


def remove(path: Path) -> None:
    path.unlink()


def remove_all(path: Path) -> None:
    for each in path.parent.glob("catalog.sqlite*"):
        each.unlink()


def empty(path: Path) -> None:
    os.truncate(path, 0)


def cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def fill_with_noise(path: Path) -> None:
    """Write over it in place: whoever has it open sees the noise."""
    with path.open("r+b") as file:
        file.write(random.Random(5).randbytes(path.stat().st_size))


@pytest.mark.parametrize(
    "hurt", [remove, remove_all, empty, cut_off, fill_with_noise], ids=lambda hurt: hurt.__name__
)
def test_a_file_that_is_lost_while_open_is_made_anew(
    tmp_path: Path, hurt: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "catalog.sqlite"
    database, other = (Database.open(f"sqlite:///{path}") for _ in range(2))
    Indexer(library(300), database).reindex()
    assert counted(database) == counted(other) == 300
    with closing(sqlite3.connect(path)) as third:  # or the journal beside it still has all pages
        third.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    hurt(path)
    for each in (database, other):  # as the web app and the worker, each in its own time
        for _ in range(2):
            with suppress(CatalogUnavailableError), each.reading() as connection:
                # What a comparison reads: counts may come from memory, which nothing happened to.
                assert writes.known_between(connection, "", None) == []
        assert counted(each) == 0
    assert database.needs_reindex
    assert other.needs_reindex
    Indexer(library(310), database).reindex()
    assert counted(database) == counted(other) == 310
    assert "is filled again from the documents" in caplog.text
    Indexer(library(320), other).reindex()
    assert counted(database) == 320
    database.close()
    other.close()


CUT_OFF_WHILE_IT_IS_READ = """
import os, sys
from catalog.database import Database
from catalog.errors import CatalogUnavailableError
path = sys.argv[1]
database = Database.open(f"sqlite:///{path}")
try:
    with database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM image")
        assert rows.fetchone()
        os.truncate(path, os.path.getsize(path) // 4)
        rows.fetchall()
except CatalogUnavailableError as error:
    print(error)
with database.reading() as connection:
    print(connection.exec_driver_sql("SELECT count(*) FROM image").scalar())
print(database.needs_reindex)
"""


def test_a_file_that_is_cut_off_while_it_is_read_ends_the_question_not_the_process(
    tmp_path: Path,
) -> None:
    path = tmp_path / "catalog.sqlite"
    database = Database.open(f"sqlite:///{path}")
    Indexer(library(2000, weight=5000), database).reindex()
    database.close()
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    command = [sys.executable, "-c", CUT_OFF_WHILE_IT_IS_READ, str(path)]
    process = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert process.returncode == 0, process.stderr
    said, pictures, needs_reindex = process.stdout.splitlines()
    assert said.startswith("The catalog does not answer: ")
    assert (pictures, needs_reindex) == ("0", "True")


def test_a_catalog_whose_folder_is_gone_is_not_made_elsewhere(tmp_path: Path) -> None:
    """A disk that is not connected must not look like an empty library."""
    folder = tmp_path / "disk"
    database = Database.open(f"sqlite:///{folder}/catalog.sqlite")
    folder.rename(tmp_path / "away")
    with pytest.raises(CatalogUnavailableError):
        counted(database)
    assert not folder.exists()
    (tmp_path / "away").rename(folder)
    assert counted(database) == 0
    database.close()
