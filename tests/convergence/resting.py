"""What must hold of a library at rest: its parts agree, and nothing is gone that was put in."""

import io
from contextlib import suppress
from dataclasses import replace
from typing import Any

from PIL import Image

from catalog import reads
from catalog.database import Database
from catalog.document import Document, read_document
from catalog.errors import DocumentError, ObjectNotFoundError
from catalog.indexer import Indexer
from catalog.keys import (
    METADATA,
    THUMBS,
    TRASH,
    UPLOADS,
    is_picture_key,
    metadata_key,
    split_trash_key,
)
from catalog.query import parse
from catalog.records import ImageRecord
from catalog.storage import ObjectStore
from tests.convergence.world import CONTENTS, World, copies_of

COLOURS = {"red": (255, 0, 0), "green": (0, 128, 0), "blue": (0, 0, 255)}
NAME_OF = {content: name for name, content in CONTENTS.items()}


def check_nothing_is_gone(world: World) -> None:
    """Assert that originals, edits, and what other tools wrote are in place or in the trash."""
    store, owed = world.inner, world.owed
    for key, content in sorted(owed.originals):
        assert content in copies_of(store, key), f"the {NAME_OF[content]} picture of {key} is gone"
    for kind, held in (("edit", owed.edits), ("note", owed.notes), ("label", owed.labels)):
        for key, name in sorted(held):
            if kind == "label" and key in world.asked_again:
                continue
            texts = [content.decode() for content in copies_of(store, metadata_key(key))]
            assert any(f'"{name}"' in text for text in texts), f"the {kind} {name} of {key} is gone"


def check_agreement(world: World, fresh: Database) -> None:
    """Assert that pictures, documents, thumbnails and catalog say the same.

    `fresh` is an empty catalog, which is filled from the files to compare with.
    """
    store = world.inner
    pictures = [info for info in store.list(UPLOADS) if is_picture_key(info.key)]
    wanted: set[str] = set()
    for info in pictures:
        document = _document(store, info.key)
        if document is None:
            continue  # it makes no sense; the catalog says so
        content = store.read(info.key)[0]
        assert document.image.etag == info.etag, f"{info.key} has a document about another picture"
        assert document.status == ("failed" if NAME_OF[content] == "broken" else "tagged")
        if document.tagging and document.status == "tagged":
            colour = NAME_OF[content].title()
            assert colour in [label.name for label in document.labels], f"{info.key}: labels"
        wanted |= {each.key for each in document.thumbnails}
        for each in document.thumbnails:
            _check_colour(store.read(each.key)[0], NAME_OF[content])
        assert bool(document.thumbnails) == (document.status == "tagged")
    assert {info.key for info in store.list(THUMBS)} - wanted - _of_nonsense(store) == set()
    _check_no_orphans(store, {metadata_key(info.key) for info in pictures})
    Indexer(store, fresh).reindex()
    assert shown(world.database) == shown(fresh), "the catalog differs from the files"
    trashed = {
        (parts[1], parts[0])
        for info in store.list(TRASH)
        if (parts := split_trash_key(info.key)) and is_picture_key(parts[1])
    }
    rows = shown(world.database)
    assert {(row.key, row.trash) for row in rows if row.trash} == trashed
    assert {row.key for row in rows if not row.trash} == {info.key for info in pictures}


def shown(database: Database) -> list[ImageRecord]:
    """Return all that a catalog shows, but what it remembers and no file says.

    That are names, and in a bucket the hashes of pictures whose documents make no sense since.
    """
    found: list[ImageRecord] = []
    with database.reading() as connection:
        for text in ("", "is:trashed"):
            found += reads.search(connection, parse(text), limit=200).images
    return [
        replace(each, name="", sha256="" if _is_only_remembered(each) else each.sha256)
        for each in found
    ]


def _is_only_remembered(record: ImageRecord) -> bool:
    return record.error_code == "bad_document" and len(record.etag) != 64  # a folder's is the hash


def _document(store: ObjectStore, key: str) -> Document | None:
    data = store.read(metadata_key(key))[0]
    with suppress(DocumentError):
        return read_document(data)
    return None


def _of_nonsense(store: ObjectStore) -> set[str]:
    """Return the thumbnails of pictures whose documents make no sense: nobody knows of them."""
    kept: set[str] = set()
    for info in store.list(METADATA):
        try:
            read_document(store.read(info.key)[0])
        except DocumentError:
            path = info.key.removeprefix(METADATA).removesuffix(".json")
            kept |= {each.key for each in store.list(f"{THUMBS}{path}/")}
    return kept


def _check_no_orphans(store: ObjectStore, wanted: set[str]) -> None:
    """Assert that a document without a picture is another tool's own, never ours."""
    for info in store.list(METADATA):
        if info.key in wanted:
            continue
        with suppress(DocumentError, ObjectNotFoundError):
            document = read_document(store.read(info.key)[0])
            assert document.tagging is None, f"{info.key} has no picture"


def _check_colour(thumbnail: bytes, name: str) -> None:
    with Image.open(io.BytesIO(thumbnail)) as image:
        seen: Any = image.convert("RGB").getpixel((image.width // 2, image.height // 2))
    off = sum(abs(a - b) for a, b in zip(seen, COLOURS[name], strict=True))
    assert off < 60, f"a thumbnail of another picture than the {name} one"
