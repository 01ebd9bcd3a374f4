"""One picture, from key to document: what people find in the store and the index afterwards."""

import io
from datetime import UTC, datetime
from functools import cache

import pytest
from PIL import Image

from catalog.document import Document, Edit, TaggingError, read_document, write_document
from catalog.errors import PreconditionFailedError, StoreRefusedError, StoreUnavailableError
from catalog.keys import metadata_key, thumbnail_key
from catalog.library import Library
from tagger.errors import RecognitionError
from tagger.imaging import Limits
from tagger.pipeline import Tagger, TaggingSettings
from tagger.recognizers.errors import RecognizerUnavailableError
from tests import pictures
from tests.fakes import FakeIndex, FakeQueue, FakeRecognizer, MemoryStore, Stopped

KEY = "uploads/2026/11/beach-0a1b2c3d.jpg"
DOCUMENT = metadata_key(KEY)
NOW = datetime(2026, 11, 22, 16, 4, 56, tzinfo=UTC)


@cache
def picture(color: str) -> bytes:
    return pictures.encode(Image.new("RGB", (60, 40), color), "png")


class House:
    """A tagger on fakes."""

    def __init__(self, settings: TaggingSettings | None = None) -> None:
        self.now = NOW
        self.store = MemoryStore()
        self.store.modified = datetime(2026, 1, 1, tzinfo=UTC)
        self.index = FakeIndex(self.store)
        self.recognizer = FakeRecognizer()
        self.tagger = Tagger(
            self.store, self.index, self.recognizer, settings, clock=lambda: self.now
        )
        self.library = Library(self.store, self.index, FakeQueue(), clock=lambda: self.now)

    def add(self, content: bytes = b"", key: str = KEY) -> None:
        self.store.put(key, content or picture("red"))

    def document(self, key: str = KEY) -> Document:
        return read_document(self.store.read(metadata_key(key))[0])

    def write(self, document: bytes) -> None:
        self.store.put(DOCUMENT, document)

    def labels(self, key: str = KEY) -> list[str]:
        return [label.name for label in self.document(key).labels]

    def effects(self) -> list[tuple[str, str]]:
        """Collect what is changed in the store from now on."""
        seen: list[tuple[str, str]] = []
        self.store.before_effect = lambda operation, key: seen.append((operation, key))
        return seen

    def error(self) -> str:
        tagging = self.document().tagging
        assert tagging and tagging.status == "failed" and tagging.error
        return tagging.error.code


@pytest.fixture
def house() -> House:
    return House()


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


FOREIGN = [
    b'{"Labels": [{"Name": "Dune", "Confidence": 97.5, "Parents": [{"Name": "Nature"}]}], '
    b'"LabelModelVersion": "3.0", "ResponseMetadata": {"HTTPStatusCode": 200}}',
    b'{"labels": [{"name": "Dune", "confidence": 0.975}]}',
    b'[{"Name": "Dune", "Confidence": 97.5}]',
    b'["Dune"]',
]


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


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (pictures.truncated(), "truncated"),
        (pictures.hundred_bytes(), "truncated"),
        (pictures.text(), "not_a_picture"),
        (pictures.html(), "not_a_picture"),
        (pictures.svg(), "unsupported"),
        (pictures.bomb(), "too_many_pixels"),
    ],
)
def test_what_cannot_be_read_fails_with_a_reason(house: House, content: bytes, code: str) -> None:
    house.add(content)
    house.tagger.tag(KEY)
    assert house.error() == code
    assert house.document().image.sha256 == house.store.head(KEY).etag
    assert house.recognizer.asked == 0
    assert house.store.keys("thumbs/") == set()
    effects = house.effects()
    house.tagger.tag(KEY)
    assert effects == []


def test_an_empty_file_fails_with_a_reason(house: House) -> None:
    house.store.put(KEY, b"")
    house.tagger.tag(KEY)
    assert house.error() == "empty"


