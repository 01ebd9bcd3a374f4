"""The same bytes under another key: their labels are copied where they would be the same."""

import pytest

from catalog.keys import thumbnail_key
from tagger.pipeline import Tagger, TaggingSettings
from tests.pipeline_house import COPY, DOCUMENT, FOREIGN, KEY, House, picture


def test_the_same_bytes_are_not_recognised_twice(house: House) -> None:
    house.add()
    house.tagger.tag(KEY)
    house.library.edit_labels(KEY, ["Rex"], [], by="person")
    house.add(key=COPY)
    house.tagger.tag(COPY)
    assert house.recognizer.asked == 1
    copy = house.document(COPY)
    assert [label.name for label in copy.shown_labels()] == ["Red", "Colour"], "edits are its own"
    assert copy.label_model_version == "fake-1"
    assert (copy.image.key, copy.image.name) == (COPY, "copy-0a1b2c3d.jpg")
    assert copy.tagging and copy.tagging.recognizer == "fake"
    assert {each.key for each in copy.thumbnails} == {
        thumbnail_key(COPY, 320),
        thumbnail_key(COPY, 1280),
    }


def test_a_wish_to_tag_again_is_no_copy(house: House) -> None:
    house.add()
    house.add(key=COPY)
    house.tagger.tag(KEY)
    house.tagger.tag(COPY)
    house.tagger.tag(COPY, again=True)
    assert house.recognizer.asked == 2


@pytest.mark.parametrize(
    "settings",
    [
        TaggingSettings(min_confidence=50),
        TaggingSettings(max_labels=1),
        TaggingSettings(image_properties=True),
    ],
)
def test_labels_found_with_other_settings_are_not_copied(
    house: House, settings: TaggingSettings
) -> None:
    house.add()
    house.tagger.tag(KEY)
    house.add(key=COPY)
    Tagger(house.store, house.index, house.recognizer, settings).tag(COPY)
    assert house.recognizer.asked == 2


@pytest.mark.parametrize("document", [*FOREIGN, b"{", None])
def test_only_the_recognisers_own_document_about_these_bytes_is_copied(
    house: House, document: bytes | None
) -> None:
    house.add()
    house.tagger.tag(KEY)
    if document is None:
        house.store.delete(DOCUMENT)
    else:
        house.write(document)
    house.add(key=COPY)
    house.tagger.tag(COPY)
    assert house.recognizer.asked == 2
    assert house.labels(COPY) == ["Red", "Colour"]


def test_a_document_about_other_bytes_by_now_is_not_copied(house: House) -> None:
    house.add()
    house.tagger.tag(KEY)
    stale = dict(house.index.rows)
    house.add(picture("blue"))
    house.tagger.tag(KEY)
    house.index.rows = stale
    house.add(key=COPY)
    house.tagger.tag(COPY)
    assert house.labels(COPY) == ["Red", "Colour"]
    assert house.recognizer.asked == 3
