"""Files that mean harm, or have come to it: each ends tagged, or failed in words.

The long version, in a running worker and with as many as one likes: `python -m benchmarks.hostile`.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog import reads
from catalog.database import Database
from catalog.indexer import Indexer
from catalog.storage.folder import FolderStore
from tagger.decoding import Decoder
from tagger.pipeline import Tagger
from tests import hostile
from tests.fakes import FakeRecognizer

CODES = {
    "empty", "not_a_picture", "unsupported", "truncated", "damaged", "too_many_pixels",
    "out_of_memory",
}  # fmt: skip
READABLE = {
    "a png.jpg", "a jpeg.tiff", "jpeg and page.jpg", "gif and script.gif", "png and zip.png",
    "directory in itself.tiff", "directories.tiff", "frames.gif", "texts.png", "profile.jpg",
    "exif in itself.jpg", "exif of billions.jpg", "exif.png",
}  # fmt: skip


class House:
    """A library on disk whose pictures are opened in another process, as in both homes."""

    def __init__(self, root: Path, decoder: Decoder) -> None:
        self.store = FolderStore(root)
        self.store.prepare()
        self.database = Database.open(f"sqlite:///{root / 'catalog.sqlite'}")
        index = Indexer(self.store, self.database)
        self.tagger = Tagger(self.store, index, FakeRecognizer(), opener=decoder)

    def answer(self, name: str, data: bytes) -> str:
        """Return "tagged", or the code of the failure; the file stays as it was."""
        key = f"uploads/{name}"
        self.store.put(key, data)
        self.tagger.tag(key)
        assert self.store.head(key).etag == hashlib.sha256(data).hexdigest()
        with self.database.reading() as connection:
            record = reads.find_by_key(connection, key)
        assert record is not None, name
        if record.status == "tagged":
            assert record.thumbnails, name
            return "tagged"
        assert record.status == "failed", name
        assert record.error_code in CODES, name
        assert record.error_message.endswith("."), name
        return record.error_code


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with Decoder() as decoder:
        made = House(tmp_path_factory.mktemp("hostile"), decoder)
        yield made
        made.database.close()
        made.store.close()


@pytest.mark.parametrize("name", hostile.crafted())
def test_every_trick_ends_tagged_or_failed_in_words(house: House, name: str) -> None:
    answer = house.answer(name, hostile.crafted()[name]())
    assert (answer == "tagged") == (name in READABLE), answer


def test_damaged_pictures_of_every_format_do_too(house: House) -> None:
    answers = {house.answer(name, data) for name, data in hostile.damaged(64, seed=1)}
    assert {"tagged", "truncated", "damaged"} <= answers
