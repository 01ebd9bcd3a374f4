"""Many at once, and servers that are restarted, locked or gone."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text, update

from catalog import reads
from catalog.database import Database
from catalog.dialects.tables import VERSION
from catalog.errors import CatalogUnavailableError
from catalog.indexer import Indexer
from catalog.query import parse
from catalog.schema import meta
from tests.crowd import Crowd, run
from tests.dsql_rules import DsqlRules
from tests.memory_store import MemoryStore
from tests.postgres import Cluster, binaries, remove, temporary_folder

EVERYTHING = parse("")


@pytest.fixture(scope="module")
def own_cluster() -> Iterator[Cluster]:
    """A server that only these tests stop and start."""
    binaries()
    cluster = Cluster.make(temporary_folder())
    try:
        cluster.start()
        yield cluster
    finally:
        remove(cluster)


@pytest.fixture(params=["sqlite", "postgresql", "dsql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        opened = Database.open(f"sqlite:///{tmp_path}/catalog.sqlite")
    else:
        url = request.getfixturevalue("postgres").create(f"stress_{request.param}_{time.time_ns()}")
        opened = DsqlRules().open(url) if request.param == "dsql" else Database.open(url)
    yield opened
    opened.close()


def put(store: MemoryStore, name: str, label: str) -> None:
    store.put(f"uploads/{name}.jpg", name.encode())
    store.put(f"metadata/{name}.jpg.json", f'[{{"Name": "{label}", "Confidence": 90}}]'.encode())


def total(database: Database, query: str = "") -> int:
    with database.reading() as connection:
        return reads.search(connection, parse(query)).total


def test_eight_write_and_eight_read_at_once(database: Database) -> None:
    """All writers meet at the same labels and at the same pictures."""
    crowd = Crowd(database, pictures=30)
    found = crowd.gather(lambda written: written >= 30, writers=8, readers=8)
    assert (found.errors, found.lost, found.torn) == ([], [], [])
    assert (found.writes, total(database)) == (240, 30)
    assert found.reads >= 8


def test_no_update_is_lost_where_writers_meet_at_one_picture(database: Database) -> None:
    store = MemoryStore()
    put(store, "a", "Start")

    def write(name: str) -> Callable[[], None]:
        def work() -> None:
            for number in range(10):
                put(store, "a", f"{name} {number}")
                Indexer(store, database).index("uploads/a.jpg")

        return work

    assert run(*[write(name) for name in "abcd"]) == []
    last = store.read("metadata/a.jpg.json")[0].decode().split('"')[3]
    assert (total(database), total(database, f'"{last}"')) == (1, 1)


def test_another_version_is_emptied_and_made_again(postgres: Cluster) -> None:
    url = postgres.create("another_version")
    first = Database.open(url)
    store = MemoryStore()
    put(store, "a", "Dog")
    Indexer(store, first).reindex()
    assert not first.needs_reindex
    with first.writing() as connection:
        connection.execute(update(meta).where(meta.c.name == VERSION).values(value="0"))
    first.close()
    again = Database.open(url)
    assert (total(again), again.needs_reindex) == (0, True)
    again.close()


def test_many_may_open_a_new_database_at_once(postgres: Cluster) -> None:
    url = postgres.create("opened_at_once")
    assert run(*[lambda: Database.open(url).close()] * 6) == []


def test_tables_of_somebody_else_are_left_alone(postgres: Cluster) -> None:
    url = postgres.create("somebody_else")
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE image (a int)"))
        connection.execute(text("INSERT INTO image VALUES (1)"))
    with pytest.raises(CatalogUnavailableError, match="not Taglight's"):
        Database.open(url)
    with engine.begin() as connection:
        assert connection.execute(text("SELECT a FROM image")).all() == [(1,)]
    engine.dispose()


def test_a_server_restarted_in_the_middle_is_waited_for(own_cluster: Cluster) -> None:
    database = Database.open(own_cluster.create("restarted"))
    store = MemoryStore()
    put(store, "a", "Dog")
    Indexer(store, database).index("uploads/a.jpg")
    own_cluster.stop()
    back = threading.Timer(0.5, own_cluster.start)
    back.start()
    put(store, "b", "Dog")
    Indexer(store, database).index("uploads/b.jpg")
    back.join()
    assert total(database, "dog") == 2
    database.close()


def test_a_server_that_is_gone_says_so(own_cluster: Cluster) -> None:
    database = Database.open(own_cluster.create("gone"))
    own_cluster.stop()
    try:
        with pytest.raises(CatalogUnavailableError):
            total(database)
        with pytest.raises(CatalogUnavailableError):
            database.check()
    finally:
        own_cluster.start()
    assert total(database) == 0
    database.close()


def test_texts_that_postgresql_cannot_hold_find_nothing(postgres: Cluster) -> None:
    database = Database.open(postgres.create("impossible_texts"))
    with database.reading() as connection:
        assert reads.get_image(connection, "a\x00b") is None
        assert reads.search(connection, parse('in:"a\x00b" name:"x\x00*"')).total == 0
    database.close()


def test_a_label_of_a_thousand_characters_and_a_thousand_labels(database: Database) -> None:
    store = MemoryStore()
    long = "\U0001f600" * 998
    for name, end in (("a", "x"), ("b", "y")):
        put(store, name, long + end)
    labels = ", ".join(f'{{"Name": "L{n}", "Confidence": 90}}' for n in range(990))
    store.put("uploads/many.jpg", b"many")
    store.put("metadata/many.jpg.json", f"[{labels}]".encode())
    Indexer(store, database).reindex()
    assert [total(database, f'"{long}{end}"') for end in "xy"] == [1, 1]
    assert total(database, "l0 l989") == 1
