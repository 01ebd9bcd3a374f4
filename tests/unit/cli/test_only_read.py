"""A library that cannot be written is shown as it is, and stays as it is."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from cli import following
from cli.home import Home, open_home
from cli.serve import compose
from tests.fakes import ToldRecognizer
from tests.pictures import asymmetric, encode
from tests.unit.cli.test_worker import is_tagged, wait_for, working

KEY = "uploads/dog.png"


@pytest.fixture
def only_read(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """The library of `home`, with a tagged picture in it, as of somebody who may not write it."""
    (home.store.root / KEY).write_bytes(encode(asymmetric(), "png"))  # type: ignore[union-attr]
    with working(home, ToldRecognizer(Dog=97.5)):
        wait_for(is_tagged(home, KEY))
        wait_for(lambda: home.journal.waiting("index") == 0)
    home.close()
    writable = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: not mode & os.W_OK and writable(path, mode)
    )
    monkeypatch.setenv("TAGLIGHT_STATE", str(tmp_path / "state"))
    opened = open_home(home.library, may_only_read=True)
    yield opened
    opened.close()


def contents(library: str) -> dict[Path, tuple[int, bytes]]:
    files = (path for path in Path(library).rglob("*") if path.is_file())
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_it_is_shown_and_says_that_it_can_only_be_read(only_read: Home) -> None:
    before = contents(only_read.library)
    following.look(only_read)
    with TestClient(compose(only_read, "127.0.0.1"), base_url="http://127.0.0.1") as client:
        page = client.get("/?q=dog").text
        assert "This library can only be read" in page
        assert "data-upload-pick" not in page
        assert [each["key"] for each in client.get("/api/images").json()["images"]] == [KEY]
        assert client.get("/healthz").status_code == 200
    assert contents(only_read.library) == before


def test_what_would_change_it_is_answered_as_where_the_disk_became_read_only(
    only_read: Home,
) -> None:
    following.look(only_read)
    with TestClient(compose(only_read, "127.0.0.1"), base_url="http://127.0.0.1") as client:
        [image] = client.get("/api/images").json()["images"]
        file = {"name": "a.png", "size": 1, "type": "image/png", "sha256": "0" * 64}
        answers = [
            client.post("/api/uploads", json={"files": [file]}),
            client.delete(f"/api/images/{image['id']}"),
        ]
        for answer in answers:
            assert answer.status_code == 503
            assert "can only be read now" in answer.json()["detail"]
            assert answer.headers["Retry-After"] == "5"
        asked = client.post("/api/images/status", content=json.dumps({"keys": [KEY]}))
        assert asked.json()["images"][0]["status"] == "tagged"


def test_what_changes_there_is_followed_and_what_is_no_library_is_none(
    only_read: Home, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    following.look(only_read)
    root = Path(only_read.library)
    (root / "metadata/dog.png.json").unlink()
    following.look(only_read)
    with TestClient(compose(only_read, "127.0.0.1"), base_url="http://127.0.0.1") as client:
        assert client.get("/api/images").json()["images"][0]["status"] == "pending"
        root.rename(tmp_path / "away")
        following.look(only_read)
        assert "gone" in caplog.text
        assert client.get("/api/images").json()["total"] == 1
