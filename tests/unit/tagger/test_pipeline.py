"""One picture, from key to document: what people find in the store and the index afterwards."""

import io

import pytest
from PIL import Image

from catalog.document import Edit, write_document
from catalog.errors import PreconditionFailedError, StoreRefusedError
from catalog.keys import thumbnail_key
from tagger.imaging import Limits
from tagger.pipeline import Tagger, TaggingSettings
from tests import pictures
from tests.fakes import Stopped
from tests.pipeline_house import COPY, DOCUMENT, FOREIGN, KEY, NOW, House, picture


def test_a_picture_gets_document_thumbnails_and_row(house: House) -> None:
    house.add(pictures.with_exif())
    house.index.names[KEY] = "our beach.jpg"
    house.tagger.tag(KEY)
    document = house.document()
    image = document.image
    assert (image.key, image.name, image.content_type) == (KEY, "our beach.jpg", "image/jpeg")
    assert (image.width, image.height, image.size) == (120, 80, len(pictures.with_exif()))
    assert (image.taken_at, image.camera) == ("2026-11-21T09:12:03", "Canon EOS R6")
    assert image.uploaded_at == "2026-01-01T00:00:00Z"
    assert image.sha256 == image.etag == house.store.head(KEY).etag
    tagging = document.tagging
    assert tagging and (tagging.status, tagging.recognizer, tagging.error) == (
        "tagged",
        "fake",
        None,
    )
    assert (tagging.min_confidence, tagging.max_labels) == (30.0, 100)
    assert tagging.tagged_at == "2026-11-22T16:04:56Z"
    assert [label.name for label in document.labels][1:] == ["Colour"]
    assert document.label_model_version == "fake-1"
    assert document.properties and document.properties.dominant_colors
    assert [(t.key, t.width, t.height) for t in document.thumbnails] == [
        (thumbnail_key(KEY, 320), 120, 80),
        (thumbnail_key(KEY, 1280), 120, 80),
    ]
    for thumbnail in document.thumbnails:
        data = house.store.read(thumbnail.key)[0]
        assert Image.open(io.BytesIO(data)).format == "WEBP"
    assert house.index.rows[KEY][1] == house.store.read(DOCUMENT)[0]


def test_nothing_about_the_place_is_kept(house: House) -> None:
    house.add(pictures.with_exif(gps=True))
    house.tagger.tag(KEY)
    assert b"gps" not in house.store.read(DOCUMENT)[0].lower()


def test_without_a_known_name_the_key_tells_it(house: House) -> None:
    house.add()
    house.tagger.tag(KEY)
    assert house.document().image.name == "beach-0a1b2c3d.jpg"


def test_a_picture_is_pending_before_it_is_opened(house: House) -> None:
    house.add()
    house.recognizer.raises = Stopped()
    with pytest.raises(Stopped):
        house.tagger.tag(KEY)
    assert house.index.rows[KEY] == (picture("red"), None)


def test_what_is_tagged_is_left_alone(house: House) -> None:
    house.add()
    house.tagger.tag(KEY)
    effects = house.effects()
    house.tagger.tag(KEY)
    house.tagger.tag(KEY, last_attempt=True)
    assert effects == []
    assert house.recognizer.asked == 1


def test_tagging_again_keeps_edits_and_unknown_fields(house: House) -> None:
    house.add()
    house.tagger.tag(KEY)
    document = house.document()
    document.added = [Edit("Rex", "person", "2026-11-22T17:00:00Z")]
    document.removed = [Edit("Colour", "person", "2026-11-22T17:00:00Z")]
    document.extra = {"Album": {"Name": "Summer"}}
    document.image.extra = {"Rating": 5}
    house.write(write_document(document))
    house.now = NOW.replace(hour=18)
    house.tagger.tag(KEY, again=True)
    after = house.document()
    assert house.recognizer.asked == 2
    assert after.tagging and after.tagging.tagged_at == "2026-11-22T18:04:56Z"
    assert [label.name for label in after.shown_labels()] == ["Rex", "Red"]
    assert after.extra == {"Album": {"Name": "Summer"}}
    assert after.image.extra == {"Rating": 5}


def test_a_replaced_picture_is_tagged_anew(house: House) -> None:
    house.add()
    house.tagger.tag(KEY)
    house.add(picture("blue"))
    house.tagger.tag(KEY)
    assert house.labels() == ["Blue", "Colour"]
    assert house.document().image.sha256 == house.store.head(KEY).etag


def test_the_same_bytes_under_another_etag_are_not_recognised_again(house: House) -> None:
    house.add()
    house.tagger.tag(KEY)
    document = house.document()
    document.image.etag = "the-etag-it-had-on-s3"
    house.write(write_document(document))
    house.tagger.tag(KEY)
    assert house.recognizer.asked == 1
    assert house.document().image.etag == house.store.head(KEY).etag


def test_lost_thumbnails_are_made_again_without_recognising(house: House) -> None:
    house.add()
    house.tagger.tag(KEY)
    before = house.store.read(DOCUMENT)[0]
    house.store.delete(thumbnail_key(KEY, 320))
    house.tagger.tag(KEY)
    assert thumbnail_key(KEY, 320) in house.store.keys("thumbs/")
    assert house.recognizer.asked == 1
    assert house.store.read(DOCUMENT)[0] == before


@pytest.mark.parametrize("document", FOREIGN)
def test_another_tools_document_is_adopted(house: House, document: bytes) -> None:
    house.add()
    house.write(document)
    house.tagger.tag(KEY)
    adopted = house.document()
    assert house.recognizer.asked == 0
    assert house.labels() == ["Dune"]
    assert adopted.tagging is None
    assert (adopted.image.width, adopted.image.height) == (60, 40)
    assert {t.key for t in adopted.thumbnails} == house.store.keys("thumbs/")
    assert adopted.properties and adopted.properties.dominant_colors[0].simplified_color == "red"
    effects = house.effects()
    house.tagger.tag(KEY)
    assert effects == []
    assert house.index.rows[KEY][1] == house.store.read(DOCUMENT)[0]


