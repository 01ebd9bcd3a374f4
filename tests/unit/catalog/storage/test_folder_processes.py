"""One folder and several processes, some of which are killed."""

import hashlib
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from catalog.storage.folder import FolderStore
from tests.folders import files, keys


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
