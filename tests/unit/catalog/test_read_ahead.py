"""A second process that reads documents gives the rows that this process would."""

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from benchmarks.libraries import documents
from catalog import read_ahead, reindex
from catalog.database import Database
from catalog.document import write_document
from catalog.indexer import Indexer
from catalog.keys import UPLOADS, metadata_key
from catalog.read_ahead import Batch, ReadAhead
from catalog.storage.folder import FolderStore
from catalog.writes import IMAGE_COLUMNS

COUNT = 20


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FolderStore]:
    with closing(FolderStore(tmp_path / "library")) as store:
        for number, (_, key, document) in enumerate(documents(COUNT)):
            store.put(key, b"picture %d" % number)
            if number == 3:
                store.put(metadata_key(key), b"no document")
            elif number != 5:
                store.put(metadata_key(key), write_document(document))
        yield store


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reindex, "BATCH", 3)
    monkeypatch.setattr(reindex, "FIRST", [3, 3])
    monkeypatch.setattr(reindex, "OWN", 2)
    monkeypatch.setattr(read_ahead, "_processors", lambda: 2)


def everything(store: FolderStore, database: Database) -> list[Any]:
    assert Indexer(store, database).reindex() == COUNT
    with database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM image ORDER BY key").all()
        labels = connection.exec_driver_sql(
            "SELECT i.key, l.name, l.category, il.alias, il.confidence FROM image_label il "
            "JOIN image i ON i.id = il.image_id JOIN label l ON l.id = il.label_id ORDER BY 1, 2, 4"
        ).all()
    return [list(map(tuple, rows)), list(map(tuple, labels))]


def fresh(tmp_path: Path, name: str) -> Database:
    return Database.open(f"sqlite:///{tmp_path / name}.sqlite")


@pytest.mark.parametrize(
    ("is_ready", "read_there"),
    [(True, [3, 3, 3, 3, 3, 2]), (False, [3, 3])],
    ids=["the second process is fast", "it is slow"],
)
def test_a_reindex_with_a_second_process_is_as_one_without(
    store: FolderStore,
    tmp_path: Path,
    small_batches: None,
    monkeypatch: pytest.MonkeyPatch,
    is_ready: bool,
    read_there: list[int],
) -> None:
    answered: list[int] = []
    rows = ReadAhead.rows

    def noted(self: ReadAhead) -> Any:
        found = rows(self)
        answered.append(len(found.rows) if found else 0)
        return found

    monkeypatch.setattr(ReadAhead, "rows", noted)
    monkeypatch.setattr(ReadAhead, "is_ready", lambda _: is_ready)
    with closing(fresh(tmp_path, "two")) as database:
        two = everything(store, database)
    monkeypatch.setattr(read_ahead, "_processors", lambda: 1)
    with closing(fresh(tmp_path, "one")) as database:
        one = everything(store, database)
    assert two == one
    assert len(one[0]) == COUNT
    assert answered == read_there


@pytest.mark.parametrize("executable", ["/bin/false", "/nowhere/python"])
def test_without_a_second_process_this_one_reads_all(
    store: FolderStore,
    tmp_path: Path,
    small_batches: None,
    monkeypatch: pytest.MonkeyPatch,
    executable: str,
) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    with closing(fresh(tmp_path, "one")) as database:
        assert len(everything(store, database)[0]) == COUNT


def test_what_the_catalog_knows_as_it_is_is_left_out(store: FolderStore) -> None:
    pictures = list(store.list(UPLOADS))
    with ReadAhead(store.root, IMAGE_COLUMNS) as ahead:
        ahead.begin(Batch(pictures, {}, True))
        found = ahead.rows()
        assert found is not None
        batch = Batch(pictures, {}, True)
        known = {row.key: row.stamp for each in pictures if (row := batch.row(store, each))}
        store.delete(metadata_key(pictures[7].key))
        ahead.begin(Batch(pictures, known, True))
        again = ahead.rows()
    assert len(found.rows) == COUNT
    # A document that makes no sense has an ETag as well, and so has a row for it.
    assert again is not None
    assert [row.key for row in again.rows] == [pictures[7].key]


def test_rows_come_whole_from_the_second_process(store: FolderStore) -> None:
    pictures = list(store.list(UPLOADS))
    batch = Batch(pictures, {}, False)
    with ReadAhead(store.root, IMAGE_COLUMNS) as ahead:
        ahead.begin(batch)
        assert ahead.rows() == batch.ready_rows(store, IMAGE_COLUMNS)


def test_answers_that_nobody_takes_yet_do_not_stop_what_is_asked(store: FolderStore) -> None:
    """More than a pipe holds goes either way before the first answer is taken."""
    pictures = list(store.list(UPLOADS)) * 100
    batch = Batch(pictures, {}, False)
    with ReadAhead(store.root, IMAGE_COLUMNS) as ahead:
        for _ in range(3):
            ahead.begin(batch)
        answers = [ahead.rows() for _ in range(3)]
    assert answers == [batch.ready_rows(store, IMAGE_COLUMNS)] * 3


def test_a_second_process_that_is_no_longer_needed_ends_in_the_middle(store: FolderStore) -> None:
    batch = Batch(list(store.list(UPLOADS)) * 100, {}, False)
    with ReadAhead(store.root, IMAGE_COLUMNS) as ahead:
        ahead.begin(batch)
        ahead.begin(batch)
        child = ahead._child
    assert child is not None
    assert child.returncode == 0
