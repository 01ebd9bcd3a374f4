"""How searches run: by which index, and in how many statements."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from catalog import pages, reads
from catalog.database import Database
from catalog.indexer import Indexer
from catalog.query import parse
from catalog.records import RECORD_COLUMNS
from catalog.search_sql import match
from tests.memory_store import MemoryStore


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    store = MemoryStore()
    for number in range(100):
        store.put(f"uploads/{number}.jpg", b"picture")
        names = "Dog", f"Label {number}", "Cat" if number % 2 else "Cow"
        labels = ", ".join(f'{{"Name": "{name}", "Confidence": 90}}' for name in names)
        store.put(f"metadata/{number}.jpg.json", f"[{labels}]".encode())
    opened = Database.open(f"sqlite:///{tmp_path}/catalog.sqlite")
    Indexer(store, opened).reindex()
    yield opened
    opened.close()


def plan(connection: Connection, query: str, sort: str = "newest") -> str:
    """Return how SQLite goes about the first page."""
    matches = match(connection, parse(query), None)
    keys = pages.order(sort, matches)
    selection = pages.ordered(matches.select(*RECORD_COLUMNS, with_image=True), keys).limit(61)
    sql = selection.compile(connection.engine, compile_kwargs={"literal_binds": True})
    return "\n".join(row[3] for row in connection.execute(text(f"EXPLAIN QUERY PLAN {sql}")))


def test_one_label_is_a_walk_along_its_own_rows(database: Database) -> None:
    with database.reading() as connection:
        steps = plan(connection, "dog").splitlines()
    assert steps[0].startswith("SEARCH driver USING PRIMARY KEY (live=? AND label_id=?")
    assert "SEARCH image USING INTEGER PRIMARY KEY" in "".join(steps)
    assert not any("SCAN" in step for step in steps)
    assert "USE TEMP B-TREE FOR ORDER BY" not in steps


def test_several_labels_are_probes(database: Database) -> None:
    with database.reading() as connection:
        steps = plan(connection, "dog cat -cow")
    assert steps.count("USING PRIMARY KEY (live=? AND label_id=? AND uploaded_at=?") >= 2
    assert "SCAN" not in steps


@pytest.mark.parametrize(
    ("sort", "index"),
    [
        ("newest", "image_newest"),
        ("oldest", "image_newest"),
        ("taken", "image_taken"),
        ("name", "image_name"),
        ("confidence", "image_confidence"),
    ],
)
def test_every_order_of_everything_has_an_index(database: Database, sort: str, index: str) -> None:
    with database.reading() as connection:
        steps = plan(connection, "", sort)
    assert f"USING INDEX {index} (live=?" in steps
    assert "USE TEMP B-TREE FOR ORDER BY" not in steps.splitlines()


@pytest.mark.parametrize(
    "query", ["", "dog", "dog cat -cow", 'dog|cow "label 1"*', "name:1* is:failed"]
)
@pytest.mark.parametrize("arrays", [True, False])
def test_a_page_takes_few_statements_however_long_it_is(
    database: Database, query: str, arrays: bool
) -> None:
    database.uses_arrays = arrays
    counted = {}
    for limit in (1, 60):
        with database.reading() as connection:
            statements: list[str] = []

            def note(_c: Any, _cursor: Any, sql: str, *_rest: Any) -> None:
                statements.append(sql)  # noqa: B023 - removed before the next turn

            event.listen(database._engine, "before_cursor_execute", note)
            reads.search(connection, parse(query), limit=limit)
            reads.label_counts(connection, parse(query))
            event.remove(database._engine, "before_cursor_execute", note)
        counted[limit] = len(statements)
    assert counted[60] <= counted[1] <= 12
