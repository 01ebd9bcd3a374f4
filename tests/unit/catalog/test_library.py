import pytest

from catalog.document import Document, Label, Tagging, read_document, write_document
from catalog.errors import (
    DocumentError,
    ImageNotFoundError,
    NotInTrashError,
    NotTaggedYetError,
    PreconditionFailedError,
)
from catalog.keys import metadata_key
from catalog.storage import ObjectInfo
from tests.house import KEY, START, House


@pytest.fixture
def house() -> House:
    return House()


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
