"""What every catalog must answer: the same as a plain-Python filter over the documents."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import reads, sample_sql, samples, writes
from catalog.database import Database
from catalog.document import fold_name
from catalog.errors import InvalidCursorError
from catalog.indexer import Indexer
from catalog.keys import image_id, metadata_key, trash_key
from catalog.query import (
    COLORS,
    AfterTerm,
    Atom,
    BeforeTerm,
    Clause,
    ColorTerm,
    LabelTerm,
    NameTerm,
    PrefixTerm,
    Query,
    StateTerm,
    TypeTerm,
)
from catalog.sources import read_picture
from tests.dsql_rules import DsqlRules
from tests.memory_store import MemoryStore
from tests.postgres import Cluster
from tests.reference_catalog import Picture, ReferenceCatalog, Seen

SORTS = ["newest", "oldest", "taken", "name", "confidence"]
START = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = ["Dog", "dog", "Hot Dog", "Straße", "STRASSE", "Éclair", "100%", "a_b", "Cat", "\U0001f600"]
CONFIDENCES = [0.0, 30.0, 59.999, 60.0, 69.9999, 70.0, 89.996, 90.0, 90.004, 90.00001, 99.5, 100.0]
PATHS = ["a.jpg", "a/b.jpg", "2026/11/IMG_20.JPG", "2026/1/x%y.heic", "Ünï.png", "a\\b.gif", "z"]
FORMATS = {"jpg": "jpeg", "heic": "heic", "png": "png", "gif": "gif", "z": "z"}

confidences = st.sampled_from(CONFIDENCES) | st.floats(0, 100)
moments = st.sampled_from([START + timedelta(hours=n) for n in range(4)]) | st.timedeltas(
    timedelta(days=-400), timedelta(days=400)
).map(lambda apart: START + apart)
seen = st.builds(
    Seen, st.sampled_from(NAMES), confidences, st.lists(st.sampled_from(NAMES), max_size=2)
)


@st.composite
def pictures(draw: st.DrawFn) -> Picture:
    path = draw(st.sampled_from(PATHS))
    number = draw(st.integers(0, 3))
    key = f"uploads/{number}{path}" if number else f"uploads/{path}"
    status = draw(st.sampled_from(["tagged", "tagged", "tagged", "failed", "pending"]))
    leaf = key.rsplit("/", 1)[1]
    picture = Picture(
        key,
        leaf,
        status,
        draw(moments),
        trash=draw(st.sampled_from(["", "", "", "trash/20260101T000000Z-0000000a/"])),
        format=FORMATS[leaf.rsplit(".")[-1].lower().strip("0123456789")],
    )
    if status != "pending":
        picture.name = draw(st.sampled_from([leaf, "Cute dog.JPG", "100%_ÉTÉ.png", "x\\y"]))
        picture.taken_at = draw(st.sampled_from(["", "2020-01-01T00:00:00", "2021-05-05T05:05:05"]))
        found = draw(st.lists(seen, max_size=4, unique_by=lambda s: s.name.casefold()))
        picture.labels = found
        picture.colors = draw(st.dictionaries(st.sampled_from(COLORS), st.floats(0, 100)))
        picture.edited = draw(st.booleans())
    return picture


libraries = st.lists(pictures(), max_size=14, unique_by=lambda p: p.identity)
bounded = st.none() | confidences
atoms: st.SearchStrategy[Atom] = st.one_of(
    st.builds(
        LabelTerm, st.sampled_from([*NAMES, "DOG", "strasse", "None such"]), st.just(False),
        bounded, st.booleans(), bounded, st.booleans(),
    ),
    st.builds(LabelTerm, st.sampled_from(["d", "D", "st", "100", "a", ""]), st.just(True)),
    st.builds(LabelTerm, st.sampled_from(["dog", "cat", "straße"])),
    st.builds(
        StateTerm, st.sampled_from(["failed", "pending", "unlabelled", "edited", "trashed"])
    ),
    st.builds(NameTerm, st.sampled_from(["*", "a.jpg", "*dog*", "100%_*", "*É*", "x\\y", "a_*"])),
    st.builds(PrefixTerm, st.sampled_from(["", "a", "a/", "2026/1", "2026/11", "Ü"])),
    st.builds(TypeTerm, st.sampled_from(["jpeg", "heic", "gif"])),
    st.builds(ColorTerm, st.sampled_from(COLORS)),
    st.builds(AfterTerm, moments),
    st.builds(BeforeTerm, moments),
)  # fmt: skip
queries = st.lists(
    st.builds(
        Clause, st.lists(atoms, min_size=1, max_size=3).map(tuple), st.booleans(),
        st.just(0), st.just(0),
    ),
    max_size=3,
).map(lambda clauses: Query("", tuple(clauses)))  # fmt: skip
minimums = st.none() | st.sampled_from([0.0, 60.0, 70.0, 90.0, 100.0]) | confidences


def label(name: str, low: float | None = None, **more: object) -> Query:
    return every(LabelTerm(name, False, low, **more))  # type: ignore[arg-type]


def every(*terms: Atom) -> Query:
    return Query("", tuple(Clause((term,), False, 0, 0) for term in terms))


def document_of(picture: Picture) -> bytes:
    """Write the document as the tagger would; what people removed is in it too."""
    labels = [
        {"Name": s.name, "Confidence": s.confidence, "Aliases": [{"Name": a} for a in s.aliases]}
        for s in picture.labels
    ]
    removed = []
    if picture.edited:
        labels.append({"Name": "Wolf", "Confidence": 99.0})
        removed = [{"Name": "wolf", "By": "", "At": ""}]
    colors = [
        {"HexCode": "#112233", "CSSColor": "", "SimplifiedColor": name, "PixelPercent": share}
        for name, share in picture.colors.items()
    ]
    return json.dumps(
        {
            "SchemaVersion": 1,
            "Image": {
                "Name": picture.name,
                "UploadedAt": picture.uploaded_at.isoformat().replace("+00:00", "Z"),
                "TakenAt": picture.taken_at,
            },
            "Tagging": {"Status": picture.status, "Error": None},
            "Labels": labels,
            "ImageProperties": {"DominantColors": colors},
            "Edits": {"Added": [], "Removed": removed},
        }
    ).encode()


def put(store: MemoryStore, picture: Picture) -> None:
    """Put a picture with its document into the store."""

    def place(key: str) -> str:
        return trash_key(picture.trash, key) if picture.trash else key

    store.modified = picture.uploaded_at
    store.put(place(picture.key), picture.key.encode())
    if picture.status != "pending":
        store.put(place(metadata_key(picture.key)), document_of(picture))


def fill(database: Database, library: list[Picture]) -> None:
    """Make the catalog hold exactly this library, and nothing from before."""
    Indexer(MemoryStore(), database).reindex()
    update(database, library)


def update(database: Database, library: list[Picture]) -> None:
    """Bring the catalog in step with a library that has become this one."""
    store = MemoryStore()
    for picture in library:
        put(store, picture)
    Indexer(store, database).reindex()


def identities(images: list[reads.ImageRecord]) -> list[tuple[str, str]]:
    return [(each.key, each.trash) for each in images]


@pytest.fixture(scope="module", params=["arrays", "sql", "postgresql", "dsql"])
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A catalog on each engine; on SQLite with and without arrays in memory.

    Aurora DSQL itself runs nowhere else: what it is sent goes to PostgreSQL, and is checked.
    """
    if request.param in ("arrays", "sql"):
        path: Path = tmp_path_factory.mktemp("catalog") / "catalog.sqlite"
        opened = Database.open(f"sqlite:///{path}")
        opened.uses_arrays = request.param == "arrays"
        yield opened
        opened.close()
        return
    cluster: Cluster = request.getfixturevalue("postgres")
    # A database may sort as people do; the catalog must not.
    language = "de" if request.param == "postgresql" else ""
    url = cluster.create(f"contract_{request.param}", language=language)
    rules = DsqlRules()
    opened = Database.open(url) if request.param == "postgresql" else rules.open(url)
    rules.watch(opened)
    yield opened
    opened.close()
    assert rules.broken == []


