from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from catalog.document import Document, ImageFacts, Label, Tagging, read_document, write_document
from catalog.errors import (
    DocumentError,
    ImageNotFoundError,
    KeyTakenError,
    NotInTrashError,
    NotTaggedYetError,
    PreconditionFailedError,
)
from catalog.keys import metadata_key, split_trash_key, thumbnail_key, trash_key
from catalog.library import Library
from catalog.storage import ObjectInfo
from tests.fakes import FakeIndex, FakeQueue, MemoryStore, Stopped

KEY = "uploads/2026/11/dog.jpg"
START = datetime(2026, 11, 22, 16, 0, 0, tzinfo=UTC)


class House:
    """A library on fakes, with a clock that a test moves."""

    def __init__(self) -> None:
        self.now = START
        self.store = MemoryStore()
        self.store.modified = START
        self.index = FakeIndex(self.store)
        self.queue = FakeQueue()
        self.library = Library(self.store, self.index, self.queue, clock=lambda: self.now)

    def add(self, key: str = KEY, content: bytes = b"picture", labels: str = "Dog Wolf") -> None:
        self.store.put(key, content)
        document = Document(
            image=ImageFacts(key=key),
            tagging=Tagging("tagged"),
            labels=[Label(name, 80.0) for name in labels.split()],
        )
        self.store.put(metadata_key(key), write_document(document))
        for width in (320, 1280):
            self.store.put(thumbnail_key(key, width), content + b" small")
        self.index.index(key)

    def later(self, **by: int) -> None:
        self.now += timedelta(**by)
        self.store.modified = self.now

    def everything_about(self, key: str) -> dict[str, bytes]:
        live = (key, metadata_key(key), thumbnail_key(key, 320), thumbnail_key(key, 1280))
        return {name: self.store.read(name)[0] for name in live if name in self.store.objects}

    def shown(self, key: str = KEY) -> list[str]:
        document = read_document(self.store.read(metadata_key(key))[0])
        return [f"{label.name} {label.confidence:g}" for label in document.shown_labels()]


@pytest.fixture
def house() -> House:
    return House()


def test_a_deleted_picture_is_gone_at_once_and_whole_in_the_trash(house: House) -> None:
    house.add()
    house.add("uploads/other.jpg")
    before = house.everything_about("uploads/other.jpg")
    house.library.delete(KEY)
    assert house.everything_about(KEY) == {}
    assert house.everything_about("uploads/other.jpg") == before
    assert KEY not in house.index.rows
    (folder,) = house.index.trash
    assert folder.startswith("trash/20261122T160000Z-")
    assert house.store.read(folder + KEY)[0] == b"picture"
    assert read_document(house.store.read(folder + metadata_key(KEY))[0]).labels


def test_undo_brings_everything_back(house: House) -> None:
    house.add()
    before = house.everything_about(KEY)
    house.library.delete(KEY)
    house.library.restore(KEY)
    assert house.everything_about(KEY) == before
    assert house.store.keys("trash/") == set()
    assert house.index.trash == {}
    assert house.index.rows[KEY] == (b"picture", before[metadata_key(KEY)])


def test_a_picture_that_waits_can_be_deleted_and_restored(house: House) -> None:
    house.store.put(KEY, b"picture")
    house.library.delete(KEY)
    house.library.restore(KEY)
    assert house.everything_about(KEY) == {KEY: b"picture"}
    assert house.index.rows[KEY] == (b"picture", None)


def test_only_the_pictures_own_thumbnails_are_removed(house: House) -> None:
    house.add("uploads/a")
    house.add("uploads/a/b")
    house.add("uploads/a/320.webp")
    house.library.delete("uploads/a")
    assert house.everything_about("uploads/a") == {}
    assert len(house.everything_about("uploads/a/b")) == 4
    assert len(house.everything_about("uploads/a/320.webp")) == 4


def test_of_two_in_the_trash_the_latest_comes_back_first(house: House) -> None:
    house.add(content=b"first")
    house.library.delete(KEY)
    house.later(seconds=1)
    house.add(content=b"second", labels="Cat")
    house.library.delete(KEY)
    house.library.restore(KEY)
    assert house.store.read(KEY)[0] == b"second"
    assert house.shown() == ["Cat 80"]
    with pytest.raises(KeyTakenError):
        house.library.restore(KEY)
    assert house.store.read(KEY)[0] == b"second"
    house.later(seconds=1)
    house.library.delete(KEY)
    house.library.restore(KEY)
    assert house.store.read(KEY)[0] == b"second"
    house.store.delete(KEY)
    house.store.delete(metadata_key(KEY))
    house.library.restore(KEY)
    assert house.store.read(KEY)[0] == b"first"
    assert house.shown() == ["Dog 80", "Wolf 80"]


