"""The worker's parts together, in this process: what a person would find in the library."""

import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from catalog import reads
from catalog.clock import utc_now
from catalog.errors import ObjectNotFoundError, StoreUnavailableError
from catalog.keys import trash_folder
from catalog.library import Library
from catalog.records import ImageRecord
from catalog.storage.folder import FolderStore, ObjectChange
from cli.home import Home, open_home
from cli.reconcile import Reconciler
from cli.worker import Worker
from tests.fakes import Stopped, ToldRecognizer
from tests.pictures import asymmetric, encode, text

PICTURE = encode(asymmetric(), "jpg")
OTHER = encode(asymmetric(90, 90), "png")


def record(home: Home, key: str) -> ImageRecord | None:
    with home.database.reading() as connection:
        return reads.find_by_key(connection, key)


def document(home: Home, key: str) -> dict[str, Any]:
    content = home.store.read(key.replace("uploads/", "metadata/", 1) + ".json")[0]
    found = json.loads(content)
    assert isinstance(found, dict)
    return found


def wait_for(condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "this did not happen in time"
        time.sleep(0.02)


def is_tagged(home: Home, key: str) -> Callable[[], bool]:
    def look() -> bool:
        found = record(home, key)
        return found is not None and found.status == "tagged"

    return look


@contextmanager
def working(home: Home, recognizer: ToldRecognizer) -> Iterator[Worker]:
    worker = Worker(home, recognizer)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield worker
    finally:
        worker.stop.set()
        thread.join(timeout=20)
        assert not thread.is_alive()


def test_what_is_put_into_the_store_is_tagged(home: Home) -> None:
    with working(home, ToldRecognizer(Dog=97.5, Mat=31.0, Dust=12.0)):
        info = FolderStore(home.store.root).put("uploads/2026/11/dog.jpg", PICTURE)
        home.indexer.mark_pending("uploads/2026/11/dog.jpg", name="My dog.jpg")
        home.journal.announce(ObjectChange("ObjectCreated:Put", info.key, info.size, info.etag))
        wait_for(is_tagged(home, "uploads/2026/11/dog.jpg"))
    found = document(home, "uploads/2026/11/dog.jpg")
    assert [label["Name"] for label in found["Labels"]] == ["Dog", "Mat"]
    assert found["Image"]["Name"] == "My dog.jpg"
    assert len(found["Thumbnails"]) == 2


def test_what_is_copied_in_by_hand_is_tagged_soon(home: Home) -> None:
    with working(home, ToldRecognizer()):
        wait_for(lambda: not home.database.needs_reindex)
        (home.store.root / "uploads/trip").mkdir()
        (home.store.root / "uploads/trip/a b+c%.jpg").write_bytes(PICTURE)
        wait_for(is_tagged(home, "uploads/trip/a b+c%.jpg"), seconds=10)


def test_a_file_that_grows_is_tagged_when_it_is_whole(home: Home) -> None:
    recognizer = ToldRecognizer()
    with working(home, recognizer):
        wait_for(lambda: not home.database.needs_reindex)
        with (home.store.root / "uploads/slow.jpg").open("wb", buffering=0) as file:
            for part in range(10):
                file.write(PICTURE[part * len(PICTURE) // 10 : (part + 1) * len(PICTURE) // 10])
                time.sleep(0.1)
        wait_for(is_tagged(home, "uploads/slow.jpg"))
    assert recognizer.seen == 1
    assert record(home, "uploads/slow.jpg").error_code == ""  # type: ignore[union-attr]


def test_a_picture_whose_document_has_no_place_fails_with_a_reason(home: Home) -> None:
    (home.store.root / "uploads/d.jpg.json").mkdir()
    (home.store.root / "uploads/d.jpg.json/e.jpg").write_bytes(PICTURE)
    (home.store.root / "uploads/d.jpg").write_bytes(OTHER)
    both = ["uploads/d.jpg", "uploads/d.jpg.json/e.jpg"]
    with working(home, ToldRecognizer()):
        wait_for(
            lambda: all((found := record(home, key)) and found.status != "pending" for key in both)
        )
        wait_for(lambda: home.journal.waiting("tag") == 0)
    found = [record(home, key) for key in both]
    assert {each.status for each in found if each} == {"tagged", "failed"}
    failed = next(each for each in found if each and each.status == "failed")
    assert failed.error_code == "name_conflict"
    assert "Rename" in failed.error_message


def test_thumbnails_that_are_gone_are_made_again(home: Home) -> None:
    key = "uploads/a.jpg"
    (home.store.root / key).write_bytes(PICTURE)
    with working(home, ToldRecognizer()):
        wait_for(is_tagged(home, key))
    shutil.rmtree(home.store.root / "thumbs")
    recognizer = ToldRecognizer()
    with working(home, recognizer):
        wait_for(lambda: len(list(home.store.list("thumbs/"))) == 2)
    assert recognizer.seen == 0


def test_a_tagged_document_without_thumbnails_gets_them_and_keeps_its_labels(home: Home) -> None:
    key = "uploads/noimage.jpg"
    labels = [{"Name": "Zebrafish", "Confidence": 90.0}]
    tagging = {"Status": "tagged", "Recognizer": "rekognition", "Error": None}
    home.store.put(
        "metadata/noimage.jpg.json",
        json.dumps({"SchemaVersion": 1, "Tagging": tagging, "Labels": labels}).encode(),
    )
    (home.store.root / key).write_bytes(PICTURE)
    recognizer = ToldRecognizer()
    with working(home, recognizer):
        wait_for(lambda: len(list(home.store.list("thumbs/"))) == 2)
        wait_for(lambda: (found := record(home, key)) and found.thumbnails)
    found = document(home, key)
    assert [label["Name"] for label in found["Labels"]] == ["Zebrafish"]
    assert found["Tagging"]["Recognizer"] == "rekognition"
    assert recognizer.seen == 0


def test_a_name_that_cannot_be_decoded_does_not_end_the_watch(home: Home) -> None:
    with working(home, ToldRecognizer()):
        wait_for(lambda: not home.database.needs_reindex)
        bad = os.fsencode(home.store.root / "uploads") + b"/latin\xe9.jpg"
        with open(bad, "wb") as file:  # noqa: PTH123 - no text is this name
            file.write(PICTURE)
        time.sleep(0.5)
        (home.store.root / "uploads/after.jpg").write_bytes(PICTURE)
        wait_for(is_tagged(home, "uploads/after.jpg"), seconds=40)  # compared within a minute


def test_a_picture_to_be_tagged_again_is_not_called_answered_by_a_comparison(home: Home) -> None:
    key = "uploads/a.jpg"
    (home.store.root / key).write_bytes(PICTURE)
    with working(home, ToldRecognizer()):
        wait_for(is_tagged(home, key))
    reconciler = Reconciler(home.store, home.journal, home.database, home.indexer)
    reconciler.once()
    Library(home.store, home.indexer, home.journal).retry(key)
    reconciler.once()
    assert record(home, key).status == "pending"  # type: ignore[union-attr]
    # A worker that begins cannot know whether the message is still there.
    Reconciler(home.store, home.journal, home.database, home.indexer).once()
    assert record(home, key).status == "tagged"  # type: ignore[union-attr]


def test_what_was_there_before_is_tagged_at_the_start(home: Home) -> None:
    for number in range(5):
        path = home.store.root / f"uploads/{number}.jpg"
        path.write_bytes(encode(asymmetric(100 + number, 80), "jpg"))
    with working(home, ToldRecognizer()):
        for number in range(5):
            wait_for(is_tagged(home, f"uploads/{number}.jpg"))


def test_a_picture_replaced_while_nobody_looked_is_tagged_anew(home: Home) -> None:
    home.store.put("uploads/a.jpg", PICTURE)
    with working(home, ToldRecognizer(Dog=90.0)):
        wait_for(is_tagged(home, "uploads/a.jpg"))
    (home.store.root / "uploads/a.jpg").write_bytes(OTHER)
    with working(home, ToldRecognizer(Cat=90.0)):
        wait_for(lambda: document(home, "uploads/a.jpg")["Labels"][0]["Name"] == "Cat")


def test_a_text_named_as_a_picture_fails_with_a_reason(home: Home) -> None:
    with working(home, ToldRecognizer()):
        home.store.put("uploads/letter.jpg", text())
        wait_for(lambda: (found := record(home, "uploads/letter.jpg")) and found.error_code)
    found = record(home, "uploads/letter.jpg")
    assert found is not None
    assert (found.status, found.error_code) == ("failed", "not_a_picture")


def test_a_picture_removed_by_hand_leaves_the_gallery_and_its_document_the_trash(
    home: Home,
) -> None:
    with working(home, ToldRecognizer()):
        home.store.put("uploads/a.jpg", PICTURE)
        wait_for(is_tagged(home, "uploads/a.jpg"))
        home.store.path("uploads/a.jpg").unlink()
        wait_for(lambda: record(home, "uploads/a.jpg") is None)
        wait_for(lambda: not list(home.store.list("thumbs/")))
    assert list(home.store.list("metadata/")) == []
    assert [info.key.split("/", 2)[2] for info in home.store.list("trash/")] == [
        "metadata/a.jpg.json"
    ]


@pytest.mark.parametrize("way", ["index", "reindex"])
def test_a_picture_removed_while_nobody_looked_is_cleared_away_though_its_row_is_gone(
    home: Home, way: str
) -> None:
    with working(home, ToldRecognizer()):
        home.store.put("uploads/a.jpg", PICTURE)
        wait_for(is_tagged(home, "uploads/a.jpg"))
    home.store.path("uploads/a.jpg").unlink()
    if way == "index":
        home.indexer.index("uploads/a.jpg")
    else:
        home.indexer.reindex(only_changed=True)
    assert record(home, "uploads/a.jpg") is None
    with working(home, ToldRecognizer()):
        wait_for(lambda: not list(home.store.list("thumbs/")))
        wait_for(lambda: home.journal.waiting("index") == 0)
    assert list(home.store.list("metadata/")) == []
    assert [info.key.split("/", 2)[2] for info in home.store.list("trash/")] == [
        "metadata/a.jpg.json"
    ]


def test_a_folder_removed_or_moved_by_hand_is_followed(home: Home) -> None:
    with working(home, ToldRecognizer()):
        home.store.put("uploads/old/a.jpg", PICTURE)
        home.store.put("uploads/old/b.jpg", OTHER)
        for name in "ab":
            wait_for(is_tagged(home, f"uploads/old/{name}.jpg"))
        (home.store.root / "uploads/old").rename(home.store.root / "uploads/new")
        for name in "ab":
            wait_for(is_tagged(home, f"uploads/new/{name}.jpg"))
        wait_for(lambda: record(home, "uploads/old/a.jpg") is None)
        shutil.rmtree(home.store.root / "uploads/new")
        for name in "ab":
            wait_for(lambda name=name: record(home, f"uploads/new/{name}.jpg") is None)


def test_another_tools_document_is_shown_and_adopted(home: Home) -> None:
    recognizer = ToldRecognizer()
    with working(home, recognizer):
        (home.store.root / "metadata/a.jpg.json").write_text('["Wolf", "Snow"]')
        (home.store.root / "uploads/a.jpg").write_bytes(PICTURE)
        wait_for(lambda: (found := record(home, "uploads/a.jpg")) and found.thumbnails)
    found = record(home, "uploads/a.jpg")
    assert found is not None
    assert sorted(name for name, _ in found.labels) == ["Snow", "Wolf"]
    assert recognizer.seen == 0


def test_a_library_from_elsewhere_is_adopted_also_when_it_was_indexed_first(home: Home) -> None:
    recognizer = ToldRecognizer()
    (home.store.root / "uploads/a.jpg").write_bytes(PICTURE)
    (home.store.root / "metadata/a.jpg.json").write_text('{"labels": [{"name": "Wolf"}]}')
    home.indexer.reindex()
    with working(home, recognizer):
        wait_for(lambda: (found := record(home, "uploads/a.jpg")) and found.thumbnails)
    assert recognizer.seen == 0


def test_what_is_gone_and_comes_back_as_it_was_is_adopted_again(home: Home) -> None:
    picture, document = home.store.root / "uploads/a.jpg", home.store.root / "metadata/a.jpg.json"
    reconciler = Reconciler(home.store, home.journal, home.database, home.indexer)

    def sent() -> list[str]:
        """Return what is sent to be tagged."""
        events = []
        while message := home.journal.receive("tag", lease_seconds=60):
            home.journal.done(message)
            events.append(message.body["Records"][0]["eventName"])
        return events

    for _ in range(2):
        document.write_text('["Wolf"]')
        picture.write_bytes(PICTURE)
        reconciler.look_at(["uploads/a.jpg"])
        assert sent() == ["ObjectCreated:Put"]
        picture.unlink()
        document.unlink()
        home.indexer.index("uploads/a.jpg")  # and back before anybody has looked


def test_a_document_edited_by_hand_is_indexed(home: Home) -> None:
    with working(home, ToldRecognizer()):
        home.store.put("uploads/a.jpg", PICTURE)
        wait_for(is_tagged(home, "uploads/a.jpg"))
        path = home.store.path("metadata/a.jpg.json")
        path.write_text(path.read_text().replace('"Dog"', '"Beagle"'))
        wait_for(lambda: record(home, "uploads/a.jpg").labels == [("Beagle", 97.5)])  # type: ignore[union-attr]


def test_tagging_again_when_asked(home: Home) -> None:
    recognizer = ToldRecognizer()
    with working(home, recognizer):
        home.store.put("uploads/a.jpg", PICTURE)
        wait_for(is_tagged(home, "uploads/a.jpg"))
        recognizer.labels = {"Cat": 88.0}
        home.journal.tag_again("uploads/a.jpg")
        wait_for(lambda: document(home, "uploads/a.jpg")["Labels"][0]["Name"] == "Cat")


def test_an_unexpected_fault_of_the_recogniser_is_tried_again_then_an_answer(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.consumer._RETRY_SECONDS", 0.0)

    def fault() -> None:
        raise RuntimeError("a bug in a library")

    recognizer = ToldRecognizer()
    recognizer.before = fault
    with working(home, recognizer):
        home.store.put("uploads/a.jpg", PICTURE)
        wait_for(lambda: (found := record(home, "uploads/a.jpg")) and found.status == "failed")
        wait_for(lambda: home.journal.waiting("tag") == 0)
        assert recognizer.seen == 3
        recognizer.before = None
        home.store.put("uploads/b.jpg", OTHER)  # everything else goes on
        wait_for(is_tagged(home, "uploads/b.jpg"))


def test_an_unchanged_library_gives_nothing_to_do(home: Home) -> None:
    recognizer = ToldRecognizer()
    with working(home, recognizer) as worker:
        home.store.put("uploads/a.jpg", PICTURE)
        home.store.put("uploads/letter.jpg", text())
        wait_for(is_tagged(home, "uploads/a.jpg"))
        wait_for(lambda: (found := record(home, "uploads/letter.jpg")) and found.error_code)
        wait_for(lambda: home.journal.waiting("tag") + home.journal.waiting("index") == 0)
        assert worker._reconciler.once() == 0
        assert home.journal.waiting("tag") + home.journal.waiting("index") == 0
    assert recognizer.seen == 1


def test_a_catalog_that_was_lost_is_filled_again(home: Home) -> None:
    recognizer = ToldRecognizer()
    with working(home, recognizer):
        home.store.put("uploads/a.jpg", PICTURE)
        wait_for(is_tagged(home, "uploads/a.jpg"))
    home.database.close()
    for path in home.ours.glob("catalog.sqlite*"):
        path.unlink()
    again = open_home(str(home.store.root))
    assert record(again, "uploads/a.jpg") is None
    with working(again, recognizer):
        wait_for(is_tagged(again, "uploads/a.jpg"))
    again.close()
    assert recognizer.seen == 1


def test_what_lies_in_the_trash_unknown_is_shown_there(home: Home) -> None:
    folder = trash_folder(utc_now(), "00000000")
    (home.store.root / folder / "uploads").mkdir(parents=True)
    (home.store.root / folder / "uploads/a.jpg").write_bytes(PICTURE)
    with home.database.reading() as connection:
        assert reads.find_by_key(connection, "uploads/a.jpg") is None
    worker = Worker(home, ToldRecognizer())
    home.database.set_needs_reindex(False)
    assert worker._reconciler.once() == 1
    assert worker._reconciler.once() == 0


def test_a_picture_gone_before_the_catalog_is_filled_again_is_cleared_away_after(
    home: Home,
) -> None:
    home.store.put("uploads/a.jpg", PICTURE)
    home.indexer.index("uploads/a.jpg")
    while (message := home.journal.receive("tag", lease_seconds=60)) is not None:
        home.journal.done(message)
    (home.store.root / "uploads/a.jpg").unlink()
    home.database.set_needs_reindex(True)
    Worker(home, ToldRecognizer())._reconciler.once()
    told = home.journal.receive("index", lease_seconds=60)
    assert told is not None
    assert told.body["Records"][0]["eventName"] == "ObjectRemoved:Delete"


def test_a_restore_that_was_stopped_half_way_is_back_in_the_trash_and_can_be_done_again(
    home: Home,
) -> None:
    key, about = "uploads/a.jpg", "metadata/a.jpg.json"
    library = Library(home.store, home.indexer, home.journal)
    with working(home, ToldRecognizer()):
        home.store.put(key, PICTURE)
        wait_for(is_tagged(home, key))
        library.edit_labels(key, ["Rex"], [], by="person")
        before = home.store.read(about)[0]
        library.delete(key)
        wait_for(lambda: home.journal.waiting("index") == 0)
    for info in list(home.store.list("trash/")):
        place = info.key.split("/", 2)[2]
        if place != key:
            home.store.copy(info.key, place)  # the picture itself would have come last
    with working(home, ToldRecognizer()):
        wait_for(lambda: not list(home.store.list("metadata/")))
        wait_for(lambda: not list(home.store.list("thumbs/")))
    library.restore(key)
    assert home.store.read(about)[0] == before
    assert is_tagged(home, key)()


def test_the_trash_is_emptied_after_thirty_days(home: Home) -> None:
    library = Library(home.store, home.indexer, home.journal)
    home.store.put("uploads/red.png", PICTURE)
    home.store.put("uploads/blue.png", OTHER)
    library.delete("uploads/red.png")
    days = 0

    def compare() -> set[str]:
        now = utc_now() + timedelta(days=days)
        reconciler = Reconciler(
            home.store, home.journal, home.database, home.indexer, clock=lambda: now
        )
        reconciler.once()
        with home.database.reading() as connection:
            return {found.key for found in reads.trashed(connection, 10)}

    days = 29
    assert compare() == {"uploads/red.png"}
    days = 31
    assert compare() == set()
    assert list(home.store.list("trash/")) == []
    assert home.store.head("uploads/blue.png")


def test_leftovers_of_interrupted_uploads_are_cleared_away(home: Home) -> None:
    left = home.store.root / "uploads/.left.taglight-tmp"
    left.write_bytes(b"x")
    assert home.folder
    with home.folder.writer("uploads/a.jpg", size=len(PICTURE), sha256=None) as writer:
        Worker(home, ToldRecognizer())._reconciler.once()
        assert not left.exists()
        writer.write(PICTURE)
        writer.commit()  # what is being written was left alone
    assert home.store.read("uploads/a.jpg")[0] == PICTURE


def test_a_library_that_is_not_there_loses_nothing(home: Home) -> None:
    with working(home, ToldRecognizer()) as worker:
        home.store.put("uploads/a.jpg", PICTURE)
        wait_for(is_tagged(home, "uploads/a.jpg"))
        wait_for(lambda: home.journal.waiting("index") == 0)
    aside = home.store.root / "uploads-unplugged"
    (home.store.root / "uploads").rename(aside)
    with pytest.raises(StoreUnavailableError, match="missing"):
        worker._reconciler.once()
    aside.rename(home.store.root / "uploads")
    assert home.journal.waiting("index") == 0
    assert is_tagged(home, "uploads/a.jpg")()


def test_a_picture_that_kills_the_worker_is_given_up_before_it_does_so_again(home: Home) -> None:
    def die() -> None:
        raise Stopped

    recognizer = ToldRecognizer()
    recognizer.before = die
    home.store.put("uploads/killer.jpg", PICTURE)
    home.indexer.mark_pending("uploads/killer.jpg")
    for _ in range(3):
        worker = Worker(home, recognizer)
        home.journal.release_all()
        with pytest.raises(Stopped):
            worker._tagging.work_one()
    with pytest.raises(ObjectNotFoundError):
        home.store.head("thumbs/killer.jpg/320.webp")
    home.journal.release_all()
    worker = Worker(home, recognizer)
    assert worker._tagging.work_one()  # laid aside without another try
    assert recognizer.seen == 3
    assert document(home, "uploads/killer.jpg")["Tagging"]["Status"] == "failed"
    worker._reconciler.once()
    assert home.journal.waiting("tag") == 0
