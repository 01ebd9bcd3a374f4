"""A folder on a disk that is full, that cannot be written, or that is not there."""

import errno
import hashlib
import os
from pathlib import Path

import pytest

from catalog.errors import (
    InvalidKeyError,
    KeyTakenError,
    StoreFullError,
    StoreUnavailableError,
)
from catalog.storage import mishaps
from catalog.storage.folder import FolderStore
from tests.folders import files, keys


def test_a_full_disk_is_said_to_be_full(tmp_path: Path) -> None:
    with (
        pytest.raises(StoreFullError, match="no space left"),
        mishaps.writing(str(tmp_path), "uploads/a"),
        Path("/dev/full").open("wb", buffering=0) as full,
    ):
        full.write(b"x")


def test_a_full_disk_leaves_the_old_and_can_still_delete(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put("uploads/a", b"old")
    disk_is_full(monkeypatch)
    with pytest.raises(StoreFullError):
        store.put("uploads/a", b"new")
    with (
        pytest.raises(StoreFullError),
        store.writer("uploads/b", size=3, sha256=None) as writer,
    ):
        writer.write(b"abc")
        writer.commit()
    assert store.read("uploads/a")[0] == b"old"
    copied = store.copy("uploads/a", "trash/20260101T000000Z-00000000/uploads/a")
    assert store.read(copied.key)[0] == b"old"
    with pytest.raises(KeyTakenError):
        store.copy("uploads/a", copied.key)
    store.delete("uploads/a", if_match=copied.etag)
    assert files(store) == {"trash/20260101T000000Z-00000000/uploads/a"}


def disk_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the system refuse to bring bytes to the disk, as a full one does."""
    real = os.fsync

    def refuse(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").is_file():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", refuse)


@pytest.mark.parametrize(
    ("code", "kind", "sentence"),
    [
        (errno.EDQUOT, StoreFullError, "no space left"),
        (errno.EACCES, StoreUnavailableError, "not permitted"),
        (errno.EROFS, StoreUnavailableError, "read-only"),
        (errno.EIO, StoreUnavailableError, "does not answer"),
        (errno.ENAMETOOLONG, InvalidKeyError, "cannot be kept"),
    ],
)
def test_refusals_of_the_system_become_sentences(
    store: FolderStore,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    kind: type[Exception],
    sentence: str,
) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(kind, match=sentence):
        store.put("uploads/a", b"x")
    assert files(store) == set()


def test_only_what_cannot_be_made_again_waits_until_its_name_is_safe(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bool] = []
    monkeypatch.setattr(
        os, "fsync", lambda number: synced.append(Path(f"/proc/self/fd/{number}").is_dir())
    )
    store.put("metadata/a.png.json", b"{}")
    assert synced == [False, True]
    synced.clear()
    store.put("thumbs/a.png/320.webp", b"picture")
    assert synced == [False]


def test_a_file_system_without_hard_links_will_do(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    store.put("uploads/a", b"one", if_none_match=True)
    with pytest.raises(KeyTakenError):
        store.put("uploads/a", b"two", if_none_match=True)
    assert store.read("uploads/a")[0] == b"one"
    assert files(store) == {"uploads/a"}


def test_a_library_that_is_gone_is_not_an_empty_one(store: FolderStore, tmp_path: Path) -> None:
    store.put("uploads/a", b"x")
    store.root.rename(tmp_path / "unplugged")
    for act in (
        lambda: list(store.list("uploads/")),
        lambda: store.put("uploads/b", b"x"),
        store.check,
    ):
        with pytest.raises(StoreUnavailableError, match="gone"):
            act()
    assert not store.root.exists()
    (tmp_path / "unplugged").rename(store.root)
    store.check()
    assert keys(store) == ["uploads/a"]


def test_says_when_a_folder_is_missing(store: FolderStore) -> None:
    store.check()
    (store.root / "uploads").rmdir()
    with pytest.raises(StoreUnavailableError, match="uploads"):
        store.check()


def test_a_file_is_no_library(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(StoreUnavailableError, match="a library is a folder"):
        FolderStore(tmp_path / "file").check()


def test_a_damaged_cache_of_etags_is_made_anew(store: FolderStore) -> None:
    store.put("uploads/a", b"x")
    store.close()
    for path in (store.root / ".taglight").glob("etags.sqlite*"):
        path.write_bytes(b"this is not a database" * 100)
    again = FolderStore(store.root)
    assert again.head("uploads/a").etag == hashlib.sha256(b"x").hexdigest()
    again.put("uploads/b", b"x")
    assert keys(again) == ["uploads/a", "uploads/b"]
