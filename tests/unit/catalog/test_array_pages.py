"""Pages from the arrays are those from SQL: in every order, with ties, while pictures change."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from catalog import orders, reads, writes
from catalog.database import Database
from catalog.document import Document, ImageFacts, Label, Tagging
from catalog.query import parse
from catalog.rows import ImageRow, document_row
from catalog.storage import ObjectInfo

SORTS = ["newest", "oldest", "taken", "name", "confidence"]
QUERIES = ["", "dog", "dog>95", "dog cat", "dog|rare", "rare", "-dog", "d*", "name:*7*", "nothing"]


def picture(number: int, chance: random.Random) -> ImageRow:
    """Make a row; few different times, dates, names and confidences, so that many tie."""
    when = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(5))
    names = chance.sample(["Dog", "Cat", "Cow"], 2) + (["Rare"] if chance.random() < 0.02 else [])
    key = f"uploads/{number:04}.jpg"
    document = Document(
        image=ImageFacts(
            key=key,
            name=f"{chance.randrange(30)}.jpg",
            uploaded_at=when.isoformat(),
            taken_at=chance.choice(["", "2026-01-01T00:00:00", "2025-01-01T00:00:00"]),
        ),
        tagging=Tagging("tagged"),
        labels=[Label(name, float(chance.choice([60, 80, 90, 100]))) for name in names],
    )
    return document_row(ObjectInfo(key, 1, "etag", when), key, document, str(chance.random()))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(f"sqlite:///{tmp_path}/catalog.sqlite")
    yield opened
    opened.close()


def walk(database: Database, text: str, sort: str, limit: int, *, arrays: bool) -> list[str]:
    """Return the keys of all pages, and the cursor of the first, from the arrays or by SQL."""
    database.uses_arrays = arrays
    found: list[str] = []
    cursor, pages = None, 0
    with database.reading() as connection:
        while True:
            page = reads.search(connection, parse(text), sort=sort, limit=limit, cursor=cursor)
            found += [str(page.total), *[image.key for image in page.images]]
            cursor = page.next
            if cursor is None:
                return found
            if not pages:
                found.append(cursor)
            pages += 1


@pytest.mark.parametrize("small", [0, 5000])
@pytest.mark.parametrize("sparse", [1, 500])
def test_the_same_pages_as_sql(
    database: Database, monkeypatch: pytest.MonkeyPatch, small: int, sparse: int
) -> None:
    monkeypatch.setattr(orders, "_SMALL", small)
    monkeypatch.setattr(orders, "_SPARSE", sparse)
    monkeypatch.setattr(orders, "_FEW", 10**9 if sparse == 1 else 0)
    chance = random.Random(small + sparse)
    with database.writing() as connection:
        writes.put_images(connection, [picture(number, chance) for number in range(300)])
    for _ in range(4):
        for text in QUERIES:
            for sort in SORTS:
                by_sql = walk(database, text, sort, 40, arrays=False)
                assert walk(database, text, sort, 40, arrays=True) == by_sql, (text, sort)
        with database.writing() as connection:
            changed = [picture(chance.randrange(320), chance) for _ in range(10)]
            writes.put_images(connection, changed)
            writes.remove_images(
                connection, [(f"uploads/{chance.randrange(300):04}.jpg", "") for _ in range(5)]
            )


def test_an_order_of_a_later_moment_is_not_used(database: Database) -> None:
    chance = random.Random(1)
    with database.writing() as connection:
        writes.put_images(connection, [picture(number, chance) for number in range(30)])
    with database.reading() as old:
        assert reads.search(old, parse("dog"), sort="newest").total
        keys = [image.key for image in reads.search(old, parse("")).images]
        with database.writing() as connection:
            writes.remove_images(connection, [("uploads/0003.jpg", "")])
        with database.reading() as new:
            assert len(reads.search(new, parse("d*|c*"), min=0.0, sort="name").images) == 29
        by_name = reads.search(old, parse("d*|c*"), min=0.0, sort="name").images
        assert sorted(image.key for image in by_name) == sorted(keys)


def test_rows_that_were_read_before_are_those_of_now(database: Database) -> None:
    """Names change and pictures go, now and then between two looks of one who looks again."""
    chance = random.Random(3)
    with database.writing() as connection:
        writes.put_images(connection, [picture(number, chance) for number in range(80)])
    for step in range(60):
        with database.writing() as connection:
            writes.put_images(connection, [picture(chance.randrange(90), chance)])
            if step % 7 == 0:
                writes.remove_image(connection, f"uploads/{chance.randrange(80):04}.jpg")
        for sort in chance.sample(SORTS, 2):
            seen: list[object] = []
            for arrays in (True, False):
                database.uses_arrays = arrays
                with database.reading() as connection:
                    seen.append(reads.search(connection, parse(""), sort=sort, limit=30))
                    cards = reads.search_cards(connection, parse("dog"), sort=sort, limit=30).cards
                    seen.append([(card.key, card.etag, card.facts) for card in cards])
            assert seen[:2] == seen[2:], (step, sort)
