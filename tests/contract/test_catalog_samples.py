"""How far from the truth counts are that come from a sample, on a real server.

The pictures and their labels are the same in every run, and so are their ids, which are made from
their keys: what is found here is no matter of chance.
"""

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from statistics import fmean
from typing import Any

import pytest
from sqlalchemy import event

from catalog import reads, samples, writes
from catalog.database import Database
from catalog.document import read_document
from catalog.query import parse
from catalog.rows import document_row
from catalog.storage import ObjectInfo
from tests.dsql_rules import DsqlRules
from tests.postgres import Cluster

PICTURES, GROUPS = 8_000, 40
START = datetime(2026, 1, 1, tzinfo=UTC)
# What docs/search.md says of a sample of 2,000.
NEARLY_ALWAYS = 0.06
SHARES = {"Air": 0.7, "Beach": 0.6, "Cat": 0.5, "Dog": 0.4, "Elk": 0.3}
MANY = [
    "", "air", "beach", "cat", "air beach", "air cat", "air|beach", "beach|cat", "cat|dog",
    "dog|elk", "air|cat|elk", "air beach|cat", "-elk", "-dog", "-dog|elk", "air -elk",
    "air|cat -dog",
]  # fmt: skip

Picture = frozenset[str]


def drawn() -> list[Picture]:
    """Return the labels of each picture: some of five, and the one of its group."""
    chance = random.Random(1)
    found = []
    for number in range(PICTURES):
        some = {name for name, share in SHARES.items() if chance.random() < share}
        found.append(frozenset(some | {f"Group {number % GROUPS}"}))
    return found


def true(pictures: list[Picture], text: str) -> list[Picture]:
    """Return those that match, by reading the text as a person would."""

    def fits(labels: Picture, clause: str) -> bool:
        of = {name.lower().replace(" ", "") for name in labels}
        return bool(of & set(clause.lstrip("-").split("|"))) != clause.startswith("-")

    return [each for each in pictures if all(fits(each, clause) for clause in text.split())]


@pytest.fixture(scope="module")
def pictures() -> list[Picture]:
    return drawn()


@pytest.fixture(scope="module", params=["postgresql", "dsql"])
def database(
    request: pytest.FixtureRequest, postgres: Cluster, pictures: list[Picture]
) -> Iterator[Database]:
    url = postgres.create(f"samples_{request.param}_{time.time_ns()}")
    rules = DsqlRules()
    opened = rules.open(url) if request.param == "dsql" else Database.open(url)
    rules.watch(opened)
    rows = []
    for number, names in enumerate(pictures):
        labels = ",".join(f'{{"Name":"{name}","Confidence":90}}' for name in sorted(names))
        info = ObjectInfo(f"uploads/{number:04}.jpg", 1, str(number), START + timedelta(0, number))
        rows.append(document_row(info, info.key, read_document(f"[{labels}]".encode()), "etag"))
    for portion in opened.portions(rows):
        opened.write(lambda connection, rows=portion: writes.put_images(connection, rows))
    opened.settle()
    yield opened
    opened.close()
    assert rules.broken == []


@pytest.mark.parametrize("text", MANY)
def test_a_total_is_as_near_as_is_said(
    database: Database, pictures: list[Picture], text: str
) -> None:
    matching = true(pictures, text)
    with database.reading() as connection:
        total = reads.count(connection, parse(text))
        counts = reads.label_counts(connection, parse(text))
        exact = reads.counts_are_exact(connection, parse(text))
    assert len(matching) > 2_000
    assert (total.is_exact, exact) == (False, False)
    assert abs(total.number / len(matching) - 1) <= NEARLY_ALWAYS
    found = {each.name: each.count for each in counts}
    for name in SHARES:
        have = sum(name in each for each in matching)
        # The rarer a label is among what matches, the less sure: three times out of a thousand
        # it is farther off than three of these.
        apart = (len(matching) / max(have, 1) / 2_000) ** 0.5
        assert abs(found.get(name, 0) - have) <= 3 * apart * have
        assert found.get(name, 0) <= total.number


@pytest.mark.parametrize("text", ["cat|dog", "air beach", "air|beach dog|elk", "air -cat", "-cat"])
@pytest.mark.parametrize(
    ("budget", "looked_into"), [(40, 6_000), (10_000, 60)], ids=["budget", "looked into"]
)
def test_samples_are_too_high_as_often_as_too_low(
    database: Database,
    pictures: list[Picture],
    text: str,
    budget: int,
    looked_into: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No picture is in two groups, so that their samples have nothing to do with each other."""
    monkeypatch.setattr(database, "exact_up_to", budget)
    monkeypatch.setattr(samples, "LOOKED_INTO", looked_into)
    monkeypatch.setattr(samples, "ENOUGH", 1)
    totals, dogs = [], []
    for group in range(GROUPS):
        matching = true(pictures, f"{text} group{group}")
        query = parse(f'{text} "group {group}"')
        with database.reading() as connection:
            total = reads.count(connection, query)
            counts = {each.name: each.count for each in reads.label_counts(connection, query)}
        assert not total.is_exact
        totals.append(total.number / len(matching))
        dogs.append(counts.get("Dog", 0) / sum("Dog" in each for each in matching))
    assert abs(fmean(totals) - 1) <= 0.06
    assert abs(fmean(dogs) - 1) <= 0.12


@pytest.mark.parametrize("text", ["is:failed", "is:pending"])
def test_no_picture_is_looked_into_to_know_that_none_has_failed(
    database: Database, text: str
) -> None:
    """The first page says how many wait and how many failed, in libraries of any size."""
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, sql: str, values: Any, *_rest: Any) -> None:
        asked.append((sql, values))

    with database.reading() as connection:
        event.listen(database._engine, "before_cursor_execute", note)
        assert reads.count(connection, parse(text)) == (0, True)
        event.remove(database._engine, "before_cursor_execute", note)
        steps = [
            row[0]
            for sql, values in asked
            for row in connection.exec_driver_sql(f"EXPLAIN {sql}", values)
        ]
    assert any("Index Only Scan using image_state" in step for step in steps)
    assert not any("Seq Scan" in step for step in steps)
