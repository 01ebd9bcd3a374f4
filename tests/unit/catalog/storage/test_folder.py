"""What only a folder can do wrong: links, other people's files, full disks, races, crashes."""

import hashlib
import logging
import os
import threading
import time
from pathlib import Path

import pytest

from catalog.errors import (
    InvalidKeyError,
    KeyTakenError,
    ObjectNotFoundError,
)
from catalog.storage.folder import FolderStore
from tests.folders import files, keys


def test_sees_what_a_person_copies_in(store: FolderStore) -> None:
    (store.root / "uploads/trip").mkdir()
    (store.root / "uploads/trip/a b.jpg").write_bytes(b"picture")
    info = store.head("uploads/trip/a b.jpg")
    assert info.etag == hashlib.sha256(b"picture").hexdigest()
    assert list(store.list("uploads/")) == [info]


@pytest.mark.parametrize(
    "name",
    [
        ".DS_Store",
        "._a.jpg",
        "Thumbs.db",
        "desktop.ini",
        "a.jpg.part",
        "a.jpg.crdownload",
        ".x.taglight-tmp",
    ],
)
def test_hides_what_is_no_picture_of_anybody(store: FolderStore, name: str) -> None:
    (store.root / "uploads" / name).write_bytes(b"x")
    assert keys(store) == []
    assert store.key_of(str(store.root / "uploads" / name)) is None
    with pytest.raises(InvalidKeyError):
        store.put(f"uploads/{name}", b"x")
    with pytest.raises(InvalidKeyError):
        store.read(f"uploads/{name}")


def test_hides_its_own_folder_and_hidden_ones(store: FolderStore) -> None:
    (store.root / "uploads/.thumbnails").mkdir()
    (store.root / "uploads/.thumbnails/a.jpg").write_bytes(b"x")
    (store.root / "uploads/album.part").mkdir()
    (store.root / "uploads/album.part/a.jpg").write_bytes(b"x")
    assert keys(store) == ["uploads/album.part/a.jpg"]
    for key in (".taglight/etags.sqlite", "uploads/.thumbnails/a.jpg"):
        with pytest.raises(InvalidKeyError):
            store.read(key)


def test_tells_keys_from_paths(store: FolderStore) -> None:
    assert store.key_of(str(store.path("uploads/a/b.jpg"))) == "uploads/a/b.jpg"
    assert store.key_of("/etc/passwd") is None
    assert store.key_of(str(store.root)) is None


def test_skips_names_that_are_not_unicode(
    store: FolderStore, caplog: pytest.LogCaptureFixture
) -> None:
    Path(
        os.fsdecode(
            os.fsencode(store.root) + b"/uploads/" + os.urandom(8).hex().encode() + b"\xe9.jpg"
        )
    ).write_bytes(b"x")
    store.put("uploads/a.jpg", b"x")
    with caplog.at_level(logging.WARNING):
        assert keys(store) == ["uploads/a.jpg"]
        assert keys(store) == ["uploads/a.jpg"]
    assert caplog.text.count("not valid Unicode") == 1


def test_skips_what_lies_too_deep_for_a_key(store: FolderStore) -> None:
    deep = store.root / "uploads"
    for _ in range(6):
        deep /= "x" * 200
        deep.mkdir()
    (deep / "a").write_bytes(b"x")
    assert keys(store) == []


def test_sees_a_change_made_behind_its_back(store: FolderStore) -> None:
    before = store.put("uploads/a", b"before").etag
    store.path("uploads/a").write_bytes(b"after!")
    assert store.head("uploads/a").etag == hashlib.sha256(b"after!").hexdigest() != before
    with pytest.raises(Exception, match="has changed"):
        store.put("uploads/a", b"mine", if_match=before)
    assert [info.etag for info in store.list("")] == [store.head("uploads/a").etag]


def test_remembers_etags(store: FolderStore) -> None:
    content = os.urandom(3_000_000)
    store.path("uploads/big").write_bytes(content)
    old = time.time() - 60
    os.utime(store.path("uploads/big"), (old, old))
    store.put("uploads/put", b"x")
    first = list(store.list("uploads/"))
    again = FolderStore(store.root)
    assert list(again.list("uploads/")) == first


