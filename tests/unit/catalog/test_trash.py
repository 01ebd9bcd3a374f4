from contextlib import suppress

import pytest

from catalog.document import Document, Label, Tagging, read_document, write_document
from catalog.errors import (
    ImageNotFoundError,
    KeyTakenError,
    NotInTrashError,
    PreconditionFailedError,
)
from catalog.keys import metadata_key, split_trash_key, trash_key
from tests.fakes import Stopped
from tests.house import KEY, House


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


def test_deleting_twice_says_not_found(house: House) -> None:
    house.add()
    house.library.delete(KEY)
    with pytest.raises(ImageNotFoundError):
        house.library.delete(KEY)
    assert len(house.index.trash) == 1


def test_what_is_left_of_a_picture_that_a_hand_removed_before_goes_to_the_trash(
    house: House,
) -> None:
    house.add()
    document = house.store.read(metadata_key(KEY))[0]
    del house.store.objects[KEY]
    with pytest.raises(ImageNotFoundError):
        house.library.delete(KEY)
    assert house.everything_about(KEY) == {}
    assert KEY not in house.index.rows
    (kept,) = house.store.keys("trash/")
    assert house.store.read(kept)[0] == document


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


def test_a_trash_key_that_is_too_long_is_found_by_the_key_it_had() -> None:
    key = "uploads/" + "/".join("d" * 200 for _ in range(5))
    assert split_trash_key(trash_key("trash/20261122T160000Z-0123abcd/", key)) is not None
