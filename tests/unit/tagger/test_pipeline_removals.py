"""Pictures that go and come: documents in the trash, and what is found there again."""

import pytest

from catalog.keys import thumbnail_key
from tests.fakes import Stopped
from tests.pipeline_house import DOCUMENT, KEY, NOW, House, picture


def test_a_picture_that_is_gone_takes_its_document_to_the_trash(house: House) -> None:
    house.add()
    house.tagger.tag(KEY)
    written = house.store.read(DOCUMENT)[0]
    house.store.delete(KEY)
    house.tagger.removed(KEY)
    (trashed,) = house.store.objects
    assert trashed.startswith("trash/") and trashed.endswith(f"/{DOCUMENT}")
    assert house.store.read(trashed)[0] == written
    assert house.index.rows == {}
    house.tagger.removed(KEY)
    assert set(house.store.objects) == {trashed}


def test_a_removal_that_was_stopped_makes_no_second_copy(house: House) -> None:
    house.add()
    house.tagger.tag(KEY)
    house.store.delete(KEY)

    def stop_at_delete(operation: str, key: str) -> None:
        if operation == "delete":
            raise Stopped

    house.store.before_effect = stop_at_delete
    with pytest.raises(Stopped):
        house.tagger.removed(KEY)
    house.store.before_effect = None
    house.tagger.removed(KEY)
    assert len(house.store.objects) == 1


def test_a_late_event_of_a_removal_changes_nothing(house: House) -> None:
    house.add()
    house.tagger.tag(KEY)
    effects = house.effects()
    house.tagger.removed(KEY)
    assert effects == []
    assert KEY in house.index.rows


def test_an_event_of_a_picture_that_is_gone_clears_away(house: House) -> None:
    house.add()
    house.tagger.tag(KEY)
    house.store.delete(KEY)
    house.tagger.tag(KEY)
    assert house.store.keys("metadata/") == house.store.keys("thumbs/") == set()


def test_only_its_own_thumbnails_go(house: House) -> None:
    inner = f"{KEY}/inner.png"
    house.add()
    house.add(picture("blue"), inner)
    house.tagger.tag(KEY)
    house.tagger.tag(inner)
    house.store.delete(KEY)
    house.tagger.removed(KEY)
    assert house.store.keys("thumbs/") == {thumbnail_key(inner, 320), thumbnail_key(inner, 1280)}
    assert house.labels(inner) == ["Blue", "Colour"]


@pytest.mark.parametrize("by_person", [True, False])
def test_the_same_bytes_that_come_back_find_their_labels_and_edits(
    house: House, by_person: bool
) -> None:
    house.add()
    house.tagger.tag(KEY)
    house.library.edit_labels(KEY, ["Rex"], [], by="person")
    if by_person:
        house.library.delete(KEY)
    else:
        house.store.delete(KEY)
    house.tagger.removed(KEY)
    in_trash = house.store.keys("trash/")
    house.store.modified = NOW
    house.add()
    house.tagger.tag(KEY)
    assert [label.name for label in house.document().shown_labels()] == ["Rex", "Red", "Colour"]
    assert house.recognizer.asked == 1
    assert house.document().image.uploaded_at == "2026-11-22T16:04:56Z"
    assert house.store.keys("trash/") == in_trash, "a copy comes back, the trash keeps its own"
    assert len(house.store.keys("thumbs/")) == 2


def test_other_bytes_under_a_trashed_key_are_recognised(house: House) -> None:
    house.add()
    house.tagger.tag(KEY)
    house.library.delete(KEY)
    house.add(picture("blue"))
    house.tagger.tag(KEY)
    assert house.labels() == ["Blue", "Colour"]


def test_the_trash_helps_at_the_last_attempt_too(house: House) -> None:
    house.add()
    house.tagger.tag(KEY)
    house.library.delete(KEY)
    house.add()
    house.tagger.tag(KEY, last_attempt=True)
    assert (house.labels(), house.recognizer.asked) == (["Red", "Colour"], 1)
