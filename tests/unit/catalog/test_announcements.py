"""Names that were announced: used once the picture is there, never shown before."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from catalog import reads
from catalog.announcements import Announcement, Announcements, find
from catalog.database import Database
from catalog.indexer import Indexer
from catalog.query import parse
from catalog.schema import announced
from tests.dsql_rules import DsqlRules
from tests.memory_store import MemoryStore
from tests.postgres import Cluster

KEY = "uploads/2026/11/cute_dog-3fa9c1d2.jpg"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SHA256 = hashlib.sha256(b"jpeg").hexdigest()


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database.open(f"sqlite:///{tmp_path}/catalog.sqlite")


def test_a_name_is_shown_when_the_picture_is_there(database: Database) -> None:
    store = MemoryStore()
    indexer = Indexer(store, database)
    Announcements(database).keep([Announcement(KEY, "cute dog.jpg", SHA256)])
    indexer.mark_pending(KEY)
    with database.reading() as connection:
        assert reads.search(connection, parse("is:pending")).images == []
    assert indexer.name_of(KEY) == "cute dog.jpg"

    store.put(KEY, b"jpeg")
    indexer.mark_pending(KEY)
    with database.reading() as connection:
        record = reads.find_by_key(connection, KEY)
        same = reads.find_by_sha256(connection, SHA256)
    assert record is not None
    assert (record.name, record.sha256, record.status) == ("cute dog.jpg", SHA256, "pending")
    assert same is not None
    assert indexer.name_of(KEY) == "cute dog.jpg"


@pytest.mark.parametrize("seen", ["a document's event", "many at once", "filling the catalog"])
def test_a_name_is_shown_whoever_sees_the_picture_first(database: Database, seen: str) -> None:
    """A worker that begins fills the catalog while people send."""
    store = MemoryStore()
    indexer = Indexer(store, database)
    Announcements(database).keep([Announcement(KEY, "cute dog.jpg", SHA256)])
    store.put(KEY, b"jpeg")
    store.put("uploads/by another tool.jpg", b"other")
    if seen == "many at once":
        indexer.index_many([KEY, "uploads/by another tool.jpg"])
    elif seen == "filling the catalog":
        assert indexer.reindex() == 2
    else:
        indexer.index(KEY)
        indexer.index("uploads/by another tool.jpg")
    with database.reading() as connection:
        found = {each.name for each in reads.search(connection, parse("")).images}
    assert found == {"cute dog.jpg", "by another tool.jpg"}
    indexer.mark_pending(KEY)
    assert indexer.name_of(KEY) == "cute dog.jpg"


def test_the_last_announcement_counts(database: Database) -> None:
    desk = Announcements(database)
    desk.keep([Announcement(KEY, "one.jpg", ""), Announcement(KEY, "two.jpg", "")])
    desk.keep([Announcement(KEY, "three\x00.jpg", SHA256)])
    with database.reading() as connection:
        told = find(connection, KEY)
    assert told is not None
    assert (told.name.replace("\ufffd", ""), told.sha256) == ("three.jpg", SHA256)


def test_what_was_never_sent_is_forgotten_after_a_day(database: Database) -> None:
    desk = Announcements(database)
    desk.keep([Announcement(f"uploads/{n}.jpg", f"{n}", "") for n in range(100)], NOW)
    desk.keep([Announcement(KEY, "later", "")], NOW + timedelta(hours=25))
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(announced)) == 1


def test_it_keeps_to_what_dsql_allows(postgres: Cluster) -> None:
    rules = DsqlRules()
    database = rules.open(postgres.create("announcements"))
    desk = Announcements(database)
    desk.keep([Announcement(f"uploads/{n}.jpg", f"{n}", SHA256) for n in range(100)], NOW)
    desk.keep([Announcement("uploads/1.jpg", "again", "")], NOW + timedelta(hours=25))
    with database.reading() as connection:
        assert find(connection, "uploads/2.jpg") is None
    database.close()
    assert rules.broken == []
