"""Rows that are written some at a time: none is lost, and nobody asks twice for the same bytes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog import reads
from catalog.database import Database
from catalog.errors import CatalogUnavailableError, StoreUnavailableError
from catalog.keys import metadata_key
from catalog.storage import ObjectInfo
from cli.tagging.batches import Batches
from tests.memory_store import MemoryStore

KEYS = [f"uploads/{name}.png" for name in "abc"]


class OneBadFile(MemoryStore):
    """A store that cannot read one of its files."""

    bad = ""

    def head(self, key: str) -> ObjectInfo:
        if key == self.bad:
            raise StoreUnavailableError("This file cannot be read.")
        return super().head(key)


@pytest.fixture
def store() -> OneBadFile:
    made = OneBadFile()
    for key in KEYS:
        made.put(key, b"the same bytes")
    return made


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(f"sqlite:///{tmp_path}/catalog.sqlite")
    yield opened
    opened.close()


def tag(store: MemoryStore, batches: Batches, key: str) -> None:
    """Do what the tagger does last."""
    document = {"SchemaVersion": 1, "Tagging": {"Status": "tagged"}, "Labels": []}
    store.put(metadata_key(key), json.dumps(document).encode())
    batches.index(key)


def shown(database: Database) -> set[str]:
    with database.reading() as connection:
        return {key for key in KEYS if reads.find_by_key(connection, key)}


def test_rows_are_there_when_they_are_written(store: OneBadFile, database: Database) -> None:
    batches = Batches(store, database)
    for key in KEYS:
        tag(store, batches, key)
    assert shown(database) == set()
    batches.write()
    assert shown(database) == set(KEYS)


def test_the_same_bytes_are_found_though_their_row_is_not_written_yet(
    store: OneBadFile, database: Database
) -> None:
    batches = Batches(store, database)
    sha256 = store.head(KEYS[0]).etag
    assert batches.same_bytes(sha256) == []
    batches.write()
    tag(store, batches, KEYS[0])
    assert batches.same_bytes(sha256) == [KEYS[0]]


def test_a_file_that_cannot_be_read_keeps_no_other_from_its_row(
    store: OneBadFile, database: Database
) -> None:
    batches = Batches(store, database)
    for key in KEYS:
        tag(store, batches, key)
    store.bad = KEYS[1]
    batches.write()
    assert shown(database) == {KEYS[0], KEYS[2]}
    assert batches.unread == {KEYS[1]: "This file cannot be read."}


def test_rows_that_could_not_be_written_are_due_still(
    store: OneBadFile, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = Batches(store, database)
    tag(store, batches, KEYS[0])
    with monkeypatch.context() as broken:
        broken.setattr(Database, "reading", refuse)
        with pytest.raises(CatalogUnavailableError):
            batches.write()
    batches.write()
    assert shown(database) == {KEYS[0]}


def refuse(_: Database) -> None:
    raise CatalogUnavailableError("It does not answer.")