def test_within_one_second_the_latest_is_the_one_last_written(house: House) -> None:
    for content in (b"1", b"2", b"3", b"4"):
        house.add(content=content)
        house.library.delete(KEY)
        house.later(milliseconds=1)
    for content in (b"4", b"3", b"2", b"1"):
        house.library.restore(KEY)
        assert house.store.read(KEY)[0] == content
        house.store.delete(KEY)
        house.store.delete(metadata_key(KEY))
    with pytest.raises(NotInTrashError):
        house.library.restore(KEY)


def test_a_restore_over_a_picture_changes_nothing(house: House) -> None:
    house.add(content=b"old")
    house.library.delete(KEY)
    house.add(content=b"new", labels="Cat")
    before = dict(house.store.objects)
    with pytest.raises(KeyTakenError):
        house.library.restore(KEY)
    assert house.store.objects == before


def test_a_picture_that_arrives_during_the_restore_keeps_its_place(house: House) -> None:
    house.add(content=b"old")
    house.library.delete(KEY)
    trashed = house.store.keys("trash/")

    def arrive(operation: str, key: str) -> None:
        if (operation, key) == ("copy", KEY):
            house.store.before_effect = None
            house.store.put(KEY, b"new")

    house.store.before_effect = arrive
    with pytest.raises(KeyTakenError):
        house.library.restore(KEY)
    assert house.store.read(KEY)[0] == b"new"
    assert metadata_key(KEY) not in house.store.objects
    assert house.store.keys("trash/") == trashed


@pytest.mark.parametrize("length", [1000, 1015])
def test_names_at_the_limit_go_to_the_trash_and_back(house: House, length: int) -> None:
    key = "uploads/" + "/".join(["n" * 200] * 5)[:length]
    key += "x" * (length - len(key.removeprefix("uploads/")))
    house.add(key)
    before = house.everything_about(key)
    house.library.delete(key)
    assert house.everything_about(key) == {}
    house.library.restore(key)
    assert house.everything_about(key) == before


@pytest.mark.parametrize("key", ["uploads/nothing.jpg", "uploads/", "metadata/a.json", "x"])
def test_what_is_not_there_cannot_be_handled(house: House, key: str) -> None:
    for action in (house.library.delete, house.library.retry):
        with pytest.raises(ImageNotFoundError):
            action(key)
    with pytest.raises(ImageNotFoundError):
        house.library.edit_labels(key, ["Dog"], [], "me")
    with pytest.raises((NotInTrashError, ImageNotFoundError)):
        house.library.restore(key)
    assert house.store.objects == {}
    assert house.queue.asked == []


def test_deleting_twice_says_not_found(house: House) -> None:
    house.add()
    house.library.delete(KEY)
    with pytest.raises(ImageNotFoundError):
        house.library.delete(KEY)
    assert len(house.index.trash) == 1


def test_a_picture_replaced_during_the_delete_is_deleted_as_it_now_is(house: House) -> None:
    house.add(content=b"before")

    def replace(operation: str, key: str) -> None:
        if (operation, key) == ("delete", KEY):
            house.store.before_effect = None
            house.store.put(KEY, b"after!")

    house.store.before_effect = replace
    house.library.delete(KEY)
    (folder,) = house.index.trash
    assert house.store.read(folder + KEY)[0] == b"after!"


def test_a_document_written_during_the_delete_is_kept_as_it_now_is(house: House) -> None:
    house.add()
    newer = write_document(Document(tagging=Tagging("tagged"), labels=[Label("Newer", 90.0)]))

    def retag(operation: str, key: str) -> None:
        if (operation, key) == ("delete", KEY):
            house.store.before_effect = None
            house.store.put(metadata_key(KEY), newer)

    house.store.before_effect = retag
    house.library.delete(KEY)
    (folder,) = house.index.trash
    assert house.store.read(folder + metadata_key(KEY))[0] == newer
    assert house.everything_about(KEY) == {}