def test_unknown_fields_of_another_tool_are_kept(house: House) -> None:
    house.add()
    house.write(FOREIGN[0])
    house.tagger.tag(KEY)
    assert house.document().extra == {"ResponseMetadata": {"HTTPStatusCode": 200}}
    assert house.document().label_model_version == "3.0"


def test_an_adopted_picture_is_recognised_when_asked(house: House) -> None:
    house.add()
    house.write(FOREIGN[0])
    house.tagger.tag(KEY)
    house.tagger.tag(KEY, again=True)
    assert house.labels() == ["Red", "Colour"]
    assert house.document().extra == {"ResponseMetadata": {"HTTPStatusCode": 200}}


def test_an_adopted_picture_that_cannot_be_read_keeps_its_labels(house: House) -> None:
    house.add(pictures.truncated())
    house.write(FOREIGN[0])
    house.tagger.tag(KEY)
    assert house.error() == "truncated"
    assert house.labels() == ["Dune"]
    house.add()
    house.tagger.tag(KEY)
    assert house.document().tagging is None
    assert house.labels() == ["Dune"]
    assert house.recognizer.asked == 0


def test_another_tool_that_writes_meanwhile_wins(house: House) -> None:
    house.add()

    def write_first(operation: str, key: str) -> None:
        if key == DOCUMENT:
            house.store.before_effect = None
            house.write(FOREIGN[0])

    house.store.before_effect = write_first
    house.tagger.tag(KEY)
    assert house.labels() == ["Dune"]
    assert len(house.document().thumbnails) == 2


def test_a_person_who_edits_meanwhile_wins(house: House) -> None:
    house.add()
    house.tagger.tag(KEY)

    def edit_first(operation: str, key: str) -> None:
        if key == DOCUMENT:
            house.store.before_effect = None
            house.library.edit_labels(KEY, ["Rex"], ["Colour"], by="person")

    house.now = NOW.replace(hour=18)
    house.store.before_effect = edit_first
    house.tagger.tag(KEY, again=True)
    assert [label.name for label in house.document().shown_labels()] == ["Rex", "Red"]


def test_a_document_that_makes_no_sense_is_left_until_a_person_asks(house: House) -> None:
    house.add()
    house.write(b"{")
    house.tagger.tag(KEY)
    assert house.store.read(DOCUMENT)[0] == b"{"
    assert house.index.rows[KEY][1] == b"{"
    house.tagger.tag(KEY, again=True)
    assert house.labels() == ["Red", "Colour"]
    trashed = [house.store.read(key)[0] for key in house.store.keys("trash/")]
    assert trashed == [b"{"], "nothing is lost"


@pytest.mark.parametrize("key", ["metadata/a.jpg.json", "thumbs/a/320.webp", "uploads/", "x", ""])
def test_keys_that_are_no_pictures_are_ignored(house: House, key: str) -> None:
    house.tagger.tag(key)
    house.tagger.removed(key)
    assert house.store.objects == {}


def test_a_picture_that_never_stands_still_comes_again_later(house: House) -> None:
    house.add()
    count = 0

    def change(operation: str, key: str) -> None:
        nonlocal count
        if key == DOCUMENT:
            count += 1
            house.store.objects[KEY] = (b"", house.store.objects[KEY][1])
            house.store.before_effect = None
            house.add(picture("blue") + bytes(count))
            house.store.before_effect = change

    house.store.before_effect = change
    with pytest.raises(PreconditionFailedError):
        house.tagger.tag(KEY)


@pytest.mark.parametrize("name", ["chelsea", "coffee", "china"])
def test_photographs_go_the_whole_way(house: House, name: str) -> None:
    house.add(pictures.photograph(name))
    house.tagger.tag(KEY)
    document = house.document()
    assert document.status == "tagged"
    assert document.image.width == Image.open(io.BytesIO(pictures.photograph(name))).width


def test_what_is_too_large_is_not_read_at_all() -> None:
    house = House(TaggingSettings(limits=Limits(max_bytes=1000)))
    house.add()
    house.tagger.tag(KEY)
    house.add(bytes(5000))
    opened: list[str] = []
    house.store.open = lambda key: opened.append(key)
    house.tagger.tag(KEY)
    assert (house.error(), opened) == ("too_large", [])
    document = house.document()
    assert (document.image.size, document.image.sha256, document.image.width) == (5000, "", None)
    assert (document.labels, document.thumbnails, house.store.keys("thumbs/")) == ([], [], set())


def test_a_role_that_may_not_write_thumbnails_still_gets_labels(house: House) -> None:
    def refuse(operation: str, key: str) -> None:
        if key.startswith("thumbs/"):
            raise StoreRefusedError("The bucket says no.")

    house.store.before_effect = refuse
    house.add()
    house.tagger.tag(KEY)
    assert house.labels() == ["Red", "Colour"]
    assert house.document().thumbnails == []


def test_what_happens_is_told_to_those_who_count() -> None:
    house = House()
    heard: list[str] = []
    tagger = Tagger(house.store, house.index, house.recognizer, tell=heard.append)
    house.add()
    house.add(key=COPY)
    house.store.put("uploads/bad.jpg", pictures.text())
    for key in (KEY, COPY, "uploads/bad.jpg", KEY):
        tagger.tag(key, last_attempt=True)
    assert heard == ["recognized", "tagged", "copied", "tagged", "failed"]
