"""What only a folder can do wrong: links, other people's files, full disks, races, crashes."""

import errno
import hashlib
import logging
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from catalog.errors import (
    ContentMismatchError,
    InvalidKeyError,
    KeyTakenError,
    ObjectNotFoundError,
    StoreFullError,
    StoreUnavailableError,
)
from catalog.storage import mishaps
from catalog.storage.changes import ObjectChange
from catalog.storage.folder import FolderStore


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    store = FolderStore(tmp_path / "library")
    store.prepare()
    return store


def keys(store: FolderStore, prefix: str = "") -> list[str]:
    return [info.key for info in store.list(prefix)]


def files(store: FolderStore) -> set[str]:
    found = (path for path in store.root.rglob("*") if path.is_file())
    names = {path.relative_to(store.root).as_posix() for path in found}
    return {name for name in names if not name.startswith(".taglight/")}


# --- what is seen ---


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


# --- links and strange files ---


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


# --- names that stand in each other's way ---


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


# --- receiving ---


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


# --- changes ---


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


# --- trouble ---


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


# --- several processes ---


def run(root: Path, body: str, *arguments: str) -> "subprocess.Popen[str]":
    """Start Python on `body`, which finds a `store` of this folder."""
    prelude = """
        import sys
        from pathlib import Path
        from catalog.errors import *
        from catalog.storage.folder import FolderStore
        store = FolderStore(Path(sys.argv[1]))
    """
    code = textwrap.dedent(prelude) + textwrap.dedent(body)
    return subprocess.Popen(
        [sys.executable, "-c", code, str(root), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def together(processes: "list[subprocess.Popen[str]]") -> list[str]:
    """Let processes that said they are ready go on at once; return the last line of each."""
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=60)[0].strip() for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return answers


def test_of_eight_processes_that_put_the_same_key_one_wins(store: FolderStore) -> None:
    body = """
        print("ready", flush=True); sys.stdin.readline()
        won = []
        for number in range(25):
            try:
                store.put(f"uploads/{number}/a", sys.argv[2].encode(), if_none_match=True)
                won.append(number)
            except KeyTakenError:
                pass
        print(*won)
    """
    answers = together([run(store.root, body, str(number)) for number in range(8)])
    won = [(int(key), str(who)) for who, answer in enumerate(answers) for key in answer.split()]
    assert sorted(key for key, _ in won) == list(range(25))
    for key, who in won:
        assert store.read(f"uploads/{key}/a")[0] == who.encode()


def test_no_update_is_lost_between_processes(store: FolderStore) -> None:
    store.put("uploads/counter", b"0")
    body = """
        print("ready", flush=True); sys.stdin.readline()
        for _ in range(25):
            while True:
                content, info = store.read("uploads/counter")
                try:
                    store.put("uploads/counter", b"%d" % (int(content) + 1), if_match=info.etag)
                    break
                except PreconditionFailedError:
                    pass
        print("done")
    """
    together([run(store.root, body) for _ in range(4)])
    assert store.read("uploads/counter")[0] == b"100"


@pytest.mark.parametrize("old", [None, b"old"])
def test_a_process_killed_while_it_writes_leaves_what_was(
    store: FolderStore, old: bytes | None
) -> None:
    if old is not None:
        store.put("uploads/a", old)
    body = """
        with store.writer("uploads/a", size=10, sha256=None, if_none_match=False) as writer:
            writer.write(b"12345")
            print("ready", flush=True); sys.stdin.readline()
            writer.write(b"67890")
            writer.commit()
    """
    process = run(store.root, body)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    assert store.remove_abandoned_temporary_files() == 0  # it is being written
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert keys(store) == (["uploads/a"] if old else [])
    if old is not None:
        assert store.read("uploads/a")[0] == old
    assert store.remove_abandoned_temporary_files() == 1
    assert files(store) == ({"uploads/a"} if old else set())
    store.put("uploads/a", b"new")  # no lock was left behind


def test_readers_see_the_old_or_the_new_never_half(store: FolderStore) -> None:
    store.put("uploads/a", b"a" * 500_000)
    stop = threading.Event()
    seen: list[bytes] = []

    def look() -> None:
        while not stop.is_set():
            content, info = store.read("uploads/a")
            if len(set(content)) != 1 or hashlib.sha256(content).hexdigest() != info.etag:
                seen.append(content)

    reader = threading.Thread(target=look)
    reader.start()
    for number in range(50):
        store.put("uploads/a", bytes([97 + number % 26]) * 500_000)
    stop.set()
    reader.join()
    assert seen == []


def test_stale_files_of_interrupted_writes_in_new_folders_go_with_them(store: FolderStore) -> None:
    (store.root / "uploads/2026").mkdir()
    (store.root / "uploads/2026/.0.taglight-tmp").write_bytes(b"x")
    assert store.remove_abandoned_temporary_files() == 1
    assert not (store.root / "uploads/2026").exists()
    assert (store.root / "uploads").is_dir()
