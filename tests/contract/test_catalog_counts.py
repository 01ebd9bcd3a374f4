"""Counts beyond the budget of a server: about right, fair, and never at odds with the page."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from catalog import dialects, reads, samples, writes
from catalog.database import Database
from catalog.document import read_document
from catalog.query import Query, parse
from catalog.rows import document_row
from catalog.samples import rounded
from catalog.storage import ObjectInfo
from tests.dsql_rules import DsqlRules

PICTURES, BUDGET = 3_000, 300
START = datetime(2026, 1, 1, tzinfo=UTC)
# A sample of 300 is right by some 6 % more often than not; the library never changes.
NEAR = 0.2
FILTERS = ["", "all", "half", "-half", "all -half", "half|third", "all half third", "name:*1*"]


@dataclass
class Library:
    """One catalog of all pictures, and of each text which of them match."""

    database: Database

    def matching(self, text: str) -> list[int]:
        found = {
            "": lambda n: True,
            "all": lambda n: True,
            "half": lambda n: n % 2 == 0,
            "-half": lambda n: n % 2 == 1,
            "all -half": lambda n: n % 2 == 1,
            "half|third": lambda n: n % 2 == 0 or n % 3 == 0,
            "all half third": lambda n: n % 6 == 0,
            "name:*1*": lambda n: "1" in f"{n:04}",
        }[text]
        return [n for n in range(PICTURES) if found(n)]


def labels_of(number: int) -> list[str]:
    return ["All"] + ["Half"] * (number % 2 == 0) + ["Third"] * (number % 3 == 0)


def fill(database: Database) -> None:
    rows = []
    for number in range(PICTURES):
        key = f"uploads/{number:04}.jpg"
        labels = ",".join(f'{{"Name":"{name}","Confidence":90}}' for name in labels_of(number))
        info = ObjectInfo(key, 1, str(number), START + timedelta(minutes=number))
        document = read_document(f"[{labels}]".encode())
        rows.append(document_row(info, key, document, "etag"))
    for portion in database.portions(rows):
        database.write(lambda connection, rows=portion: writes.put_images(connection, rows))


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "dsql"])
def library(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Library]:
    if request.param == "sqlite":
        opened = Database.open(f"sqlite:///{tmp_path_factory.mktemp('counts')}/catalog.sqlite")
    else:
        url = request.getfixturevalue("postgres").create(f"counts_{request.param}_{time.time_ns()}")
        opened = DsqlRules().open(url) if request.param == "dsql" else Database.open(url)
    fill(opened)
    if opened.exact_up_to is not None:
        opened.exact_up_to = BUDGET
    yield Library(opened)
    opened.close()


def near(number: int, true: int) -> bool:
    return abs(number - true) <= NEAR * true


@pytest.mark.parametrize("text", FILTERS)
def test_counts_beyond_the_budget_are_about_right(library: Library, text: str) -> None:
    database, query, matching = library.database, parse(text), library.matching(text)
    with database.reading() as connection:
        page = reads.search(connection, query, limit=60)
        cards = reads.search_cards(connection, query, limit=60)
        counts = reads.label_counts(connection, query)
        exact = reads.counts_are_exact(connection, query)
        histogram = reads.confidence_histogram(connection, query)
    true = {name: sum(name in labels_of(n) for n in matching) for name in ("All", "Half", "Third")}
    found = {each.name: each.count for each in counts}
    assert exact == page.total_is_exact == (database.exact_up_to is None)
    assert (cards.total, cards.total_is_exact) == (page.total, page.total_is_exact)
    assert all(each.is_exact == exact for each in counts)
    assert counts == sorted(counts, key=lambda each: (-each.count, each.name))
    assert set(found) == {name for name, number in true.items() if number}
    if exact:
        assert (page.total, histogram[18]) == (len(matching), sum(true.values()))
        assert all(found[name] == true[name] for name in found)
        return
    assert page.total > BUDGET
    assert near(page.total, len(matching))
    assert found["All"] == page.total
    assert near(histogram[18], sum(true.values()))
    assert all(near(found[name], true[name]) and found[name] <= page.total for name in found)


def test_counts_within_the_budget_are_exact(library: Library) -> None:
    query = parse("name:12* all")
    with library.database.reading() as connection:
        page = reads.search(connection, query, limit=60)
        counts = {each.name: each.count for each in reads.label_counts(connection, query)}
    assert (page.total, page.total_is_exact) == (100, True)
    assert counts == {"All": 100, "Half": 50, "Third": 34}


def test_one_more_than_the_budget_is_about(library: Library) -> None:
    """The budget itself is still exact; one picture more is no more."""
    query = parse("name:12* all")
    with library.database.reading() as connection:
        if library.database.exact_up_to is None:
            assert reads.count(connection, query) == (100, True)
            return
    try:
        for budget, exact in ((100, True), (99, False)):
            library.database.exact_up_to = budget
            with library.database.reading() as connection:
                total = reads.count(connection, query)
            assert total.is_exact == exact
            assert total.number == 100 if exact else total.number >= 100
    finally:
        library.database.exact_up_to = BUDGET


@pytest.mark.parametrize("text", ["all half third", "half|third", "-half", "name:*1*"])
def test_few_of_very_many_are_counted_in_those_that_are_looked_into(
    library: Library, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within the budget, but too many would have to be looked into to count them all."""
    query, matching = parse(text), library.matching(text)
    monkeypatch.setattr(library.database, "exact_up_to", None)
    with library.database.reading() as connection:
        assert reads.count(connection, query) == (len(matching), True)
    if dialects.exact_up_to(library.database._engine) is None:
        return
    monkeypatch.setattr(library.database, "exact_up_to", PICTURES)
    monkeypatch.setattr(samples, "LOOKED_INTO", 600)
    with library.database.reading() as connection:
        page = reads.search(connection, query, limit=60)
        counts = reads.label_counts(connection, query)
    assert (page.total_is_exact, {each.is_exact for each in counts}) == (False, {False})
    assert near(page.total, len(matching))
    found = {each.name: each.count for each in counts}
    assert found["All"] == page.total
    assert all(found[name] <= page.total for name in found)
    monkeypatch.setattr(samples, "ENOUGH", 601)  # what is found tells nothing: all are looked into
    with library.database.reading() as connection:
        assert reads.count(connection, query) == (len(matching), True)


