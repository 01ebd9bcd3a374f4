"""Documents become rows, in any order and any number of events."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, select

from catalog import reads
from catalog.clock import utc_now
from catalog.database import Database
from catalog.discards import out_of_step
from catalog.document import Thumbnail
from catalog.indexer import Indexer
from catalog.keys import image_id, metadata_key, thumbnail_key, trash_folder, trash_key
from catalog.query import parse
from catalog.schema import image, image_label
from catalog.storage import ObjectInfo
from catalog.storage.changes import ObjectChange
from tests.memory_store import DAY_ONE, MemoryStore

KEY = "uploads/2026/11/cute_dog-3fa9c1d2.jpg"
SHA256 = hashlib.sha256(b"picture").hexdigest()
FOLDER = "trash/20261122T160456Z-3fa9c1d2/"
OTHER_FOLDER = "trash/20261123T160456Z-3fa9c1d2/"


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(f"sqlite:///{tmp_path}/catalog.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def indexer(store: MemoryStore, database: Database) -> Indexer:
    return Indexer(store, database)


def document(*labels: tuple[str, float], **parts: Any) -> bytes:
    whole = {
        "SchemaVersion": 1,
        "Image": {"Name": "cute dog.jpg", "UploadedAt": "2026-11-22T16:04:56Z"},
        "Tagging": {"Status": "tagged"},
        "Labels": [{"Name": name, "Confidence": confidence} for name, confidence in labels],
    }
    return json.dumps(whole | parts).encode()


def row(database: Database, key: str = KEY) -> reads.ImageRecord | None:
    with database.reading() as connection:
        return reads.find_by_key(connection, key)


def there(database: Database, key: str = KEY) -> reads.ImageRecord:
    found = row(database, key)
    assert found is not None
    return found


def found(database: Database, text: str) -> list[str]:
    with database.reading() as connection:
        return [each.key for each in reads.search(connection, parse(text)).images]


def test_a_document_becomes_a_record(
    store: MemoryStore, database: Database, indexer: Indexer
) -> None:
    picture = store.put(KEY, b"picture")
    about = store.put(
        metadata_key(KEY),
        document(
            ("Dog", 98.31),
            ("Cat", 99.5),
            Image={
                "Name": "cute dog.jpg", "ContentType": "image/jpeg", "Size": 7, "SHA256": SHA256,
                "Width": 4032, "Height": 3024, "UploadedAt": "2026-11-22T16:04:56Z",
                "TakenAt": "2026-11-21T09:12:03", "Camera": "Example",
            },
            Thumbnails=[{"Key": "thumbs/x/320.webp", "Width": 320, "Height": 240}],
            ImageProperties={
                "DominantColors": [
                    {"HexCode": "#A1B2C3", "SimplifiedColor": "blue", "PixelPercent": 41.5}
                ]
            },
        ),
    )  # fmt: skip
    indexer.index(KEY)
    assert there(database) == reads.ImageRecord(
        id=image_id(KEY),
        key=KEY,
        name="cute dog.jpg",
        status="tagged",
        error_code="",
        error_message="",
        content_type="image/jpeg",
        size=7,
        width=4032,
        height=3024,
        uploaded_at=datetime(2026, 11, 22, 16, 4, 56, tzinfo=UTC),
        taken_at="2026-11-21T09:12:03",
        camera="Example",
        sha256=SHA256,
        etag=picture.etag,
        document_etag=about.etag,
        thumbnails=[Thumbnail("thumbs/x/320.webp", 320, 240)],
        color="#a1b2c3",
        labels=[("Cat", 99.5), ("Dog", 98.31)],
    )
    with database.reading() as connection:
        assert reads.find_by_sha256(connection, SHA256) == there(database)
        assert reads.find_by_sha256(connection, "") is None
        assert reads.get_image(connection, image_id(KEY)) == there(database)


def test_a_label_that_others_imply_knows_how_sure_the_surest_of_them_is(
    store: MemoryStore, database: Database, indexer: Indexer
) -> None:
    def label(name: str, confidence: float, *parents: str) -> dict[str, object]:
        named = [{"Name": parent} for parent in parents]
        return {"Name": name, "Confidence": confidence, "Parents": named}

    store.put(KEY, b"picture")
    seen = [
        label("Animal", 95.0),
        label("Cat", 93.5, "animal", "Feline", "Cat"),
        label("Egyptian Cat", 51.0, "Cat", "Animal"),
    ]
    store.put(metadata_key(KEY), document(Labels=seen))
    indexer.index(KEY)
    record = there(database)
    assert record.labels == [("Animal", 95.0), ("Cat", 93.5), ("Egyptian Cat", 51.0)]
    assert record.implied == {"Animal": 93.5, "Cat": 51.0}


def test_the_same_bytes_are_found_under_their_other_keys(
    store: MemoryStore, indexer: Indexer
) -> None:
    twins = [KEY, "uploads/2026/12/twin.jpg", "uploads/2026/13/pending.jpg"]
    for key in twins:
        store.put(key, b"picture")
    facts = {"SHA256": SHA256, "UploadedAt": "2026-11-22T16:04:56Z"}
    for key in twins[:2]:
        store.put(metadata_key(key), document(("Dog", 98.3), Image=facts))
    for key in twins:
        indexer.mark_pending(key, sha256=SHA256)
    assert indexer.same_bytes(SHA256) == twins[:2]
    assert indexer.same_bytes("cd" * 32) == indexer.same_bytes("") == []


def test_a_picture_is_found_by_the_bytes_that_it_has_whatever_its_document_says(
    store: MemoryStore, database: Database, indexer: Indexer
) -> None:
    def known_by(sha256: str) -> str:
        with database.reading() as connection:
            record = reads.find_by_sha256(connection, sha256)
        return record.key if record else ""

    before = store.put(KEY, b"picture").etag  # the SHA-256, as in a folder
    store.put(metadata_key(KEY), document(("Dog", 90), Image={"SHA256": before}))
    indexer.index(KEY)
    assert known_by(before) == KEY
    now = store.put(KEY, b"another picture").etag
    indexer.index(KEY)
    assert (known_by(before), known_by(now)) == ("", "")  # it is to be tagged again
    store.put(metadata_key(KEY), b"{no JSON")
    indexer.index(KEY)
    assert (known_by(before), known_by(now)) == ("", KEY)


def test_it_is_known_which_document_a_row_was_written_from(
    store: MemoryStore, indexer: Indexer
) -> None:
    assert indexer.document_etag(KEY) is None
    store.put(KEY, b"picture")
    indexer.index(KEY)
    assert indexer.document_etag(KEY) == ""
    about = store.put(metadata_key(KEY), document(("Dog", 98.3)))
    indexer.index(KEY)
    assert indexer.document_etag(KEY) == about.etag


def test_a_picture_without_document_waits(
    store: MemoryStore, database: Database, indexer: Indexer
) -> None:
    store.put(KEY, b"picture")
    indexer.index(KEY)
    assert (there(database).status, there(database).uploaded_at) == ("pending", DAY_ONE)
    assert there(database).name == "cute_dog-3fa9c1d2.jpg"
    assert found(database, "is:pending type:jpg") == [KEY]


def test_a_picture_keeps_its_place_when_its_document_comes(
    store: MemoryStore, database: Database, indexer: Indexer
) -> None:
    store.modified = DAY_ONE.replace(microsecond=987_654)
    store.put(KEY, b"picture")
    indexer.index(KEY)
    assert there(database).uploaded_at == DAY_ONE


def test_the_name_of_a_waiting_picture_is_kept(
    store: MemoryStore, database: Database, indexer: Indexer
) -> None:
    store.put(KEY, b"picture")
    assert indexer.name_of(KEY) == ""
    indexer.mark_pending(KEY, name="cute dog.jpg", sha256=SHA256, size=7)
    indexer.mark_pending(KEY)
    indexer.index(KEY)
    assert (indexer.name_of(KEY), there(database).sha256) == ("cute dog.jpg", SHA256)
    store.put(metadata_key(KEY), b'["Dog"]')
    indexer.index(KEY)
    assert (there(database).name, there(database).status) == ("cute dog.jpg", "tagged")


def test_waiting_never_hides_a_document(
    store: MemoryStore, database: Database, indexer: Indexer
) -> None:
    store.put(KEY, b"picture")
    store.put(metadata_key(KEY), document(("Dog", 90)))
    indexer.mark_pending(KEY, name="late")
    assert there(database).status == "tagged"


def test_a_senseless_document_is_a_failure_with_its_reason(
    store: MemoryStore, database: Database, indexer: Indexer
) -> None:
    store.put(KEY, b"picture")
    store.put(metadata_key(KEY), b"{")
    indexer.index(KEY)
    assert there(database).status == "failed"
    assert there(database).error_message
    assert found(database, "is:failed") == [KEY]


def test_a_picture_that_is_gone_is_not_shown(
    store: MemoryStore, database: Database, indexer: Indexer
) -> None:
    store.put(KEY, b"picture")
    store.put(metadata_key(KEY), document(("Dog", 90)))
    indexer.index(KEY)
    store.delete(KEY)
    indexer.index(KEY)
    indexer.index(KEY)
    indexer.mark_pending(KEY)
    assert row(database) is None
    with database.reading() as connection:
        assert connection.execute(select(image_label)).all() == []
        assert reads.label_counts(connection, parse("")) == []


@pytest.mark.parametrize("left", [[metadata_key(KEY)], [thumbnail_key(KEY, 320)], []])
@pytest.mark.parametrize("way", ["index", "index_many", "mark_pending", "reindex"])
def test_who_forgets_a_picture_that_left_something_says_so_once_before(
    store: MemoryStore, database: Database, left: list[str], way: str
) -> None:
    told = []

    def hear(change: ObjectChange) -> None:
        assert there(database).key == KEY, "stopped here, the row would be the trace of it"
        told.append(change)

    indexer = Indexer(store, database, hear)
    store.put(KEY, b"picture")
    indexer.index(KEY)
    for key in left:
        store.put(key, document(("Dog", 90)))
    store.delete(KEY)
    for _ in range(2):
        if way == "reindex":
            indexer.reindex()
        else:
            getattr(indexer, way)([KEY] if way == "index_many" else KEY)
    assert row(database) is None
    assert told == [ObjectChange("ObjectRemoved:Delete", KEY)] * len(left)


@pytest.mark.parametrize("key", ["metadata/a.json", "thumbs/a", "uploads/", "uploads/a/", "x"])
def test_what_is_no_picture_is_ignored(
    store: MemoryStore, database: Database, indexer: Indexer, key: str
) -> None:
    indexer.index(key)
    indexer.mark_pending(key)
    assert row(database, key) is None


def test_a_label_that_vanished_is_found_no_more(
    store: MemoryStore, database: Database, indexer: Indexer
) -> None:
    store.put(KEY, b"picture")
    store.put(metadata_key(KEY), document(("Dog", 90), ("Cat", 80)))
    indexer.index(KEY)
    store.put(metadata_key(KEY), document(("Cat", 80)))
    indexer.index(KEY)
    assert (found(database, "dog"), found(database, "cat")) == ([], [KEY])
    with database.reading() as connection:
        counts = reads.label_counts(connection, parse(""))
    assert counts == [reads.LabelCount("Cat", 1, "")]


def test_corrections_count(store: MemoryStore, database: Database, indexer: Indexer) -> None:
    edits = {"Added": [{"Name": "Rex", "By": "", "At": ""}], "Removed": [{"Name": "WOLF"}]}
    store.put(KEY, b"picture")
    store.put(metadata_key(KEY), document(("Dog", 90), ("Wolf", 95), Edits=edits))
    indexer.index(KEY)
    assert found(database, "rex>=100 is:edited -wolf") == [KEY]
    with database.reading() as connection:
        counts = reads.label_counts(connection, parse(""), min=100.0)
    assert counts == [reads.LabelCount("Rex", 1, "")]


def test_all_spellings_are_one_label(
    store: MemoryStore, database: Database, indexer: Indexer
) -> None:
    for number, name in enumerate(["STRASSE", "straße", "Straße", "strasse"]):
        store.put(f"uploads/{number}.jpg", b"picture")
        store.put(f"metadata/{number}.jpg.json", document((name, 90)))
        indexer.index(f"uploads/{number}.jpg")
    assert len(found(database, "strasse")) == 4
    with database.reading() as connection:
        assert reads.label_counts(connection, parse("")) == [reads.LabelCount("Straße", 4, "")]


def test_thresholds_are_exact(store: MemoryStore, database: Database, indexer: Indexer) -> None:
    for confidence in (90, 90.004, 89.999999999):
        store.put(f"uploads/{confidence}.jpg", b"picture")
        store.put(f"metadata/{confidence}.jpg.json", document(("Dog", confidence)))
        indexer.index(f"uploads/{confidence}.jpg")
    assert found(database, "dog>90") == ["uploads/90.004.jpg"]
    assert sorted(found(database, "dog>=90")) == ["uploads/90.004.jpg", "uploads/90.jpg"]
    assert found(database, "dog<90") == ["uploads/89.999999999.jpg"]


@pytest.mark.parametrize("name", ['O\'Neil "x"', "100%", "a_b", "x\x00y", "שלום", "n" * 1000])
def test_any_name_can_be_a_label(
    store: MemoryStore, database: Database, indexer: Indexer, name: str
) -> None:
    store.put(KEY, b"picture")
    store.put(metadata_key(KEY), document((name, 90), Image={"Name": name}))
    indexer.index(KEY)
    with database.reading() as connection:
        (count,) = reads.label_counts(connection, parse(""), prefix=name[:3])
    assert count.name.replace("\ufffd", "\x00") == name


@pytest.mark.parametrize("many", [False, True])
def test_a_document_that_changes_while_it_is_indexed(database: Database, many: bool) -> None:
    class Changing(MemoryStore):
        changes = 3

        def read(self, key: str) -> tuple[bytes, ObjectInfo]:
            found = super().read(key)
            if self.changes:
                self.changes -= 1
                self.put(key, document(("Cat", 90 + self.changes)))
            return found

    store = Changing()
    store.put(KEY, b"picture")
    store.put(metadata_key(KEY), document(("Dog", 90)))
    indexer = Indexer(store, database)
    indexer.index_many([KEY]) if many else indexer.index(KEY)
    assert there(database).labels == [("Cat", 90)]
    assert there(database).document_etag == store.head(metadata_key(KEY)).etag


def test_the_same_document_twice_writes_once(
    store: MemoryStore, database: Database, indexer: Indexer
) -> None:
    store.put(KEY, b"picture")
    store.put(metadata_key(KEY), document(("Dog", 90)))
    indexer.index(KEY)
    with _written(database) as statements:
        indexer.index(KEY)
    assert statements == []


class _written:  # noqa: N801 - used like a function
    """The INSERT and DELETE statements sent meanwhile."""

    def __init__(self, database: Database) -> None:
        self._engine = database._engine
        self.statements: list[str] = []

    def _note(self, _c: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("SELECT", "BEGIN")):
            self.statements.append(statement)

    def __enter__(self) -> list[str]:
        event.listen(self._engine, "before_cursor_execute", self._note)
        return self.statements

    def __exit__(self, *_error: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._note)


def _to_trash(store: MemoryStore, folder: str, labels: bytes) -> None:
    store.put(trash_key(folder, KEY), b"picture")
    store.put(trash_key(folder, metadata_key(KEY)), labels)


def test_the_trash_holds_a_key_as_often_as_it_was_deleted(
    store: MemoryStore, database: Database, indexer: Indexer
) -> None:
    _to_trash(store, FOLDER, document(("Dog", 90)))
    _to_trash(store, OTHER_FOLDER, document(("Cat", 90)))
    for folder in (FOLDER, OTHER_FOLDER):
        indexer.index_trash(folder)
    with database.reading() as connection:
        page = reads.search(connection, parse("is:trashed"))
        latest = reads.get_image(connection, image_id(KEY))
    assert [(each.key, each.trash) for each in page.images] == [(KEY, FOLDER), (KEY, OTHER_FOLDER)]
    assert latest is not None
    assert latest.trash == OTHER_FOLDER
    assert latest.deleted_at == datetime(2026, 11, 23, 16, 4, 56, tzinfo=UTC)
    assert found(database, "is:trashed dog") == [KEY]
    assert found(database, "dog") == []
    store.put(KEY, b"picture")
    indexer.index(KEY)
    with database.reading() as connection:
        live = reads.get_image(connection, image_id(KEY))
    assert live is not None
    assert live.trash == ""
    for key in list(store.objects):
        if key.startswith(OTHER_FOLDER):
            store.delete(key)
    indexer.index_trash(OTHER_FOLDER)
    assert found(database, "is:trashed") == [KEY]


def test_what_is_in_the_trash_of_a_key_is_known_without_listing_it(
    store: MemoryStore, database: Database, indexer: Indexer
) -> None:
    indexer.reindex()
    _to_trash(store, FOLDER, document(("Dog", 90)))
    store.put(trash_key(OTHER_FOLDER, metadata_key(KEY)), document(("Cat", 90)))
    for folder in (FOLDER, OTHER_FOLDER):
        indexer.index_trash(folder)
    listed: list[str] = []
    store.list = lambda prefix, after="": listed.append(prefix) or iter(())  # type: ignore
    assert indexer.trashed(KEY) == [OTHER_FOLDER, FOLDER]
    assert indexer.trashed("uploads/other.jpg") == []
    assert listed == []


def test_a_folder_of_the_trash_is_known_before_it_is_filled(
    store: MemoryStore, database: Database, indexer: Indexer
) -> None:
    indexer.reindex()
    moving = trash_folder(utc_now(), "00000001")
    indexer.note_trash(KEY, moving)
    indexer.index_trash(moving)  # who compares sees it empty, which it may not be for long
    assert indexer.trashed(KEY) == [moving]
    assert out_of_step(store, database) == []
    indexer.note_trash(KEY, FOLDER)
    assert out_of_step(store, database) == [FOLDER]
    indexer.index_trash(FOLDER)
    assert indexer.trashed(KEY) == [moving]


def test_while_the_catalog_is_filled_the_store_tells_what_is_in_the_trash(
    store: MemoryStore, database: Database, indexer: Indexer
) -> None:
    _to_trash(store, FOLDER, document(("Dog", 90)))
    database.set_needs_reindex(True)
    assert indexer.trashed(KEY) == [FOLDER]
    assert out_of_step(store, database) == [FOLDER]
    indexer.reindex()
    assert out_of_step(store, database) == []
    assert indexer.trashed(KEY) == [FOLDER]


def test_a_key_too_long_for_the_trash_is_told_by_its_document(
    store: MemoryStore, database: Database, indexer: Indexer
) -> None:
    key = "uploads/" + "/".join(["d" * 200] * 5)
    store.put(trash_key(FOLDER, key), b"picture")
    store.put(trash_key(FOLDER, metadata_key(key)), document(Image={"Key": key}))
    indexer.index_trash(FOLDER)
    assert found(database, "is:trashed") == [key]
    database.set_needs_reindex(False)
    assert indexer.trashed(key) == [FOLDER]
    assert indexer.trashed(KEY) == []


def _library(store: MemoryStore, count: int) -> None:
    for number in range(count):
        store.modified = DAY_ONE + timedelta(minutes=number)
        store.put(f"uploads/{number}.jpg", str(number).encode())
        if number % 10:
            store.put(
                f"metadata/{number}.jpg.json", document((f"Label {number % 7}", number % 100))
            )
    _to_trash(store, FOLDER, document(("Dog", 90)))


def _content(database: Database) -> list[tuple[Any, ...]]:
    columns = [column for column in image.columns if column.name != "id"]
    with database.reading() as connection:
        query = select(*columns).order_by(image.c.key, image.c.trash)
        return [tuple(each) for each in connection.execute(query)]


def test_reindex_makes_the_same_catalog_as_the_events(
    store: MemoryStore, database: Database, indexer: Indexer, tmp_path: Path
) -> None:
    _library(store, 50)
    for key in list(store.objects):
        indexer.index(key)
    indexer.index_trash(FOLDER)
    other = Database.open(f"sqlite:///{tmp_path}/other.sqlite")
    told: list[tuple[int, int | None]] = []
    assert Indexer(store, other).reindex(lambda done, total: told.append((done, total))) == 51
    assert told[-1] == (51, 51)
    assert _content(other) == _content(database)
    assert indexer.reindex() == 51
    assert _content(other) == _content(database)
    other.close()


def test_many_at_once_become_the_same_rows_as_one_by_one(
    store: MemoryStore, database: Database, indexer: Indexer, tmp_path: Path
) -> None:
    _library(store, 20)
    pictures = sorted(key for key in store.objects if key.startswith("uploads/"))
    gone, waiting, senseless, fresh = pictures[:4]
    other = Database.open(f"sqlite:///{tmp_path}/other.sqlite")
    for each in (indexer, Indexer(store, other)):
        each.index(gone)
        each.mark_pending(waiting, name="my own name.jpg")
    del store.objects[gone], store.objects[metadata_key(waiting)]
    store.put(metadata_key(senseless), b"{no JSON")
    store.put(fresh, b"another picture")
    for key in pictures:
        indexer.index(key)
    Indexer(store, other).index_many([*pictures, "uploads/no picture.txt", pictures[5]])
    assert len(found(other, "")) == 19
    assert _content(other) == _content(database)
    other.close()


def test_reindex_forgets_what_is_gone(
    store: MemoryStore, database: Database, indexer: Indexer
) -> None:
    _library(store, 30)
    indexer.reindex()
    for key in list(store.objects):
        if "3" in key or key.startswith("trash/"):
            del store.objects[key]
    indexer.reindex()
    assert len(found(database, "")) == 27
    assert found(database, "is:trashed") == []


def test_an_interrupted_reindex_goes_on_where_it_stopped(
    store: MemoryStore, database: Database, indexer: Indexer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.reindex.BATCH", 10)
    monkeypatch.setattr("catalog.reindex.FIRST", [10, 10])
    _library(store, 50)

    def stop(done: int, _total: int | None) -> None:
        if done == 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        indexer.reindex(stop)
    assert database.needs_reindex
    store.reads = 0
    assert indexer.reindex() == 51
    assert store.reads <= 21
    assert len(found(database, "")) == 50
    assert not database.needs_reindex


def test_reindex_leaves_newer_rows_alone(
    store: MemoryStore, database: Database, indexer: Indexer
) -> None:
    """A document that is replaced and indexed while reindex holds the old one stays new."""

    class Meddling(MemoryStore):
        def read(self, key: str) -> tuple[bytes, ObjectInfo]:
            found = super().read(key)
            if key == metadata_key(KEY) and b"Dog" in found[0]:
                self.put(key, document(("Cat", 90)))
                Indexer(self, database).index(KEY)
            return found

    meddling = Meddling()
    meddling.put(KEY, b"picture")
    meddling.put(metadata_key(KEY), document(("Dog", 90)))
    Indexer(meddling, database).reindex()
    assert there(database).labels == [("Cat", 90)]
