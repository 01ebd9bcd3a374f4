"""Finds tagged pictures that still want measuring or thumbnails, which may be lost at any time."""

import json
from collections.abc import Iterator

from sqlalchemy import select

from catalog.database import Database
from catalog.errors import ObjectNotFoundError
from catalog.keys import THUMBS
from catalog.schema import image
from catalog.storage import ObjectStore
from catalog.storage.changes import ObjectChange

_TAGGED = select(
    image.c.key, image.c.etag, image.c.size, image.c.document_etag, image.c.thumbnails
).where(image.c.live == 1, image.c.status == "tagged")

Found = tuple[ObjectChange, str]


def without_measures(database: Database) -> Iterator[Found]:
    """Yield pictures whose documents name no size or no thumbnails: another tool wrote them.

    Each comes as the change to send, and the ETag of its document.
    """
    wanting = _TAGGED.where(image.c.width.is_(None) | (image.c.thumbnails == "[]"))
    with database.reading() as connection:
        rows = connection.execute(wanting).all()
    for row in rows:
        yield _change(row.key, row.size, row.etag), row.document_etag


def without_thumbnails(database: Database, store: ObjectStore) -> Iterator[Found]:
    """Yield pictures whose thumbnails are not all in the store."""
    # Hashes instead of texts: a tenth of the memory in a library of a million pictures.
    there = {hash(info.key) for info in store.list(THUMBS)}
    with database.reading() as connection:
        for row in connection.execute(_TAGGED):
            if any(hash(key) not in there for key in _keys(row.thumbnails)):
                yield _change(row.key, row.size, row.etag), row.document_etag


def lacks_thumbnails(database: Database, store: ObjectStore, key: str) -> bool:
    """Tell whether this picture is tagged and one of its thumbnails, or all, are not there."""
    with database.reading() as connection:
        row = connection.execute(_TAGGED.where(image.c.key == key)).first()
    if row is None:
        return False
    keys = _keys(row.thumbnails)
    return not keys or any(not _is_there(store, thumbnail) for thumbnail in keys)


def _keys(thumbnails: str) -> list[str]:
    return [thumbnail[0] for thumbnail in json.loads(thumbnails)]


def _is_there(store: ObjectStore, key: str) -> bool:
    try:
        store.head(key)
    except ObjectNotFoundError:
        return False
    return True


def _change(key: str, size: int | None, etag: str) -> ObjectChange:
    return ObjectChange("ObjectCreated:Put", key, size or 0, etag)
