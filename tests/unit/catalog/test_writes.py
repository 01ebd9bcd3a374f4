"""What the catalog says it was written from, however it is asked."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog import writes
from catalog.chunks import CHUNK
from catalog.database import Database
from catalog.rows import pending_row
from catalog.storage import ObjectInfo

WHEN = datetime(2026, 1, 1, tzinfo=UTC)
LONG = "uploads/" + "a" * 900


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database.open(f"sqlite:///{tmp_path / 'catalog.sqlite'}")) as database:
        yield database


def fill(database: Database, keys: list[str], trash: str = "") -> None:
    infos = [ObjectInfo(key, 1, f"etag of {key}{trash}", WHEN) for key in keys]
    rows = [pending_row(info, info.key, trash) for info in infos]
    database.write(lambda connection: writes.put_images(connection, rows))


@pytest.mark.parametrize("between", [0, 3, CHUNK, 3 * CHUNK])
def test_keys_in_their_order_are_known_whatever_lies_between(
    database: Database, between: int
) -> None:
    keys = ["uploads/a.jpg", "uploads/a/ä.jpg", f"{LONG}b", f"{LONG}c", "uploads/z/\U0001f600.jpg"]
    fill(database, [*keys[:2], *keys[3:], "uploads/0.jpg", "uploads/zz.jpg"])
    fill(database, keys, "trash/20260101T000000Z-00000000/")
    fill(database, [f"uploads/b/{number}.jpg" for number in range(between)])
    with database.reading() as connection:
        found = writes.known_of(connection, keys)
        assert found == writes.known(connection, keys)
    assert {key: stamp.etag for key, stamp in found.items()} == {
        key: f"etag of {key}" for key in keys if key != keys[2]
    }


def test_of_no_keys_nothing_is_known(database: Database) -> None:
    with database.reading() as connection:
        assert writes.known_of(connection, []) == {}
