"""Documents about no picture."""

from catalog.document import Document, ImageFacts, write_document
from catalog.errors import StoreUnavailableError
from catalog.keys import metadata_key
from catalog.storage import ObjectInfo
from cli.checkup.documents import documents_without_picture, subject_of
from tests.fakes import MemoryStore

LONG = "uploads/" + "x" * 300 + ".jpg"


def add_document(store: MemoryStore, key: str) -> str:
    target = metadata_key(key)
    store.put(target, write_document(Document(image=ImageFacts(key=key))))
    return target


def lone(store: MemoryStore) -> list[str]:
    pictures = [info.key for info in store.list("uploads/")]
    return [info.key for info in documents_without_picture(store, pictures)]


def test_only_those_without_a_picture_are_found() -> None:
    store = MemoryStore()
    store.put("uploads/a.jpg", b"a")
    add_document(store, "uploads/a.jpg")
    gone = add_document(store, "uploads/gone.jpg")
    store.put("metadata/readme.txt", b"not a document")
    assert lone(store) == [gone]


def test_the_document_of_a_long_key_is_known_by_what_it_says() -> None:
    store = MemoryStore()
    document = add_document(store, LONG)
    assert subject_of(store, document) == LONG
    assert lone(store) == [document]
    store.put(LONG, b"a")
    assert lone(store) == []


def test_a_picture_that_came_after_the_listing_counts() -> None:
    store = MemoryStore()
    add_document(store, "uploads/new.jpg")
    store.put("uploads/new.jpg", b"a")
    assert list(documents_without_picture(store, [])) == []


class ClosedStore(MemoryStore):
    """A store whose pictures may not be read."""

    def head(self, key: str) -> ObjectInfo:
        raise StoreUnavailableError("Not permitted.")


def test_a_picture_that_may_not_be_read_is_not_gone() -> None:
    store = ClosedStore()
    add_document(store, "uploads/closed.jpg")
    assert list(documents_without_picture(store, [])) == []
