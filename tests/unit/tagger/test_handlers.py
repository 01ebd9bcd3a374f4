"""What is done about each kind of event, whichever queue it came through."""

from dataclasses import dataclass, field

import pytest

from catalog.document import read_document
from catalog.keys import metadata_key
from catalog.storage.changes import ObjectChange, event_body
from tagger.events import ObjectChanged
from tagger.handlers import MAX_ATTEMPTS, Handlers
from tagger.pipeline import Tagger
from tagger.recognizers.errors import RecognizerUnavailableError
from tests import pictures
from tests.fakes import FakeIndex, FakeRecognizer, MemoryStore, Stopped

KEY = "uploads/a.png"
DOCUMENT = metadata_key(KEY)
FOREIGN = b'[{"Name": "Dune", "Confidence": 97.5}]'


@dataclass
class House:
    store: MemoryStore = field(default_factory=MemoryStore)
    announced: list[ObjectChange] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.index = FakeIndex(self.store)
        self.recognizer = FakeRecognizer()
        tagger = Tagger(self.store, self.index, self.recognizer)
        self.handlers = Handlers(self.store, self.index, tagger, self.announced.append)
        self.alone = Handlers(self.store, self.index, tagger)
        self.store.put(KEY, pictures.encode(pictures.asymmetric(), "png"))

    def error(self) -> str:
        tagging = read_document(self.store.read(DOCUMENT)[0]).tagging
        return tagging.error.code if tagging and tagging.error else ""


@pytest.fixture
def house() -> House:
    return House()


def created(key: str = KEY) -> ObjectChanged:
    return ObjectChanged("created", key)


def test_a_new_picture_is_tagged(house: House) -> None:
    house.handlers.handle_event(event_body(ObjectChange("ObjectCreated:Put", KEY)), 1)
    assert house.recognizer.asked == 1
    assert house.index.rows[KEY][1] == house.store.read(DOCUMENT)[0]


def test_a_change_of_the_document_of_a_picture_that_is_gone_unnoticed_clears_away(
    house: House,
) -> None:
    house.handlers.handle(created(), 1)
    del house.store.objects[KEY]
    house.store.put(DOCUMENT, house.store.read(DOCUMENT)[0] + b"\n")
    house.handlers.handle(created(DOCUMENT), 1)
    assert house.store.keys("thumbs/") == house.store.keys("metadata/") == set()
    assert {key.split("/", 2)[2] for key in house.store.keys("trash/")} == {DOCUMENT}


def test_a_document_that_comes_before_its_picture_waits_for_it(house: House) -> None:
    del house.store.objects[KEY]
    house.store.put(DOCUMENT, FOREIGN)
    house.handlers.handle(created(DOCUMENT), 1)
    assert house.store.keys() == {DOCUMENT}


@pytest.mark.parametrize("key", ["uploads/", "uploads/a/", "thumbs/a/320.webp", "trash/x", "a.png"])
def test_what_is_no_picture_is_left_alone(house: House, key: str) -> None:
    assert house.handlers.handle(created(key), 1) is False
    assert house.recognizer.asked == 0


def test_a_document_that_we_wrote_is_not_read_into_the_index_twice(house: House) -> None:
    house.handlers.handle(created(), 1)
    house.index.rows[KEY] = (b"as it was", house.store.read(DOCUMENT)[0])
    etag = house.store.head(DOCUMENT).etag
    house.handlers.handle(ObjectChanged("created", DOCUMENT, etag=etag), 1)
    assert house.index.rows[KEY][0] == b"as it was"
    house.handlers.handle(ObjectChanged("created", DOCUMENT, etag="another"), 1)
    assert house.index.rows[KEY][0] != b"as it was"


def test_another_tools_document_is_indexed_at_once_and_measured_later(house: House) -> None:
    house.store.put(DOCUMENT, FOREIGN)
    house.handlers.handle(created(DOCUMENT), 1)
    assert house.index.rows[KEY][1] == FOREIGN
    assert [(change.event, change.key) for change in house.announced] == [
        ("ObjectCreated:Put", KEY)
    ]
    house.alone.handle(created(DOCUMENT), 1)
    assert len(read_document(house.store.read(DOCUMENT)[0]).thumbnails) == 2
    assert house.recognizer.asked == 0


def test_a_document_of_a_very_long_key_finds_its_picture(house: House) -> None:
    key = "uploads/" + "x" * 1010 + ".png"
    assert len(key.encode()) > 1000
    house.store.put(key, pictures.encode(pictures.asymmetric(), "png"))
    house.handlers.handle(created(key), 1)
    house.index.rows.clear()
    house.handlers.handle(created(metadata_key(key)), 1)
    assert set(house.index.rows) == {key}


def test_a_removed_document_is_seen(house: House) -> None:
    house.handlers.handle(created(), 1)
    house.store.delete(DOCUMENT)
    house.handlers.handle(ObjectChanged("removed", DOCUMENT), 1)
    assert house.index.rows[KEY][1] is None


def test_a_removed_picture_takes_its_document_along(house: House) -> None:
    house.handlers.handle(created(), 1)
    house.store.delete(KEY)
    house.handlers.handle(ObjectChanged("removed", KEY), 1)
    assert house.index.rows == {}
    assert house.store.keys("metadata/") == set()


def test_the_last_attempt_leaves_an_answer_first(house: House) -> None:
    house.recognizer.raises = Stopped()
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert DOCUMENT not in house.store.objects
        with pytest.raises(Stopped):
            house.handlers.handle(created(), attempt)
    assert house.error() == "gave_up"


def test_a_last_attempt_that_is_put_off_is_made_later(house: House) -> None:
    house.recognizer.raises = RecognizerUnavailableError("It is busy.")
    for _ in range(3):
        with pytest.raises(RecognizerUnavailableError):
            house.handlers.handle(created(), MAX_ATTEMPTS)
    assert house.error() == "gave_up"
    house.recognizer.raises = None
    house.handlers.handle(created(), 1)
    assert house.error() == "gave_up", "another event is no new attempt"
    house.handlers.handle(created(), MAX_ATTEMPTS)
    assert house.error() == ""


@pytest.mark.parametrize("kind", ["created", "tag_again"])
def test_what_comes_for_the_tenth_time_is_not_opened_once_more(house: House, kind: str) -> None:
    house.recognizer.raises = Stopped()
    with pytest.raises(Stopped):
        house.handlers.handle(created(), MAX_ATTEMPTS)
    asked = house.recognizer.asked
    house.handlers.handle(ObjectChanged(kind, KEY), 10)  # type: ignore[arg-type]
    assert (house.recognizer.asked, house.error()) == (asked, "gave_up")


def test_a_row_of_the_web_app_is_waited_for_so_that_its_name_is_kept(house: House) -> None:
    waiting = Handlers(
        house.store, house.index, Tagger(house.store, house.index, house.recognizer), row_seconds=5
    )
    house.index.mark_pending(KEY, name="our beach.png")
    waiting.handle(created(), 1)
    assert read_document(house.store.read(DOCUMENT)[0]).image.name == "our beach.png"