everything = settings(max_examples=40)


@everything
@given(libraries, st.lists(st.tuples(queries, minimums), min_size=1, max_size=5), st.data())
def test_answers_what_a_filter_over_the_documents_answers(
    database: Database,
    library: list[Picture],
    asked: list[tuple[Query, float | None]],
    data: st.DataObject,
) -> None:
    fill(database, library)
    reference = ReferenceCatalog(library)
    with database.reading() as connection:
        for query, minimum in asked:
            for sort in SORTS:
                expected = [p.identity for p in reference.search(query, minimum, sort)]
                page = reads.search(connection, query, min=minimum, sort=sort, limit=200)
                assert identities(page.images) == expected, sort
                assert (page.total, page.next) == (len(expected), None)
            counts = reads.label_counts(connection, query, min=minimum, limit=1000)
            found = {reads_fold(each.name): each.count for each in counts}
            assert found == reference.counts(query, minimum)
            assert counts == sorted(counts, key=lambda each: (-each.count, each.name))
            some = reads.label_counts(connection, query, min=minimum, prefix="D", limit=1000)
            found = {reads_fold(each.name): each.count for each in some}
            assert found == reference.counts(query, minimum, "D")
            assert reads.confidence_histogram(connection, query) == reference.histogram(query)


@everything
@given(libraries, queries, minimums, st.sampled_from([0, 25]), st.sampled_from([1, 6_000]))
def test_counts_need_no_page_however_they_are_found(
    database: Database,
    library: list[Picture],
    query: Query,
    minimum: float | None,
    read_at_once: int,
    looked_into: int,
) -> None:
    """A server that has looked into few pictures looks into all where it has found too little."""
    fill(database, library)
    reference = ReferenceCatalog(library)
    with (
        patch.object(sample_sql, "READ_AT_ONCE", read_at_once),
        patch.object(samples, "LOOKED_INTO", looked_into),
        database.reading() as connection,
    ):
        total = reads.count(connection, query, min=minimum)
        counts = reads.label_counts(connection, query, min=minimum, limit=1000)
        some = reads.label_counts(connection, query, min=minimum, prefix="D", limit=1000)
        histogram = reads.confidence_histogram(connection, query)
    assert total == (len(reference.search(query, minimum, "newest")), True)
    assert {reads_fold(c.name): c.count for c in counts} == reference.counts(query, minimum)
    assert {reads_fold(c.name): c.count for c in some} == reference.counts(query, minimum, "D")
    assert histogram == reference.histogram(query)


