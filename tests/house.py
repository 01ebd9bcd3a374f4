"""A library on fakes, for tests of what people do to pictures."""

from datetime import UTC, datetime, timedelta

from catalog.document import Document, ImageFacts, Label, Tagging, read_document, write_document
from catalog.keys import metadata_key, thumbnail_key
from catalog.library import Library
from tests.fakes import FakeIndex, FakeQueue, MemoryStore

KEY = "uploads/2026/11/dog.jpg"
START = datetime(2026, 11, 22, 16, 0, 0, tzinfo=UTC)


class House:
    """A library on fakes, with a clock that a test moves."""

    def __init__(self) -> None:
        self.now = START
        self.store = MemoryStore()
        self.store.modified = START
        self.index = FakeIndex(self.store)
        self.queue = FakeQueue()
        self.library = Library(self.store, self.index, self.queue, clock=lambda: self.now)

    def add(self, key: str = KEY, content: bytes = b"picture", labels: str = "Dog Wolf") -> None:
        self.store.put(key, content)
        document = Document(
            image=ImageFacts(key=key),
            tagging=Tagging("tagged"),
            labels=[Label(name, 80.0) for name in labels.split()],
        )
        self.store.put(metadata_key(key), write_document(document))
        for width in (320, 1280):
            self.store.put(thumbnail_key(key, width), content + b" small")
        self.index.index(key)

    def later(self, **by: int) -> None:
        self.now += timedelta(**by)
        self.store.modified = self.now

    def everything_about(self, key: str) -> dict[str, bytes]:
        live = (key, metadata_key(key), thumbnail_key(key, 320), thumbnail_key(key, 1280))
        return {name: self.store.read(name)[0] for name in live if name in self.store.objects}

    def shown(self, key: str = KEY) -> list[str]:
        document = read_document(self.store.read(metadata_key(key))[0])
        return [f"{label.name} {label.confidence:g}" for label in document.shown_labels()]