def test_a_page_that_shows_everything_says_how_many(library: Library) -> None:
    """However small the budget: what everybody can count is not about."""
    query = parse("name:12* all")
    before, library.database.exact_up_to = library.database.exact_up_to, 10
    try:
        with library.database.reading() as connection:
            page = reads.search(connection, query, limit=200)
            counts = reads.label_counts(connection, query)
    finally:
        library.database.exact_up_to = before
    assert (len(page.images), page.next, page.total, page.total_is_exact) == (100, None, 100, True)
    assert {each.name: each.count for each in counts} == {"All": 100, "Half": 50, "Third": 34}


def test_walking_all_pages_never_contradicts_the_total(library: Library) -> None:
    query, seen, cursor = parse("half"), 0, None
    with library.database.reading() as connection:
        while True:
            page = reads.search(connection, query, limit=200, cursor=cursor)
            seen += len(page.images)
            assert page.total >= len(page.images)
            cursor = page.next
            if cursor is None:
                break
    assert seen == 1500


@pytest.mark.parametrize("sort", ["newest", "oldest", "name"])
def test_a_picture_stands_about_where_it_stands(library: Library, sort: str) -> None:
    query = Query("", ())
    numbers = list(range(PICTURES)) if sort != "newest" else list(range(PICTURES))[::-1]
    exact = library.database.exact_up_to is None
    with library.database.reading() as connection:
        for place in (0, 100, BUDGET, 1_500, PICTURES - 2, PICTURES - 1):
            key = f"uploads/{numbers[place]:04}.jpg"
            record = reads.find_by_key(connection, key)
            assert record is not None
            beside = reads.neighbours(connection, query, None, sort, record.id)
            assert beside.position_is_exact == (exact or place <= BUDGET)
            assert beside.total_is_exact == exact
            if beside.position_is_exact:
                assert beside.position == place + 1
            assert near(beside.position, place + 1)
            assert near(beside.total, PICTURES)
            assert (beside.position == beside.total) == (beside.next is None)
            assert beside.position <= beside.total


def test_the_next_picture_of_a_label_added_meanwhile_is_counted(library: Library) -> None:
    """What was counted is remembered for the length of one look only."""
    query = parse("name:fresh*")
    with library.database.reading() as connection:
        assert reads.count(connection, query) == (0, True)
    info = ObjectInfo("uploads/fresh.jpg", 1, "fresh", START - timedelta(days=1))
    document = read_document(b'[{"Name":"All","Confidence":90}]')
    row = document_row(info, info.key, document, "etag")
    library.database.write(lambda connection: writes.put_image(connection, row))
    try:
        with library.database.reading() as connection:
            assert reads.count(connection, query) == (1, True)
    finally:
        library.database.write(lambda connection: writes.remove_image(connection, info.key))


def test_only_servers_have_a_budget(library: Library) -> None:
    own = dialects.exact_up_to(library.database._engine)
    assert own == (None if library.database.uses_arrays else 2_000)


def test_a_sample_promises_three_digits() -> None:
    assert [rounded(each) for each in (0.4, 12.6, 1234, 187_345.2)] == [0, 13, 1230, 187_000]


def test_a_small_sample_promises_two() -> None:
    assert samples.Sample(100, 0.09).total == (1100, False)
    assert samples.Sample(2000, 0.09).total == (22_200, False)
