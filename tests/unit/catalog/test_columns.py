"""The arrays in memory keep in step with the database, whoever writes to it."""

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Connection

from catalog import columns, facets, reads, writes
from catalog.database import Database
from catalog.errors import CatalogUnavailableError
from catalog.indexer import Indexer
from catalog.query import parse
from catalog.schema import change
from catalog.sources import read_picture
from tests.memory_store import MemoryStore

QUERIES = ["", "dog", "dog -cat", "dog>90|cat<50", "is:pending", "name:1*", "c*", "type:png"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalog.sqlite"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    opened = Database.open(f"sqlite:///{path}")
    yield opened
    opened.close()


def change_something(store: MemoryStore, indexer: Indexer, chance: random.Random) -> None:
    """Add, change or remove one picture."""
    number = chance.randrange(40)
    key, about = f"uploads/{number}.jpg", f"metadata/{number}.jpg.json"
    if key in store.objects and chance.random() < 0.3:
        store.delete(key)
    else:
        store.put(key, b"picture")
        names = chance.sample(["Dog", "Cat", "Cow"], 2)
        labels = ", ".join(
            f'{{"Name": "{name}", "Confidence": {chance.randrange(101)}}}' for name in names
        )
        store.put(about, f"[{labels}]".encode())
    indexer.index(key)


def answers(database: Database, arrays: bool) -> list[object]:
    """Return the counts of several queries, by arrays or by SQL."""
    database.uses_arrays = arrays
    found: list[object] = []
    with database.reading() as connection:
        for text in QUERIES:
            query = parse(text)
            found.append(reads.search(connection, query, limit=1).total)
            found.append(reads.label_counts(connection, query, min=40.0))
            found.append(reads.confidence_histogram(connection, query))
    return found


def test_arrays_follow_every_write(database: Database, path: Path) -> None:
    store, chance = MemoryStore(), random.Random(1)
    elsewhere = Database.open(f"sqlite:///{path}")
    for step in range(120):
        change_something(store, Indexer(store, chance.choice([database, elsewhere])), chance)
        if step % 3 == 0:
            assert answers(database, arrays=True) == answers(database, arrays=False)
    elsewhere.close()


def test_few_segments_after_many_writes(database: Database) -> None:
    store, chance = MemoryStore(), random.Random(2)
    indexer = Indexer(store, database)
    for _ in range(150):
        change_something(store, indexer, chance)
        answers(database, arrays=True)
    with database.reading() as connection:
        state = columns.state_of(connection)
    assert state is not None
    assert len(state.parts) <= 7
    assert sum(segment.size for segment, _ in state.parts) <= 120


def test_who_missed_too_many_changes_loads_anew(database: Database) -> None:
    store = MemoryStore()
    indexer = Indexer(store, database)
    change_something(store, indexer, random.Random(3))
    answers(database, arrays=True)
    for seed in range(5):
        change_something(store, indexer, random.Random(seed))
    with database.writing() as connection:
        connection.execute(change.delete().where(change.c.seq < 5))
    assert answers(database, arrays=True) == answers(database, arrays=False)


def test_a_reader_of_an_older_moment_is_answered_from_that_moment(database: Database) -> None:
    store = MemoryStore()
    indexer = Indexer(store, database)
    store.put("uploads/a.jpg", b"picture")
    indexer.index("uploads/a.jpg")
    with database.reading() as old:
        assert reads.search(old, parse(""), limit=1).total == 1
        store.put("uploads/b.jpg", b"picture")
        indexer.index("uploads/b.jpg")
        with database.reading() as new:
            assert reads.search(new, parse(""), limit=1).total == 2
        assert reads.search(old, parse(""), limit=1).total == 1


def test_nothing_that_is_rolled_back_gets_into_the_arrays(database: Database) -> None:
    store = MemoryStore()
    store.put("uploads/a.jpg", b"picture")
    source = read_picture(store, "uploads/a.jpg")
    assert source is not None
    with pytest.raises(RuntimeError), database.writing() as connection:
        writes.put_image(connection, source.row())
        assert reads.search(connection, parse("")).total == 1
        raise RuntimeError
    assert answers(database, arrays=True) == answers(database, arrays=False)
    with database.reading() as connection:
        assert reads.search(connection, parse("")).total == 0


def test_an_empty_library_has_arrays_too(database: Database) -> None:
    with database.reading() as connection:
        state = columns.state_of(connection)
    assert state is not None
    assert [alive.dtype for _, alive in state.parts] == [np.bool_]


@pytest.mark.parametrize(("begun_before", "size"), [(False, 10), (True, 1000)])
def test_a_large_library_is_asked_while_it_is_loaded(
    database: Database, monkeypatch: pytest.MonkeyPatch, begun_before: bool, size: int
) -> None:
    """SQL answers for so long: nobody waits for what takes seconds at a million pictures."""
    store, chance = MemoryStore(), random.Random(4)
    for _ in range(30):
        change_something(store, Indexer(store, database), chance)
    expected = answers(database, arrays=False)
    begun, may_load, loaded = threading.Event(), threading.Event(), columns._loaded

    def slow(connection: Connection, seq: int) -> columns.State:
        begun.set()
        assert may_load.wait(60)
        return loaded(connection, seq)

    monkeypatch.setattr(columns, "_loaded", slow)
    monkeypatch.setattr(columns, "LOADED_AT_ONCE", size)
    if begun_before:  # as a server begins it at its start, whatever the size
        database.uses_arrays = True
        facets.begin_loading(database)
        assert begun.wait(60)
    assert answers(database, arrays=True) == expected
    assert database.arrays is not None
    assert not database.arrays.loaded
    assert not reads.answers_at_once(database, parse("dog"))
    change_something(store, Indexer(store, database), chance)
    expected = answers(database, arrays=False)
    assert answers(database, arrays=True) == expected
    may_load.set()
    database.arrays.wait()
    assert database.arrays.loaded
    assert answers(database, arrays=True) == expected
    with database.reading() as connection:
        assert columns.state_of(connection) is not None


def test_a_load_that_fails_is_begun_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, chance = MemoryStore(), random.Random(5)
    for _ in range(30):
        change_something(store, Indexer(store, database), chance)
    expected, loaded = answers(database, arrays=False), columns._loaded

    def fail(connection: Connection, seq: int) -> columns.State:
        raise CatalogUnavailableError("gone")

    monkeypatch.setattr(columns, "_loaded", fail)
    monkeypatch.setattr(columns, "LOADED_AT_ONCE", 10)
    assert answers(database, arrays=True) == expected
    assert database.arrays is not None
    database.arrays.wait()
    monkeypatch.setattr(columns, "_loaded", loaded)
    while not database.arrays.loaded:
        assert answers(database, arrays=True) == expected
        database.arrays.wait()