def test_a_picture_that_somebody_else_removed_meanwhile_is_in_the_trash(house: House) -> None:
    house.add()

    def remove(operation: str, key: str) -> None:
        if (operation, key) == ("delete", KEY):
            house.store.before_effect = None
            house.store.delete(KEY)

    house.store.before_effect = remove
    house.library.delete(KEY)
    house.library.restore(KEY)
    assert house.store.read(KEY)[0] == b"picture"


def test_a_picture_that_never_stands_still_is_left_alone(house: House) -> None:
    house.add()
    count = 0

    def replace(operation: str, key: str) -> None:
        nonlocal count
        if (operation, key) == ("delete", KEY):
            count += 1
            house.store.objects[KEY] = (b"v%d" % count, house.store.put("x", b"v%d" % count))

    house.store.before_effect = replace
    with pytest.raises(PreconditionFailedError):
        house.library.delete(KEY)
    assert house.store.read(KEY)[0] == b"v%d" % count
    assert not any(key.endswith(KEY) for key in house.store.keys("trash/"))


def stop_before(house: House, number: int) -> None:
    """End the process just before its effect of this number (0 is the first)."""
    left = number

    def count(operation: str, key: str) -> None:
        nonlocal left
        if left == 0:
            house.store.before_effect = None
            raise Stopped
        left -= 1

    house.store.before_effect = count


@pytest.mark.parametrize("number", range(20))
def test_a_delete_stopped_anywhere_loses_nothing_and_can_be_done_again(number: int) -> None:
    house = House()
    house.add()
    document = house.store.read(metadata_key(KEY))[0]
    stop_before(house, number)
    with suppress(Stopped):
        house.library.delete(KEY)
    house.store.before_effect = None
    live = KEY in house.store.objects
    if live:
        assert len(house.everything_about(KEY)) == 4
        house.later(seconds=1)
        house.library.delete(KEY)
    for name in house.everything_about(KEY):  # what the tagger clears up when it hears of it
        house.store.delete(name)
    house.library.restore(KEY)
    assert house.store.read(KEY)[0] == b"picture"
    assert house.store.read(metadata_key(KEY))[0] == document
    assert len(house.everything_about(KEY)) == 4


@pytest.mark.parametrize("number", range(20))
def test_a_restore_stopped_anywhere_loses_nothing(number: int) -> None:
    house = House()
    house.add()
    document = house.store.read(metadata_key(KEY))[0]
    house.library.delete(KEY)
    stop_before(house, number)
    with suppress(Stopped):
        house.library.restore(KEY)
    house.store.before_effect = None
    if KEY not in house.store.objects:
        house.library.restore(KEY)
    assert house.store.read(KEY)[0] == b"picture"
    assert house.store.read(metadata_key(KEY))[0] == document
    assert len(house.everything_about(KEY)) == 4


def test_a_document_that_is_already_in_place_stays(house: House) -> None:
    house.add()
    house.library.delete(KEY)
    other = write_document(Document(tagging=Tagging("tagged"), labels=[Label("Other", 90.0)]))
    house.store.put(metadata_key(KEY), other)
    house.library.restore(KEY)
    assert house.store.read(metadata_key(KEY))[0] == other
    assert any(split_trash_key(key) for key in house.store.keys("trash/"))


def test_retry_asks_the_tagger(house: House) -> None:
    house.add()
    house.library.retry(KEY)
    assert house.queue.asked == [KEY]


def test_labels_are_added_and_rejected_and_taken_back(house: House) -> None:
    house.add()
    document = house.library.edit_labels(KEY, ["  Rex  the dog "], ["wolf"], "me")
    assert house.shown() == ["Rex the dog 100", "Dog 80"]
    assert [(edit.name, edit.by, edit.at) for edit in document.removed] == [
        ("Wolf", "me", "2026-11-22T16:00:00Z")
    ]
    assert house.index.rows[KEY][1] == write_document(document)
    house.library.edit_labels(KEY, ["WOLF"], ["rex the Dog"], "me")
    assert house.shown() == ["Dog 80", "Wolf 80"]
    document = read_document(house.store.read(metadata_key(KEY))[0])
    assert (document.added, document.removed) == ([], [])


def test_adding_what_the_machine_saw_makes_it_sure(house: House) -> None:
    house.add()
    house.library.edit_labels(KEY, ["dog"], [], "me")
    assert house.shown() == ["Dog 100", "Wolf 80"]
    house.library.edit_labels(KEY, [], ["DOG"], "me")
    assert house.shown() == ["Wolf 80"]


