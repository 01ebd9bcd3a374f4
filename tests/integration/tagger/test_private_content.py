"""Where a picture was taken stays in the picture: not in its thumbnails, not in its document."""

from pathlib import Path

import pytest

from catalog.database import Database
from catalog.indexer import Indexer
from catalog.storage.folder import FolderStore
from tagger.pipeline import Tagger
from tests.fakes import FakeRecognizer
from tests.pictures import with_exif

PRIVATE = (b"GPS", b"gps", b"Exif", b"47.3", b"8.53", b"Latitude", b"Longitude")


@pytest.mark.parametrize("extension", ["jpg", "png", "webp", "heic"])
def test_gps_stays_in_the_original(tmp_path: Path, extension: str) -> None:
    store = FolderStore(tmp_path)
    database = Database.open(f"sqlite:///{tmp_path}/.taglight/catalog.sqlite")
    key = f"uploads/holiday.{extension}"
    store.put(key, with_exif(extension=extension))
    Tagger(store, Indexer(store, database), FakeRecognizer()).tag(key)
    made = [info.key for info in store.list("") if not info.key.startswith("uploads/")]
    assert any(name.endswith(".webp") for name in made)
    assert any(name.endswith(".json") for name in made)
    for name in made:
        content = store.read(name)[0]
        assert not [word for word in PRIVATE if word in content], name
    database.close()
