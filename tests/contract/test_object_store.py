"""What every store does alike. A new store is one more entry in STORES."""

import hashlib
import io
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from catalog.errors import (
    InvalidKeyError,
    KeyTakenError,
    ObjectNotFoundError,
    PreconditionFailedError,
)
from catalog.storage import ObjectStore
from catalog.storage.folder import FolderStore
from catalog.storage.s3 import S3Store
from tests.fakes import MemoryStore

STORES: dict[str, Callable[[Path], ObjectStore]] = {
    "folder": lambda folder: FolderStore(folder / "library"),
    "memory": lambda _: MemoryStore(),
    "s3": lambda _: S3Store("set by the fixture"),
}

# In the order of their UTF-8 bytes; '-' < '.' < '/' < '0' is what a walk of folders gets wrong.
ORDERED = [
    "uploads/2026/11/b.jpg",
    "uploads/A.jpg",
    "uploads/a b+c%2F.jpg",
    "uploads/a-b",
    "uploads/a-b.jpg",
    "uploads/a.jpg",
    "uploads/a/b",
    "uploads/a/b-c/d",
    "uploads/a/b.c",
    "uploads/a0",
    "uploads/é.jpg",
    "uploads/ﬀ.jpg",
    "uploads/🐶.jpg",
]


@pytest.fixture(params=sorted(STORES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ObjectStore]:
    made = STORES[request.param](tmp_path)
    if isinstance(made, S3Store):
        made.bucket = request.getfixturevalue("s3_site").bucket
    yield made


def test_gives_back_what_was_put(store: ObjectStore) -> None:
    written = store.put("uploads/cute dog+1.jpg", b"woof", content_type="image/jpeg")
    content, read = store.read("uploads/cute dog+1.jpg")
    assert content == b"woof"
    assert read == store.head("uploads/cute dog+1.jpg")
    assert (written.key, written.size, written.etag) == (read.key, read.size, read.etag)
    assert read.size == 4
    assert read.modified.tzinfo is UTC
    assert abs(datetime.now(UTC) - read.modified) < timedelta(minutes=5)


@pytest.mark.parametrize("content", [b"", b"x", b"0123456789" * 300_000])
def test_takes_streams_and_gives_seekable_ones(store: ObjectStore, content: bytes) -> None:
    store.put("uploads/a", io.BytesIO(content))
    with store.open("uploads/a") as (file, info):
        assert file.read() == content
        assert file.seek(0) == 0
        assert file.read(5) == content[:5]
        assert info == store.head("uploads/a")


def test_takes_a_stream_from_where_it_stands(store: ObjectStore) -> None:
    stream = io.BytesIO(b"skipped-kept")
    stream.seek(8)
    store.put("uploads/a", stream)
    assert store.read("uploads/a")[0] == b"kept"


def test_an_etag_is_of_the_content(store: ObjectStore) -> None:
    first = store.put("uploads/a", b"one").etag
    second = store.put("uploads/a", b"two").etag
    assert first != second
    assert store.head("uploads/a").etag == second
    assert '"' not in first


@pytest.mark.parametrize("key", ["uploads/nothing", "uploads/no/folder/here"])
def test_what_is_not_there_is_not_found(store: ObjectStore, key: str) -> None:
    with pytest.raises(ObjectNotFoundError):
        store.head(key)
    with pytest.raises(ObjectNotFoundError):
        store.read(key)
    with pytest.raises(ObjectNotFoundError), store.open(key):
        pass
    with pytest.raises(ObjectNotFoundError):
        store.delete(key)
    with pytest.raises(ObjectNotFoundError):
        store.delete(key, if_match="x")
    with pytest.raises(ObjectNotFoundError):
        store.copy(key, "uploads/other")


def test_a_folder_is_not_an_object(store: ObjectStore) -> None:
    store.put("uploads/a/b", b"x")
    with pytest.raises(ObjectNotFoundError):
        store.head("uploads/a")
    with pytest.raises(ObjectNotFoundError):
        store.read("uploads/a")
    with pytest.raises(ObjectNotFoundError):
        store.delete("uploads/a")


def test_below_an_object_is_nothing(store: ObjectStore) -> None:
    store.put("uploads/a", b"x")
    with pytest.raises(ObjectNotFoundError):
        store.read("uploads/a/b")
    with pytest.raises(ObjectNotFoundError):
        store.delete("uploads/a/b")


def test_puts_only_where_nothing_is(store: ObjectStore) -> None:
    store.put("uploads/a", b"first", if_none_match=True)
    with pytest.raises(KeyTakenError) as caught:
        store.put("uploads/a", b"second", if_none_match=True)
    assert isinstance(caught.value, PreconditionFailedError)
    assert store.read("uploads/a")[0] == b"first"


def test_puts_only_over_what_was_read(store: ObjectStore) -> None:
    first = store.put("uploads/a", b"first").etag
    second = store.put("uploads/a", b"second", if_match=first).etag
    with pytest.raises(PreconditionFailedError):
        store.put("uploads/a", b"third", if_match=first)
    assert store.read("uploads/a")[0] == b"second"
    assert store.head("uploads/a").etag == second


def test_puts_over_nothing_when_something_was_expected(store: ObjectStore) -> None:
    with pytest.raises(PreconditionFailedError):
        store.put("uploads/a", b"x", if_match="0" * 64)
    assert list(store.list("")) == []


def test_of_writers_at_once_one_wins(store: ObjectStore) -> None:
    start = threading.Barrier(8)
    won: list[bytes] = []

    def write(content: bytes) -> None:
        start.wait()
        try:
            store.put("uploads/new/a", content, if_none_match=True)
        except KeyTakenError:
            return
        won.append(content)

    threads = [threading.Thread(target=write, args=(b"%d" % number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert store.read("uploads/new/a")[0] == won[0]


def test_deletes(store: ObjectStore) -> None:
    store.put("uploads/a", b"x")
    store.delete("uploads/a")
    assert list(store.list("")) == []
    with pytest.raises(ObjectNotFoundError):
        store.delete("uploads/a")


def test_deletes_only_what_was_read(store: ObjectStore) -> None:
    old = store.put("uploads/a", b"old").etag
    new = store.put("uploads/a", b"new").etag
    with pytest.raises(PreconditionFailedError):
        store.delete("uploads/a", if_match=old)
    assert store.read("uploads/a")[0] == b"new"
    store.delete("uploads/a", if_match=new)
    assert list(store.list("")) == []


def test_a_name_can_become_a_folder_and_a_folder_a_name(store: ObjectStore) -> None:
    store.put("uploads/a", b"file")
    store.delete("uploads/a")
    store.put("uploads/a/b/c", b"below")
    store.delete("uploads/a/b/c")
    store.put("uploads/a", b"file again", if_none_match=True)
    assert [info.key for info in store.list("uploads/")] == ["uploads/a"]


def test_copies(store: ObjectStore) -> None:
    original = store.put("uploads/a", b"same")
    copied = store.copy("uploads/a", "trash/20260101T000000Z-00000000/uploads/a")
    assert copied.key == "trash/20260101T000000Z-00000000/uploads/a"
    assert (copied.size, copied.etag) == (4, original.etag)
    store.put("uploads/a", b"changed")
    assert store.read(copied.key)[0] == b"same"


def test_copies_over_nothing_unless_told(store: ObjectStore) -> None:
    store.put("uploads/a", b"a")
    store.put("uploads/b", b"b")
    with pytest.raises(KeyTakenError):
        store.copy("uploads/a", "uploads/b")
    assert store.read("uploads/b")[0] == b"b"
    store.copy("uploads/a", "uploads/b", if_none_match=False)
    assert store.read("uploads/b")[0] == b"a"


def test_lists_in_the_order_of_keys(store: ObjectStore) -> None:
    for key in reversed(ORDERED):
        store.put(key, key.encode())
    listed = list(store.list("uploads/"))
    assert [info.key for info in listed] == sorted(ORDERED, key=str.encode)
    assert listed == [store.head(info.key) for info in listed]
    assert [info.size for info in listed] == [len(info.key.encode()) for info in listed]


@pytest.mark.parametrize("prefix", ["", "up", "uploads/", "uploads/a", "uploads/a/", "uploads/a/b"])
def test_lists_by_any_prefix(store: ObjectStore, prefix: str) -> None:
    for key in ORDERED:
        store.put(key, b"x")
    listed = [info.key for info in store.list(prefix)]
    assert listed == [key for key in sorted(ORDERED, key=str.encode) if key.startswith(prefix)]


@pytest.mark.parametrize("after", ["", *ORDERED, "uploads/a.", "uploads/a/b/", "up", "zzz"])
def test_a_listing_goes_on_after_any_key(store: ObjectStore, after: str) -> None:
    for key in ORDERED:
        store.put(key, b"x")
    listed = [info.key for info in store.list("uploads/", after=after)]
    expected = [key for key in ORDERED if key.encode() > after.encode()]
    assert listed == sorted(expected, key=str.encode)


@pytest.mark.parametrize(
    "prefix", ["nothing/", "uploads/zzz", "../", "uploads/../", "/", "a//b", "a\x00/b", "\ud800/"]
)
def test_lists_nothing_where_nothing_is(store: ObjectStore, prefix: str) -> None:
    store.put("uploads/a", b"x")
    assert list(store.list(prefix)) == []


def test_lists_while_objects_come_and_go(store: ObjectStore) -> None:
    for number in range(20):
        store.put(f"uploads/{number:02d}/a", b"x")
    listing = store.list("uploads/")
    first = next(listing)
    for number in range(5, 15):
        store.delete(f"uploads/{number:02d}/a")
    rest = [info.key for info in listing]
    assert first.key == "uploads/00/a"
    assert {f"uploads/{n:02d}/a" for n in (1, 2, 3, 4, 15, 16, 17, 18, 19)} <= set(rest)
    assert rest == sorted(rest)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "uploads/../../escape",
        "..",
        "uploads/./a",
        "uploads//a",
        "uploads/a/",
        "uploads/nul\x00byte",
        "uploads/\ud800",
        "uploads/" + "x" * 1020,
        "uploads/" + "é/" * 400,
    ],
)
def test_impossible_keys_are_refused(store: ObjectStore, key: str) -> None:
    with pytest.raises(InvalidKeyError):
        store.put(key, b"x")
    with pytest.raises(InvalidKeyError):
        store.head(key)
    with pytest.raises(InvalidKeyError):
        store.read(key)
    with pytest.raises(InvalidKeyError):
        store.delete(key)
    assert list(store.list("")) == []


@pytest.mark.parametrize(
    "name",
    [
        "a b",
        "a+b",
        "a%2Fb",
        "a\\b",
        "a\nb",
        "a?b#c",
        "~",
        "Ünï",
        "🐶" * 60,
        "x" * 250,
        "COM1",
        "a. ",
    ],
)
def test_strange_keys_are_kept(store: ObjectStore, name: str) -> None:
    store.put(f"uploads/{name}", b"x", if_none_match=True)
    assert [info.key for info in store.list("uploads/")] == [f"uploads/{name}"]
    assert store.read(f"uploads/{name}")[0] == b"x"


def test_a_failing_stream_leaves_nothing(store: ObjectStore) -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise RuntimeError("the line is cut")

    store.put("uploads/old", b"old")
    for key in ("uploads/new", "uploads/old"):
        with pytest.raises(RuntimeError, match="the line is cut"):
            store.put(key, Failing())
    assert [info.key for info in store.list("")] == ["uploads/old"]
    assert store.read("uploads/old")[0] == b"old"


def test_answers_that_it_is_well(store: ObjectStore) -> None:
    store.check()
    assert list(store.list("")) == []


def test_equal_content_has_equal_etags(store: ObjectStore) -> None:
    content = hashlib.sha256(b"seed").digest() * 1000
    assert store.put("uploads/a", content).etag == store.put("uploads/b", content).etag
