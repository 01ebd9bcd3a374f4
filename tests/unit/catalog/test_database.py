"""Opening, versions, damage, and many users at once."""

import multiprocessing
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from catalog import reads
from catalog.database import Database
from catalog.errors import CatalogUnavailableError
from catalog.indexer import Indexer
from catalog.query import parse
from catalog.schema import meta
from tests.memory_store import MemoryStore

EVERYTHING = parse("")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some where" / "catalog.sqlite"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    opened = Database.open(f"sqlite:///{path}")
    yield opened
    opened.close()


def total(database: Database) -> int:
    with database.reading() as connection:
        return reads.search(connection, EVERYTHING).total


def one_picture(name: str = "a") -> MemoryStore:
    store = MemoryStore()
    store.put(f"uploads/{name}.jpg", b"picture")
    store.put(f"metadata/{name}.jpg.json", b'[{"Name": "Dog", "Confidence": 90}]')
    return store


def test_a_new_catalog_needs_to_be_filled_until_it_is(database: Database) -> None:
    assert database.needs_reindex
    assert Indexer(one_picture(), database).reindex() == 1
    assert not database.needs_reindex


def test_what_was_written_is_there_after_opening_again(database: Database, path: Path) -> None:
    Indexer(one_picture(), database).reindex()
    database.close()
    again = Database.open(f"sqlite:///{path}")
    assert (total(again), again.needs_reindex) == (1, False)
    again.close()


def test_a_catalog_of_another_version_is_emptied(database: Database, path: Path) -> None:
    Indexer(one_picture(), database).reindex()
    with database.writing() as connection:
        connection.execute(update(meta).where(meta.c.name == "schema_version").values(value="0"))
    database.close()
    again = Database.open(f"sqlite:///{path}")
    assert (total(again), again.needs_reindex) == (0, True)
    again.close()


@pytest.mark.parametrize("place", ["start", "middle", "all"])
def test_a_damaged_file_is_set_aside(database: Database, path: Path, place: str) -> None:
    store = MemoryStore()
    for number in range(300):
        store.put(f"uploads/{number}.jpg", b"picture")
    Indexer(store, database).reindex()
    database.close()
    content = bytearray(path.read_bytes())
    if place == "start":
        content[:100] = b"x" * 100
    elif place == "middle":
        content[8192 * 3 : 8192 * 30] = b"x" * (8192 * 27)
    else:
        content = bytearray(b"this is no database " * 1000)
    path.write_bytes(content)
    again = Database.open(f"sqlite:///{path}")
    assert (total(again), again.needs_reindex) == (0, True)
    assert len(list(path.parent.glob("catalog.sqlite.damaged-*"))) == 1
    Indexer(store, again).reindex()
    assert total(again) == 300
    again.close()


def test_an_empty_file_becomes_a_catalog(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    opened = Database.open(f"sqlite:///{path}")
    assert opened.needs_reindex
    opened.close()


def test_a_place_where_no_catalog_can_be_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CatalogUnavailableError, match="cannot be opened"):
        Database.open(f"sqlite:///{tmp_path}/file/catalog.sqlite")


def test_a_catalog_that_is_gone_says_so(database: Database, path: Path) -> None:
    database.check()
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE meta")
    connection.close()
    with pytest.raises(CatalogUnavailableError):
        database.check()


def test_an_error_takes_everything_back(database: Database) -> None:
    with pytest.raises(RuntimeError), database.writing() as connection:
        connection.execute(update(meta).values(value="changed"))
        raise RuntimeError
    with database.reading() as connection:
        assert "changed" not in connection.scalars(select(meta.c.value)).all()


def test_a_reader_sees_one_moment(database: Database) -> None:
    store = one_picture()
    indexer = Indexer(store, database)
    with database.reading() as connection:
        assert reads.search(connection, EVERYTHING).total == 0
        indexer.index("uploads/a.jpg")
        assert reads.search(connection, EVERYTHING).total == 0
        assert reads.label_counts(connection, EVERYTHING) == []
    assert total(database) == 1


def test_writing_after_others_have_written_meanwhile(database: Database) -> None:
    """Reading first and then writing in one transaction must wait, not fail."""
    errors: list[BaseException] = []

    def write(name: str) -> None:
        try:
            for number in range(25):
                store = one_picture(f"{name}{number}")
                Indexer(store, database).index(f"uploads/{name}{number}.jpg")
        except BaseException as error:
            errors.append(error)

    def read() -> None:
        try:
            for _ in range(25):
                with database.reading() as connection:
                    page = reads.search(connection, EVERYTHING, limit=200)
                    counts = reads.label_counts(connection, EVERYTHING, min=50)
                    assert page.total == len(page.images)
                    assert sum(count.count for count in counts) == page.total
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    threads += [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert total(database) == 100


def test_processes_write_and_read_at_once(database: Database, path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(3) as pool:
        results = pool.starmap(_write_and_read, [(str(path), name) for name in "abc"])
    assert results == [True] * 3
    assert total(database) == 60
    with database.reading() as connection:
        assert reads.label_counts(connection, EVERYTHING) == [reads.LabelCount("Dog", 60, "")]


def _write_and_read(path: str, name: str) -> bool:
    database = Database.open(f"sqlite:///{path}")
    for number in range(20):
        Indexer(one_picture(f"{name}{number}"), database).index(f"uploads/{name}{number}.jpg")
        with database.reading() as connection:
            page = reads.search(connection, parse("dog"), limit=200)
            counts = reads.label_counts(connection, parse("dog"))
        if len(page.images) != page.total or counts[0].count != page.total:
            return False
    database.close()
    return True
