"""What is looked up for single pictures takes as much of SQLite's work in a large library."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from catalog import announcements, reads, writes
from catalog.announcements import Announcement, Announcements
from catalog.database import Database
from catalog.indexer import Indexer
from catalog.keys import image_id, metadata_key
from catalog.rows import ImageRow
from catalog.sources import read_row
from tests.memory_store import MemoryStore

SMALL, LARGE = 60, 3000
KEY, NEXT = "uploads/000020.jpg", "uploads/000030.jpg"
# A few levels of an index more, but nothing that is done for each picture.
AT_MOST = 3

LOOKUPS: dict[str, Callable[[Connection], object]] = {
    "a picture of the same bytes": lambda found: reads.find_by_sha256(found, "0" * 64),
    "tagged pictures of the same bytes": lambda found: reads.keys_by_sha256(found, "0" * 64),
    "a picture by its key": lambda found: reads.find_by_key(found, KEY),
    "a picture by its id": lambda found: reads.get_image(found, image_id(KEY)),
    "what a row was written from": lambda found: writes.known(found, [KEY]),
    "what rows close to each other were written from": lambda found: writes.known_of(
        found, [KEY, NEXT]
    ),
    "the keys between two": lambda found: writes.known_between(found, KEY, NEXT),
    "a folder of the trash": lambda found: writes.known_in_trash(found, "20260101"),
    "what was announced and has not come": lambda found: announcements.awaited(
        found, timedelta(days=1), 100
    ),
}
CHANGES: dict[str, Callable[[Connection], object]] = {
    "a row in place of another": lambda writing: writes.put_image(writing, row_of(KEY)),
    "a row that goes": lambda writing: writes.remove_image(writing, NEXT),
}


def row_of(key: str) -> ImageRow:
    """Make the row of a picture that waits to be tagged."""
    store = MemoryStore()
    return read_row(store, store.put(key, key.encode()))


def fill(database: Database, size: int) -> None:
    """Let a catalog have so many tagged pictures, all of them after it was opened."""
    store = MemoryStore()
    keys = [f"uploads/{number:06}.jpg" for number in range(size)]
    for key in keys:
        store.put(key, key.encode())
        store.put(metadata_key(key), b'[{"Name": "Dog", "Confidence": 90}]')
    Indexer(store, database).index_many(keys)
    announced = [Announcement(key, "a.jpg", "") for key in (keys[0], "uploads/to come.jpg")]
    Announcements(database).keep(announced)


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, Database]]:
    """Two catalogs that differ in size alone."""
    folder = tmp_path_factory.mktemp("lookups")
    opened = []
    for size in (SMALL, LARGE):
        database = Database.open(f"sqlite:///{folder}/{size}.sqlite")
        fill(database, size)
        opened.append(database)
    yield opened[0], opened[1]
    for database in opened:
        database.close()


def steps(connection: Connection, act: Callable[[Connection], object]) -> int:
    """Return how many instructions of SQLite's virtual machine this takes."""
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    driver = connection.connection.driver_connection
    assert driver
    driver.set_progress_handler(step, 1)
    try:
        act(connection)
    finally:
        driver.set_progress_handler(None, 0)
    return count


@pytest.mark.parametrize("what", LOOKUPS)
def test_a_lookup_does_not_grow_with_the_library(
    libraries: tuple[Database, Database], what: str
) -> None:
    taken = []
    for database in libraries:
        with database.reading() as connection:
            LOOKUPS[what](connection)  # whatever is done once
            taken.append(steps(connection, LOOKUPS[what]))
    assert 0 < taken[1] <= AT_MOST * taken[0]


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_does_not_grow_with_the_library(
    libraries: tuple[Database, Database], what: str
) -> None:
    taken = []
    for database in libraries:
        with database.writing() as connection:
            taken.append(steps(connection, CHANGES[what]))
    assert 0 < taken[1] <= AT_MOST * taken[0]
