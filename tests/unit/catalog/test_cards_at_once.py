"""Cards from memory are those that the database gives, at each moment, or none at all."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from catalog import columns, reads, writes
from catalog.cards import CardPage, cut
from catalog.database import Database
from catalog.document import Document, ImageFacts, Label, Tagging, Thumbnail
from catalog.query import parse
from catalog.rows import ImageRow, document_row
from catalog.storage import ObjectInfo

NAMES = ["Dog", "Cat", "Cow", "Rare"]
SORTS = ["newest", "oldest", "taken", "name", "confidence"]
QUERIES = [
    "", "dog", "cat>90", "dog cat", "dog|rare", "-dog", "cow:60..80", "rare", "dog -cat cow|rare",
    "is:pending", "color:blue", "after:2026-01-01", "before:2026-01-01T00:00:03", "-is:trashed",
]  # fmt: skip
# Of these not all that is asked for is in memory.
ELSEWHERE = ["d*", "name:*7*", "in:0", "type:jpeg", "unheard", "is:trashed"]

Shown = tuple[list[str], str | None, int, bool]


def picture(number: int, chance: random.Random) -> ImageRow:
    """Make a row; few different times, names and confidences, so that many tie."""
    when = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(5))
    key = f"uploads/{number:04}.jpg"
    names = chance.sample(NAMES[:3], 2) + (NAMES[3:] if chance.random() < 0.05 else [])
    document = Document(
        image=ImageFacts(
            key=key, name=f"{chance.randrange(30)}.jpg", uploaded_at=when.isoformat(),
            taken_at=chance.choice(["", "2026-01-01T00:00:00"]),
        ),
        tagging=Tagging("tagged"),
        labels=[Label(name, float(chance.choice([60, 69.99, 70, 80, 100]))) for name in names],
        thumbnails=[Thumbnail(f"thumbs/{number:04}.jpg/320.webp", 320, 240)],
    )  # fmt: skip
    return document_row(ObjectInfo(key, 1, "etag", when), key, document, str(chance.random()))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(f"sqlite:///{tmp_path}/catalog.sqlite")
    chance = random.Random(1)
    with opened.writing() as connection:
        writes.put_images(connection, [picture(number, chance) for number in range(200)])
    with opened.reading() as connection:
        columns.state_of(connection)
    yield opened
    opened.close()


def shown(page: CardPage, least: float) -> Shown:
    """Return all that a page says, its cards cut."""
    for card in page.cards:
        card.write(f"{card.facts},{card.small},{card.etag}", "/small.webp")
    return cut(page.cards, least), page.next, page.total, page.total_is_exact


def asked(database: Database, **how: Any) -> Shown:
    """Ask in a transaction, and by SQL alone."""
    least = 70.0 if how["min"] is None else how["min"]
    answers = []
    for arrays in (True, False):
        database.uses_arrays = arrays
        with database.reading() as connection:
            answers.append(shown(reads.search_cards(connection, **how), least))
    database.uses_arrays = True
    assert answers[0] == answers[1], how
    return answers[0]


@pytest.mark.parametrize("sort", SORTS)
def test_the_same_cards_at_each_moment(database: Database, tmp_path: Path, sort: str) -> None:
    elsewhere = Database.open(f"sqlite:///{tmp_path}/catalog.sqlite")
    chance = random.Random(sort)
    at_once = 0
    for turn in range(32):
        if turn % 4 == 0:  # somebody commits, as another process would
            chosen = chance.choice([database, elsewhere])
            with chosen.writing() as connection:
                changed = [picture(chance.randrange(220), chance) for _ in range(3)]
                writes.put_images(connection, changed)
                gone = f"uploads/{chance.randrange(200):04}.jpg"
                writes.remove_images(connection, [(gone, "")])
        least = chance.choice([None, 0.0, 60.0, 69.99, 70.0, 79.5, 80.0, 100.0])
        query, limit = parse(chance.choice(QUERIES)), chance.choice([1, 7, 60, 200])
        how: dict[str, Any] = {"query": query, "min": least, "sort": sort, "limit": limit}
        cursor = None
        for _ in range(3):
            # The first may leave it to the database, which then has read what was missing.
            quick = [reads.cards_at_once(database, cursor=cursor, **how) for _ in range(2)]
            slow = asked(database, cursor=cursor, **how)
            quick.append(reads.cards_at_once(database, cursor=cursor, **how))
            for page in filter(None, quick):
                assert shown(page, 70.0 if least is None else least) == slow, how
            at_once += quick[-1] is not None
            cursor = slow[1]
            if cursor is None:
                break
    assert at_once > 32
    elsewhere.close()


@pytest.mark.parametrize("text", ELSEWHERE)
def test_what_is_not_in_memory_is_left_to_the_database(database: Database, text: str) -> None:
    assert reads.cards_at_once(database, parse(text)) is None


def test_nothing_is_told_of_a_library_that_is_not_loaded(tmp_path: Path) -> None:
    unloaded = Database.open(f"sqlite:///{tmp_path}/other.sqlite")
    assert reads.cards_at_once(unloaded, parse("dog")) is None
    unloaded.close()


def test_who_commits_while_cards_are_read_ends_the_attempt(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the cards would be of another moment than which of them, and how many, there are."""
    query, chance = parse("dog"), random.Random(2)
    asked(database, query=query, min=None, sort="newest", limit=5)
    read = database.rows_at

    def late(mark: Any, sql: str, values: Sequence[Any]) -> list[Any] | None:
        with database.writing() as connection:
            writes.put_images(connection, [picture(number, chance) for number in range(200)])
        return read(mark, sql, values)

    monkeypatch.setattr(database, "rows_at", late)
    assert reads.cards_at_once(database, query, limit=50) is None
    monkeypatch.undo()
    slow = asked(database, query=query, min=None, sort="newest", limit=50)
    page = reads.cards_at_once(database, query, limit=50)
    assert page is not None
    assert shown(page, 70.0) == slow
