import pytest

from catalog.document import Document, Label
from catalog.documents_io import change_document, document_of, put_document
from catalog.errors import DocumentError, KeyTakenError, PreconditionFailedError
from catalog.keys import metadata_key
from tests.fakes import MemoryStore

KEY = "uploads/a.jpg"


def test_a_picture_without_a_document_has_none() -> None:
    assert document_of(MemoryStore(), KEY) is None


def test_a_document_is_read_with_what_the_store_knows_of_it() -> None:
    store = MemoryStore()
    written = put_document(store, KEY, Document(labels=[Label("Dog", 90)]), replaces=None)
    found = document_of(store, KEY)
    assert found == (Document(labels=[Label("Dog", 90)]), written)


def test_a_document_never_replaces_what_its_writer_has_not_seen() -> None:
    store = MemoryStore()
    first = put_document(store, KEY, Document(), replaces=None)
    with pytest.raises(KeyTakenError):
        put_document(store, KEY, Document(), replaces=None)
    put_document(store, KEY, Document(labels=[Label("Dog", 90)]), replaces=first.etag)
    with pytest.raises(PreconditionFailedError):
        put_document(store, KEY, Document(), replaces=first.etag)
    store.delete(metadata_key(KEY))
    with pytest.raises(PreconditionFailedError):
        put_document(store, KEY, Document(), replaces=first.etag)


def test_a_change_gets_the_document_as_it_is_after_a_conflict() -> None:
    store = MemoryStore()
    seen: list[Document | None] = []

    def interfere(operation: str, key: str) -> None:
        store.before_effect = None
        put_document(store, KEY, Document(labels=[Label("Theirs", 90)]), replaces=None)

    def change(document: Document | None) -> Document:
        seen.append(document)
        document = document or Document()
        document.labels.append(Label("Mine", 80))
        return document

    store.before_effect = interfere
    changed = change_document(store, KEY, change)
    assert seen[0] is None
    assert changed is not None
    assert [label.name for label in changed.labels] == ["Theirs", "Mine"]


def test_what_changes_nothing_is_not_written() -> None:
    store = MemoryStore()
    store.put(metadata_key(KEY), b'["Dog"]')
    assert change_document(store, KEY, lambda document: document) is not None
    assert change_document(store, KEY, lambda _: None) == document_of(store, KEY)[0]  # type: ignore[index]
    assert store.read(metadata_key(KEY))[0] == b'["Dog"]'
    assert change_document(MemoryStore(), KEY, lambda _: None) is None


def test_nonsense_is_not_changed() -> None:
    store = MemoryStore()
    store.put(metadata_key(KEY), b"{}")
    with pytest.raises(DocumentError):
        change_document(store, KEY, lambda document: document)
