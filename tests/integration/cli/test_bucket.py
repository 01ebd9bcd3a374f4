"""The commands on a bucket: the same as on a folder, and what is ours stays on this machine."""

import hashlib
import json
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from catalog.errors import StoreRefusedError
from catalog.keys import TRASH, metadata_key, thumbnail_key
from catalog.storage import ObjectInfo
from catalog.storage.s3 import S3Store
from cli.doctor import doctor
from cli.home import Home, open_home
from cli.main import app
from cli.serve import compose
from cli.tag import Options, tag
from cli.worker import Worker
from tests.fakes import ToldRecognizer
from tests.pictures import encode, noise, photograph
from tests.strict_s3.sending import send
from tests.strict_s3.site import S3Site

BASE = "http://127.0.0.1:8000"
KEY = "uploads/2026/dog 1+2.jpg"
runner = CliRunner()


@pytest.fixture
def library(s3_site: S3Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("TAGLIGHT_STATE", str(tmp_path / "state"))
    return f"s3://{s3_site.bucket}"


@pytest.fixture
def home(library: str) -> Iterator[Home]:
    opened = open_home(library)
    yield opened
    opened.close()


def picture(seed: int = 1) -> bytes:
    return encode(noise(240, 160, seed))


def wait_for(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "this did not happen in time"
        time.sleep(0.05)


def keys_in(site: S3Site) -> set[str]:
    return {info.key for info in site.store().list("")}


def upload(site: S3Site, ask: Callable[[Any], Any], name: str, content: bytes) -> str:
    """Send a picture as the page does; return its key."""
    sha256 = hashlib.sha256(content).hexdigest()
    file = {"name": name, "size": len(content), "type": "image/jpeg", "sha256": sha256}
    [ticket] = ask({"files": [file]})["uploads"]
    assert ticket["status"] == "ready", ticket
    assert send(site, "PUT", ticket["url"], ticket["headers"], content)[0] == 200
    return str(ticket["key"])


def test_what_is_sent_is_tagged_and_shown(s3_site: S3Site, home: Home) -> None:
    worker = Worker(home, ToldRecognizer(Dog=97.5))
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        with TestClient(compose(home, "127.0.0.1"), base_url=BASE) as client:
            content = picture()
            upload(
                s3_site,
                lambda body: client.post("/api/uploads", json=body).json(),
                "süßer Hund.jpg",
                content,
            )
            wait_for(lambda: client.get("/api/images?q=dog").json()["images"])
            [image] = client.get("/api/images?q=dog").json()["images"]
            assert image["name"] == "süßer Hund.jpg"
            assert send(s3_site, "GET", image["thumbnail"]["url"])[0] == 200

            s3_site.store().put("uploads/by another tool.jpg", picture(2))
            assert worker._reconciler.once() == 1
            wait_for(lambda: len(client.get("/api/images?q=dog").json()["images"]) == 2)

            assert client.delete(f"/api/images/{image['id']}").status_code == 204
            assert len(client.get("/api/images?q=dog").json()["images"]) == 1
    finally:
        worker.stop.set()
        thread.join()
    assert not any(key.startswith(".taglight") for key in keys_in(s3_site))
    assert not s3_site.requests[-1].key.startswith(".taglight")


def test_a_name_is_kept_where_the_worker_begins_after_the_picture_came(
    s3_site: S3Site, home: Home
) -> None:
    """It fills its catalog from a listing, which knows no names."""
    with TestClient(compose(home, "127.0.0.1"), base_url=BASE) as client:
        ask: Callable[[Any], Any] = lambda body: client.post("/api/uploads", json=body).json()  # noqa: E731
        upload(s3_site, ask, "süßer Hund.jpg", picture())
        assert home.database.needs_reindex
        Worker(home, ToldRecognizer())._reconciler.once()
        [image] = client.get("/api/images").json()["images"]
        assert (image["name"], image["status"]) == ("süßer Hund.jpg", "pending")


def test_nothing_waits_for_tickets_that_are_never_used(s3_site: S3Site, home: Home) -> None:
    with TestClient(compose(home, "127.0.0.1"), base_url=BASE) as client:
        file = {"name": "a.jpg", "size": 3, "type": "image/jpeg", "sha256": "3f" * 32}
        client.post("/api/uploads", json={"files": [file]})
        worker = Worker(home, ToldRecognizer())
        thread = threading.Thread(target=worker.run)
        thread.start()
        asked = len(s3_site.requests)
        wait_for(lambda: len(s3_site.requests) > asked + 2)
        worker.stop.set()
        thread.join()
        assert home.journal.waiting("tag") == 0
        assert client.get("/api/images").json()["images"] == []
        assert client.get("/api/images?q=is:pending").json()["images"] == []


def test_pictures_that_are_there_are_tagged_by_command(
    s3_site: S3Site, library: str, capsys: pytest.CaptureFixture[str]
) -> None:
    s3_site.store().put(KEY, picture())
    assert tag(library, Options(), ToldRecognizer(Dog=97.5)) == 0
    assert keys_in(s3_site) == {
        KEY,
        metadata_key(KEY),
        thumbnail_key(KEY, 320),
        thumbnail_key(KEY, 1280),
    }
    capsys.readouterr()
    assert tag(library, Options(retag=True), ToldRecognizer(Dog=97.5)) == 0
    assert "There is nothing to tag." in capsys.readouterr().out

    assert doctor(library, fix=False, recognizer=ToldRecognizer()) == 0
    assert "All is well." in capsys.readouterr().out
    exported = runner.invoke(app, ["export", library, "--format", "jsonl"])
    assert json.loads(exported.stdout)["key"] == KEY
    done = runner.invoke(app, ["reindex", library])
    assert f"{library} is up to date: 1 pictures." in done.stdout


def test_the_doctor_finds_and_mends(
    s3_site: S3Site, library: str, capsys: pytest.CaptureFixture[str]
) -> None:
    store = s3_site.store()
    store.put(KEY, picture())
    store.put("uploads/b.jpg", picture(2))
    tag(library, Options(), ToldRecognizer())
    store.delete("uploads/b.jpg")
    store.delete(thumbnail_key(KEY, 320))
    store.put("uploads/c.jpg", picture(3))
    assert doctor(library, fix=False, recognizer=ToldRecognizer()) == 1
    assert doctor(library, fix=True, recognizer=ToldRecognizer()) == 0, capsys.readouterr().out
    assert {thumbnail_key(KEY, 320), metadata_key("uploads/c.jpg")} <= keys_in(s3_site)
    assert metadata_key("uploads/b.jpg") not in keys_in(s3_site)


def test_a_changed_picture_is_found(s3_site: S3Site, library: str) -> None:
    store = s3_site.store()
    store.put(KEY, picture())
    tag(library, Options(), ToldRecognizer(Dog=97.5))
    store.put(KEY, picture(2))
    assert doctor(library, fix=False, recognizer=ToldRecognizer()) == 1
    assert tag(library, Options(), ToldRecognizer(Cat=97.5)) == 0
    assert b'"Cat"' in store.read(metadata_key(KEY))[0]


def test_a_missing_bucket_is_a_sentence(s3_site: S3Site, library: str) -> None:
    for command in ("serve", "reindex", "tag", "export --format=csv", "doctor"):
        said = runner.invoke(app, [*command.split(), "s3://no-such-bucket-here"])
        assert said.exit_code in (1, 2), command
        assert "There is no bucket no-such-bucket-here." in said.output
        assert "Traceback" not in said.output


def test_each_bucket_has_its_own_place_on_this_machine(
    library: str, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert home.ours == tmp_path / "state" / library.removeprefix("s3://")
    assert (home.ours / "catalog.sqlite").exists()
    monkeypatch.delenv("TAGLIGHT_STATE")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    other = open_home(library)
    other.close()
    assert other.ours == tmp_path / "xdg" / "taglight" / library.removeprefix("s3://")


@pytest.mark.slow
def test_serving_a_bucket_in_real_processes(s3_site: S3Site, library: str, tmp_path: Path) -> None:
    log = (tmp_path / "log").open("w+")
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "serve", library, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    )
    try:
        assert process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert found, (tmp_path / "log").read_text()
        address = found[0]

        def ask(path: str, body: Any = None) -> Any:
            data = None if body is None else json.dumps(body).encode()
            headers = {"Content-Type": "application/json"}
            request = urllib.request.Request(address + path, data, headers)  # noqa: S310
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return json.load(answer)

        upload(
            s3_site, lambda body: ask("/api/uploads", body), "chelsea.jpg", photograph("chelsea")
        )
        wait_for(lambda: ask("/api/images?q=cat&min=20")["images"], 120)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, (tmp_path / "log").read_text()
        process.stdout.close()  # type: ignore[union-attr]
        log.close()


def test_the_doctor_says_what_may_not_be_written(
    s3_site: S3Site,
    library: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = keys_in(s3_site)
    doctor(library, fix=False, recognizer=ToldRecognizer())
    assert "can be written under all" in capsys.readouterr().out
    assert keys_in(s3_site) == before  # asking has written nothing
    put = S3Store.put

    def refuses(store: S3Store, key: str, *arguments: Any, **named: Any) -> ObjectInfo:
        if key.startswith(TRASH):
            raise StoreRefusedError("The bucket refuses PutObject.")
        return put(store, key, *arguments, **named)

    monkeypatch.setattr(S3Store, "put", refuses)
    assert doctor(library, fix=False, recognizer=ToldRecognizer()) == 1
    said = capsys.readouterr().out
    assert "may not write everywhere" in said
    assert "\n       trash/\n" in said


def test_the_doctor_says_whether_the_page_may_send_pictures(
    s3_site: S3Site,
    library: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert doctor(library, fix=False, recognizer=ToldRecognizer()) == 1  # no catalog yet
    assert "do not let a page at http://127.0.0.1:8000 send" in capsys.readouterr().out
    rule = {
        "AllowedOrigins": ["https://*.example.org"],
        "AllowedMethods": ["GET", "PUT"],
        "AllowedHeaders": ["Content-Type", "if-none-match", "x-amz-*"],
    }
    client = s3_site.client()
    client.put_bucket_cors(Bucket=s3_site.bucket, CORSConfiguration={"CORSRules": [rule]})
    client.close()
    monkeypatch.setenv("PUBLIC_URL", "https://pictures.example.org")
    doctor(library, fix=False, recognizer=ToldRecognizer())
    assert "https://pictures.example.org may send pictures" in capsys.readouterr().out