def test_the_same_edit_again_writes_nothing(house: House) -> None:
    house.add()
    house.library.edit_labels(KEY, ["Rex"], ["Wolf", "Unicorn"], "me")
    written = house.store.objects[metadata_key(KEY)]
    house.later(hours=1)
    house.library.edit_labels(KEY, ["rex"], ["wolf"], "someone else")
    assert house.store.objects[metadata_key(KEY)] is written


def test_an_edit_that_changes_nothing_leaves_another_tools_document_as_it_is(house: House) -> None:
    house.store.put(KEY, b"picture")
    house.store.put(metadata_key(KEY), b'["Dog"]')
    house.library.edit_labels(KEY, [], ["Unicorn"], "me")
    assert house.store.read(metadata_key(KEY))[0] == b'["Dog"]'
    house.library.edit_labels(KEY, ["Rex"], [], "me")
    assert house.shown() == ["Dog 100", "Rex 100"]


def test_two_people_at_once_lose_no_edit(house: House) -> None:
    house.add()

    def another(operation: str, key: str) -> None:
        house.store.before_effect = None
        house.library.edit_labels(KEY, ["Theirs"], ["Dog"], "them")

    house.store.before_effect = another
    document = house.library.edit_labels(KEY, ["Mine"], [], "me")
    assert house.shown() == ["Mine 100", "Theirs 100", "Wolf 80"]
    assert {edit.by for edit in document.added} == {"me", "them"}


def test_an_edit_survives_the_picture_being_tagged_at_the_same_time(house: House) -> None:
    house.add()

    def retag(operation: str, key: str) -> None:
        house.store.before_effect = None
        house.store.put(
            metadata_key(KEY),
            write_document(Document(tagging=Tagging("tagged"), labels=[Label("Puppy", 70.0)])),
        )

    house.store.before_effect = retag
    house.library.edit_labels(KEY, ["Rex"], ["Dog"], "me")
    assert house.shown() == ["Rex 100", "Puppy 70"]


def test_a_document_that_never_stands_still_is_given_up(house: House) -> None:
    house.add()
    count = 0

    def change(operation: str, key: str) -> None:
        nonlocal count
        count += 1
        data = b'["Dog", "%d"]' % count
        house.store.objects[key] = (data, ObjectInfo(key, len(data), str(count), START))

    house.store.before_effect = change
    with pytest.raises(PreconditionFailedError):
        house.library.edit_labels(KEY, ["Rex"], [], "me")
    assert 1 < count < 20


def test_a_waiting_picture_cannot_be_corrected_yet(house: House) -> None:
    house.store.put(KEY, b"picture")
    with pytest.raises(NotTaggedYetError, match="waiting to be tagged"):
        house.library.edit_labels(KEY, ["Dog"], [], "me")


def test_a_document_that_makes_no_sense_is_not_written_over(house: House) -> None:
    house.store.put(KEY, b"picture")
    house.store.put(metadata_key(KEY), b"{")
    with pytest.raises(DocumentError, match="not valid JSON"):
        house.library.edit_labels(KEY, ["Dog"], [], "me")
    assert house.store.read(metadata_key(KEY))[0] == b"{"


@pytest.mark.parametrize(
    ("add", "remove", "said"),
    [
        ([""], [], "needs a name"),
        ([" \t"], [], "needs a name"),
        (["a" * 101], [], "at most 100 characters"),
        (["a\x00b"], [], "control characters"),
        (["a\u202eb"], [], "control characters"),
        (["Dog"], ["dog"], "at once"),
        ([f"label {n}" for n in range(101)], [], "At most 100"),
    ],
)
def test_bad_names_get_a_sentence(
    house: House, add: list[str], remove: list[str], said: str
) -> None:
    house.add()
    before = dict(house.store.objects)
    with pytest.raises(DocumentError, match=said):
        house.library.edit_labels(KEY, add, remove, "me")
    assert house.store.objects == before


def test_a_trash_key_that_is_too_long_is_found_by_the_key_it_had() -> None:
    key = "uploads/" + "/".join("d" * 200 for _ in range(5))
    assert split_trash_key(trash_key("trash/20261122T160000Z-0123abcd/", key)) is not None