def reads_fold(name: str) -> str:
    return fold_name(name)


@everything
@given(libraries, queries, minimums, st.sampled_from(SORTS), st.integers(1, 4))
def test_pages_follow_each_other_without_gap_or_repetition(
    database: Database,
    library: list[Picture],
    query: Query,
    minimum: float | None,
    sort: str,
    limit: int,
) -> None:
    fill(database, library)
    expected = [p.identity for p in ReferenceCatalog(library).search(query, minimum, sort)]
    found: list[tuple[str, str]] = []
    cursor = None
    with database.reading() as connection:
        while True:
            page = reads.search(
                connection, query, min=minimum, sort=sort, limit=limit, cursor=cursor
            )
            found += identities(page.images)
            cursor = page.next
            if cursor is None:
                break
    assert found == expected


@everything
@given(libraries, queries, minimums, st.sampled_from(SORTS))
def test_neighbours_are_those_on_the_page(
    database: Database, library: list[Picture], query: Query, minimum: float | None, sort: str
) -> None:
    library = list({picture.key: picture for picture in library}.values())
    fill(database, library)
    found = ReferenceCatalog(library).search(query, minimum, sort)
    ids = [image_id(picture.key) for picture in found]
    with database.reading() as connection:
        for place, each in enumerate(ids):
            beside = reads.neighbours(connection, query, minimum, sort, each)
            before = ids[place - 1] if place else None
            after = ids[place + 1] if place + 1 < len(ids) else None
            assert beside == (before, after, place + 1, len(ids), True, True)
        for picture in library:
            if image_id(picture.key) not in ids:
                missing = reads.neighbours(connection, query, minimum, sort, image_id(picture.key))
                assert missing == (None, None, 0, len(ids), True, True)


@everything
@given(libraries, libraries, st.sampled_from(SORTS), st.integers(1, 4))
def test_pages_skip_no_picture_that_stays_while_others_come_and_go(
    database: Database, first: list[Picture], later: list[Picture], sort: str, limit: int
) -> None:
    known = {picture.identity: picture for picture in first}
    later = [known.get(picture.identity, picture) for picture in later]
    staying = set(known) & {picture.identity for picture in later}
    query = Query("", ())
    fill(database, first)
    with database.reading() as connection:
        page = reads.search(connection, query, sort=sort, limit=limit)
    found = identities(page.images)
    update(database, later)
    while page.next:
        with database.reading() as connection:
            page = reads.search(connection, query, sort=sort, limit=limit, cursor=page.next)
        found += identities(page.images)
    assert len(found) == len(set(found))
    assert {each for each in staying if not each[1]} <= set(found)