def test_a_file_beyond_the_limit_fails_with_a_reason() -> None:
    house = House(TaggingSettings(limits=Limits(max_bytes=10)))
    house.add()
    house.tagger.tag(KEY)
    assert house.error() == "too_large"


def test_a_picture_that_was_replaced_by_a_bad_one_shows_nothing_old(house: House) -> None:
    house.add()
    house.tagger.tag(KEY)
    house.add(pictures.text())
    house.tagger.tag(KEY)
    assert house.error() == "not_a_picture"
    assert house.labels() == []
    assert (house.document().thumbnails, house.store.keys("thumbs/")) == ([], set())


def test_what_the_recogniser_refuses_fails_with_its_reason_and_has_thumbnails(
    house: House,
) -> None:
    house.add()
    house.recognizer.raises = RecognitionError("refused", "The recogniser refuses this picture.")
    house.tagger.tag(KEY)
    assert house.error() == "refused"
    assert len(house.document().thumbnails) == 2


def test_labels_are_not_lost_to_a_recogniser_that_refuses(house: House) -> None:
    house.add()
    house.tagger.tag(KEY)
    house.recognizer.raises = RecognitionError("refused", "The recogniser refuses this picture.")
    house.tagger.tag(KEY, again=True)
    assert house.labels() == ["Red", "Colour"]


@pytest.mark.parametrize("error", [RecognizerUnavailableError("busy"), StoreUnavailableError("x")])
def test_trouble_that_passes_is_passed_on(house: House, error: Exception) -> None:
    house.add()
    house.recognizer.raises = error
    with pytest.raises(type(error)):
        house.tagger.tag(KEY)
    assert DOCUMENT not in house.store.objects
    house.recognizer.raises = None
    house.tagger.tag(KEY)
    assert house.labels() == ["Red", "Colour"]


def test_the_last_attempt_leaves_an_answer_even_when_the_process_ends(house: House) -> None:
    house.add()
    house.recognizer.raises = Stopped()
    with pytest.raises(Stopped):
        house.tagger.tag(KEY, last_attempt=True)
    assert house.error() == "gave_up"
    house.recognizer.raises = None
    house.tagger.tag(KEY)
    assert house.error() == "gave_up", "what ends the process is not tried for ever"
    house.tagger.tag(KEY, again=True)
    assert house.labels() == ["Red", "Colour"]


def test_success_at_the_last_attempt_replaces_the_answer(house: House) -> None:
    house.add()
    house.tagger.tag(KEY, last_attempt=True)
    assert house.labels() == ["Red", "Colour"]
    assert house.document().status == "tagged"


def test_a_last_attempt_at_adopting_keeps_the_labels(house: House) -> None:
    house.add()
    house.write(FOREIGN[0])
    house.tagger.tag(KEY, last_attempt=True)
    assert (house.labels(), house.document().tagging) == (["Dune"], None)


def test_a_last_attempt_at_tagging_again_risks_no_labels(house: House) -> None:
    house.add()
    house.tagger.tag(KEY)
    house.recognizer.raises = Stopped()
    with pytest.raises(Stopped):
        house.tagger.tag(KEY, again=True, last_attempt=True)
    assert house.labels() == ["Red", "Colour"]


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


COPY = "uploads/2026/11/copy-0a1b2c3d.jpg"


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


WAITED = TaggingError("waited_too_long", "The recogniser was too busy for a day.")


def test_what_waited_too_long_fails_with_its_reason(house: House) -> None:
    house.add()
    house.tagger.fail(KEY, WAITED)
    assert house.error() == "waited_too_long"
    assert house.index.rows[KEY][1] == house.store.read(DOCUMENT)[0]
    house.tagger.tag(KEY, again=True)
    assert house.labels() == ["Red", "Colour"]
    house.tagger.fail(KEY, WAITED)
    assert house.labels() == ["Red", "Colour"], "an answer that is there stays"


def test_what_is_gone_needs_no_answer(house: House) -> None:
    house.tagger.fail(KEY, WAITED)
    assert house.store.objects == {}


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