def test_an_unusual_time_of_a_file_is_no_trouble(store: FolderStore) -> None:
    store.put("uploads/a", b"x")
    os.utime(store.path("uploads/a"), (-(10**11), -(10**11)))
    assert store.head("uploads/a").modified.year <= 1970


def test_does_not_follow_links(store: FolderStore, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    (store.root / "uploads/file").symlink_to(outside / "secret")
    (store.root / "uploads/folder").symlink_to(outside)
    (store.root / "uploads/loop").symlink_to(store.root / "uploads")
    assert keys(store) == []
    assert list(store.list("uploads/folder/")) == []
    for key in ("uploads/file", "uploads/folder/secret", "uploads/loop/file"):
        with pytest.raises(ObjectNotFoundError):
            store.read(key)
        with pytest.raises(ObjectNotFoundError):
            store.delete(key)
    for key in ("uploads/folder/new", "uploads/loop/new"):
        with pytest.raises(InvalidKeyError):
            store.put(key, b"x")
    with pytest.raises(KeyTakenError):
        store.put("uploads/file", b"x", if_none_match=True)
    store.put("uploads/file", b"mine")
    assert (outside / "secret").read_bytes() == b"secret"
    assert {path.name for path in outside.iterdir()} == {"secret"}


def test_the_library_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    store = FolderStore(tmp_path / "link")
    store.put("uploads/a", b"x")
    assert (tmp_path / "real/uploads/a").read_bytes() == b"x"
    assert keys(store) == ["uploads/a"]


def test_a_pipe_holds_nothing_up(store: FolderStore) -> None:
    os.mkfifo(store.root / "uploads/pipe")
    assert keys(store) == []
    with pytest.raises(ObjectNotFoundError):
        store.read("uploads/pipe")


def test_a_file_stands_where_a_folder_is_needed_and_the_reverse(store: FolderStore) -> None:
    store.put("uploads/a", b"file")
    store.put("uploads/b/c", b"below")
    for conditional in (True, False):
        with pytest.raises(KeyTakenError):
            store.put("uploads/a/b", b"x", if_none_match=conditional)
        with pytest.raises(KeyTakenError):
            store.put("uploads/b", b"x", if_none_match=conditional)
    with pytest.raises(KeyTakenError):
        store.copy("uploads/b/c", "uploads/a/x")
    with pytest.raises(KeyTakenError), store.writer("uploads/a/b", size=1, sha256=None):
        pass
    assert files(store) == {"uploads/a", "uploads/b/c"}


def test_a_name_of_more_than_255_bytes_is_refused(store: FolderStore) -> None:
    store.put("uploads/" + "x" * 255, b"x")
    for name in ("x" * 256, "é" * 128, "x" * 256 + "/a"):
        with pytest.raises(InvalidKeyError):
            store.put(f"uploads/{name}", b"x")


def test_removes_folders_left_empty_but_never_the_top_ones(store: FolderStore) -> None:
    store.put("uploads/a/b/c", b"x")
    store.put("uploads/a/d", b"x")
    store.delete("uploads/a/b/c")
    assert not (store.root / "uploads/a/b").exists()
    store.delete("uploads/a/d")
    assert (store.root / "uploads").is_dir()
    assert list((store.root / "uploads").iterdir()) == []


def test_deleting_the_last_and_putting_a_first_do_not_disturb_each_other(
    store: FolderStore,
) -> None:
    stop = threading.Event()
    troubles: list[Exception] = []

    def come_and_go(name: str) -> None:
        try:
            while not stop.is_set():
                store.put(f"uploads/deep/folder/{name}", b"x")
                store.delete(f"uploads/deep/folder/{name}")
        except Exception as error:
            troubles.append(error)

    threads = [threading.Thread(target=come_and_go, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    time.sleep(1)
    stop.set()
    for thread in threads:
        thread.join()
    assert troubles == []
    assert files(store) == set()