def test_a_cursor_belongs_to_its_search(database: Database) -> None:
    fill(database, [Picture(f"uploads/{n}.jpg", "x", "pending", START) for n in range(3)])
    with database.reading() as connection:
        cursor = reads.search(connection, Query("", ()), limit=1).next
        assert cursor is not None
        for query, minimum, sort in [
            (label("dog"), None, "newest"),
            (Query("", ()), 50.0, "newest"),
            (Query("", ()), None, "oldest"),
        ]:
            with pytest.raises(InvalidCursorError):
                reads.search(connection, query, min=minimum, sort=sort, cursor=cursor)


@given(st.text(max_size=40) | st.binary(max_size=40).map(lambda b: b.hex()))
def test_a_made_up_cursor_is_refused(database: Database, cursor: str) -> None:
    with database.reading() as connection, pytest.raises(InvalidCursorError):
        reads.search(connection, Query("", ()), cursor=cursor)


def test_a_rolled_back_write_leaves_no_label_behind(database: Database) -> None:
    store = MemoryStore()
    put(store, Picture("uploads/a.jpg", "a.jpg", "tagged", START, labels=[Seen("Zebra", 99.0)]))
    source = read_picture(store, "uploads/a.jpg")
    assert source is not None
    with pytest.raises(RuntimeError), database.writing() as connection:
        writes.put_image(connection, source.row())
        raise RuntimeError
    Indexer(store, database).index("uploads/a.jpg")
    with database.reading() as connection:
        assert reads.search(connection, label("zebra")).total == 1


ODD = [
    "Rock 'n' \"Roll\"", "50%", "a_c", "*", "\\", "; DROP TABLE image; --", "שלום \u202e عالم",
    "x" * 1000, "e\u0301", "\U0001f600" * 400,
]  # fmt: skip


def test_odd_labels_and_very_many_of_them(database: Database) -> None:
    """A picture of 990 labels, one of none, labels of every kind, and questions to match."""
    many = [Seen(f"Many {number:03}", 90.0) for number in range(990)]
    library = [
        Picture("uploads/many.jpg", "many.jpg", "tagged", START, labels=many),
        Picture("uploads/none.jpg", "none.jpg", "tagged", START),
        *[
            Picture(f"uploads/{n}.jpg", f"{n}.jpg", "tagged", START, labels=[Seen(name, 80.0)])
            for n, name in enumerate(ODD)
        ],
    ]
    fill(database, library)
    reference = ReferenceCatalog(library)
    asked = [
        *[label(name) for name in ODD],
        *[every(LabelTerm(name[:1], True)) for name in ODD],
        every(LabelTerm("many", True)),
        every(*[LabelTerm(f"Many {number:03}") for number in range(50)]),
        Query("", tuple(Clause((LabelTerm(f"Many {n:03}"),), True, 0, 0) for n in range(50))),
        Query("", (Clause(tuple(LabelTerm(name) for name in ODD * 5), False, 0, 0),)),
        label("Many 007", -5.0), label("Many 007", 100.5), label("50%", 1e300),
        every(NameTerm("*%*")), every(NameTerm("_.jpg")), every(PrefixTerm("' OR 1=1")),
    ]  # fmt: skip
    with database.reading() as connection:
        for query in asked:
            for minimum in (None, 85.0, -1.0, 1000.0):
                expected = [p.identity for p in reference.search(query, minimum, "name")]
                page = reads.search(connection, query, min=minimum, sort="name", limit=200)
                assert (identities(page.images), page.total) == (expected, len(expected))
                counts = reads.label_counts(connection, query, min=minimum, limit=2000)
                found = {fold_name(each.name): each.count for each in counts}
                assert found == reference.counts(query, minimum)


def test_more_pictures_than_one_statement_takes(database: Database) -> None:
    """The last here: PostgreSQL is slower for all that follows, until it has cleared away."""
    library = [
        Picture(f"uploads/{n:05}.jpg", f"{n:05}.jpg", "tagged", START + timedelta(seconds=n % 7),
                labels=[Seen("Dog", n / 15)])
        for n in range(1500)
    ]  # fmt: skip
    fill(database, library)
    with database.reading() as connection:
        assert reads.search(connection, label("dog", 40.0)).total == sum(
            n / 15 >= 40 for n in range(1500)
        )
        keys = [picture.key for picture in library]
        assert list(reads.statuses(connection, keys)) == keys
    fill(database, library[:700])
    with database.reading() as connection:
        assert reads.search(connection, Query("", ())).total == 700
