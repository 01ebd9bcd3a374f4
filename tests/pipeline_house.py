"""A tagger on fakes, and the picture that its tests are about."""

from datetime import UTC, datetime
from functools import cache

from PIL import Image

from catalog.document import Document, read_document
from catalog.keys import metadata_key
from catalog.library import Library
from tagger.pipeline import Tagger, TaggingSettings
from tests import pictures
from tests.fakes import FakeIndex, FakeQueue, FakeRecognizer, MemoryStore

KEY = "uploads/2026/11/beach-0a1b2c3d.jpg"
DOCUMENT = metadata_key(KEY)
COPY = "uploads/2026/11/copy-0a1b2c3d.jpg"
NOW = datetime(2026, 11, 22, 16, 4, 56, tzinfo=UTC)
# What other tools write about a picture.
FOREIGN = [
    b'{"Labels": [{"Name": "Dune", "Confidence": 97.5, "Parents": [{"Name": "Nature"}]}], '
    b'"LabelModelVersion": "3.0", "ResponseMetadata": {"HTTPStatusCode": 200}}',
    b'{"labels": [{"name": "Dune", "confidence": 0.975}]}',
    b'[{"Name": "Dune", "Confidence": 97.5}]',
    b'["Dune"]',
]


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
