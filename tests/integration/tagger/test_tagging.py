"""The tagger on a real folder and a real catalog: names and files as people have them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog import reads
from catalog.database import Database
from catalog.document import read_document
from catalog.indexer import Indexer
from catalog.keys import metadata_key, thumbnail_key
from catalog.query import parse
from catalog.storage.folder import FolderStore
from tagger.pipeline import Tagger
from tests import pictures
from tests.fakes import FakeRecognizer

NAMES = [
    "uploads/with spaces and ünïcode.jpg",
    "uploads/plus+plus.jpg",
    "uploads/percent%2Fsign 100%.jpg",
    "uploads/🐶🏖️.heic",
    "uploads/" + "x" * 250 + ".jpg",
    "uploads/" + "日" * 80 + ".jpg",
    "uploads/no extension",
    "uploads/wrong.txt",
    "uploads/a",
    "uploads/b/c/d/e.PNG",
    "uploads/semi;colon'\"quote<b>.jpg",
]
BAD = {
    "uploads/empty.jpg": (b"", "empty"),
    "uploads/truncated.jpg": (pictures.truncated(), "truncated"),
    "uploads/hundred.jpg": (pictures.hundred_bytes(), "truncated"),
    "uploads/text.jpg": (pictures.text(), "not_a_picture"),
    "uploads/page.jpg": (pictures.html(), "not_a_picture"),
    "uploads/drawing.png": (pictures.svg(), "unsupported"),
    "uploads/bomb.png": (pictures.bomb(), "too_many_pixels"),
}


class House:
    def __init__(self, folder: Path) -> None:
        self.store = FolderStore(folder)
        self.database = Database.open(f"sqlite:///{folder}/.taglight/catalog.sqlite")
        self.recognizer = FakeRecognizer()
        self.tagger = Tagger(self.store, Indexer(self.store, self.database), self.recognizer)

    def found(self, text: str) -> list[str]:
        with self.database.reading() as connection:
            page = reads.search(connection, parse(text), min=None, limit=200)
        return sorted(image.key for image in page.images)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.database.close()


@pytest.mark.parametrize("key", NAMES)
def test_any_name_is_tagged_and_found(house: House, key: str) -> None:
    house.store.put(key, pictures.encode(pictures.asymmetric()))
    house.tagger.tag(key)
    document = read_document(house.store.read(metadata_key(key))[0])
    assert (document.image.key, document.status) == (key, "tagged")
    assert house.store.head(thumbnail_key(key, 320)).size > 0
    assert house.found("colour>=60") == [key]
    house.store.delete(key)
    house.tagger.removed(key)
    assert house.found("") == []
    assert [info.key for info in house.store.list("thumbs/")] == []


def test_bad_files_get_their_answers_and_everything_else_goes_on(house: House) -> None:
    good = "uploads/good.jpg"
    house.store.put(good, pictures.photograph("coffee"))
    for key, (content, _) in BAD.items():
        house.store.put(key, content)
    for key in [*BAD, good]:
        house.tagger.tag(key)
    for key, (_, code) in BAD.items():
        tagging = read_document(house.store.read(metadata_key(key))[0]).tagging
        assert tagging and tagging.error and tagging.error.code == code, key
        assert tagging.error.message.endswith(".")
    assert house.found("is:failed") == sorted(BAD)
    assert house.found("colour>=60") == [good]


def test_a_folder_may_hold_a_and_a_slash_b(house: House) -> None:
    for key in ("uploads/x/a.jpg", "uploads/x/a.jpg.d/b.jpg"):
        house.store.put(key, pictures.encode(pictures.asymmetric()))
        house.tagger.tag(key)
    house.store.delete("uploads/x/a.jpg")
    house.tagger.removed("uploads/x/a.jpg")
    assert house.found("colour>=60") == ["uploads/x/a.jpg.d/b.jpg"]
    assert len(list(house.store.list("thumbs/"))) == 2


def test_a_colour_is_found(house: House) -> None:
    house.store.put("uploads/a.jpg", pictures.encode(pictures.asymmetric()))
    house.tagger.tag("uploads/a.jpg")
    assert house.found("color:blue") == ["uploads/a.jpg"]
    assert house.found("color:purple") == []
