"""Bytes that arrive piece by piece in a folder, and what is told of them."""

import hashlib
from pathlib import Path

import pytest

from catalog.errors import (
    ContentMismatchError,
    KeyTakenError,
    ObjectNotFoundError,
    StoreUnavailableError,
)
from catalog.storage.changes import ObjectChange
from catalog.storage.folder import FolderStore
from tests.folders import files, keys


def test_receives_piece_by_piece(store: FolderStore) -> None:
    digest = hashlib.sha256(b"abcdef").hexdigest()
    with store.writer("uploads/a", size=6, sha256=digest.upper()) as writer:
        writer.write(b"abc")
        writer.write(b"def")
        assert keys(store) == []
        info = writer.commit()
    assert info == store.head("uploads/a")
    assert info.etag == digest
    assert files(store) == {"uploads/a"}


def test_refuses_one_byte_too_many_before_it_is_written(store: FolderStore) -> None:
    with (
        pytest.raises(ContentMismatchError) as caught,
        store.writer("uploads/a", size=3, sha256=None) as writer,
    ):
        writer.write(b"abc")
        writer.write(b"d")
    assert caught.value.what == "length"
    assert files(store) == set()


@pytest.mark.parametrize(
    ("content", "what"), [(b"ab", "length"), (b"", "length"), (b"abX", "checksum")]
)
def test_refuses_other_content_than_announced(
    store: FolderStore, content: bytes, what: str
) -> None:
    digest = hashlib.sha256(b"abc").hexdigest()
    with (
        pytest.raises(ContentMismatchError) as caught,
        store.writer("uploads/a", size=3, sha256=digest) as writer,
    ):
        writer.write(content)
        writer.commit()
    assert caught.value.what == what
    assert files(store) == set()


def test_without_commit_nothing_stays(store: FolderStore) -> None:
    with store.writer("uploads/new/a", size=3, sha256=None) as writer:
        writer.write(b"abc")
    assert files(store) == set()


def test_of_two_receiving_the_same_key_the_later_is_refused(store: FolderStore) -> None:
    with (
        store.writer("uploads/a", size=1, sha256=None) as one,
        store.writer("uploads/a", size=1, sha256=None) as two,
    ):
        one.write(b"1")
        two.write(b"2")
        two.commit()
        with pytest.raises(KeyTakenError):
            one.commit()
    assert store.read("uploads/a")[0] == b"2"
    with pytest.raises(KeyTakenError), store.writer("uploads/a", size=1, sha256=None):
        pass
    assert files(store) == {"uploads/a"}


def test_announces_what_changed(tmp_path: Path) -> None:
    heard: list[ObjectChange] = []
    store = FolderStore(tmp_path, on_change=heard.append)
    etag = store.put("uploads/a", b"abc").etag
    store.put("metadata/a.json", b"{}")
    store.put("thumbs/a/320.webp", b"x")
    store.copy("uploads/a", "trash/20260101T000000Z-00000000/uploads/a")
    store.copy("trash/20260101T000000Z-00000000/uploads/a", "uploads/b")
    with store.writer("uploads/c", size=0, sha256=None) as writer:
        writer.commit()
    store.delete("uploads/a")
    empty = hashlib.sha256(b"").hexdigest()
    assert heard == [
        ObjectChange("ObjectCreated:Put", "uploads/a", 3, etag),
        ObjectChange("ObjectCreated:Put", "metadata/a.json", 2, store.head("metadata/a.json").etag),
        ObjectChange("ObjectCreated:Copy", "uploads/b", 3, etag),
        ObjectChange("ObjectCreated:Put", "uploads/c", 0, empty),
        ObjectChange("ObjectRemoved:Delete", "uploads/a"),
    ]


def test_what_was_not_written_is_not_announced(tmp_path: Path) -> None:
    heard: list[ObjectChange] = []
    store = FolderStore(tmp_path, on_change=heard.append)
    store.put("uploads/a", b"x")
    heard.clear()
    with pytest.raises(KeyTakenError):
        store.put("uploads/a", b"y", if_none_match=True)
    with pytest.raises(ObjectNotFoundError):
        store.delete("uploads/b")
    assert heard == []


def test_a_change_that_cannot_be_announced_has_happened(tmp_path: Path) -> None:
    def deaf(change: ObjectChange) -> None:
        raise StoreUnavailableError("The journal does not answer.")

    store = FolderStore(tmp_path, on_change=deaf)
    store.put("uploads/a", b"x")
    assert store.read("uploads/a")[0] == b"x"
