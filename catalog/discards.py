"""Which folders of the trash hold documents about a key: hints that save listing the trash.

A hint is written before its document is moved, and whoever follows it looks at the store: one too
many does no harm, and one that lacks is found by comparing (`out_of_step`).
"""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import Connection, delete, insert, select

from catalog import writes
from catalog.clock import utc_now
from catalog.database import Database
from catalog.document import read_document
from catalog.errors import DocumentError, ObjectNotFoundError
from catalog.keys import (
    METADATA,
    TRASH,
    image_id,
    is_picture_key,
    metadata_key,
    picture_key,
    split_trash_key,
    trash_folder,
    trash_key,
)
from catalog.schema import discard, image
from catalog.storage import ObjectStore

# A move into the trash takes less than this: the hint of a younger folder may be ahead of it.
_MOVING = timedelta(hours=1)


def note(connection: Connection, key: str, folder: str) -> None:
    """Remember that a folder of the trash holds a document about this key, or will."""
    mine = (discard.c.public_id == image_id(key)) & (discard.c.trash == folder)
    connection.execute(delete(discard).where(mine))
    connection.execute(insert(discard).values(public_id=image_id(key), trash=folder))


def folders_of(connection: Connection, key: str) -> list[str]:
    """Return the folders of the trash that may hold something about this key, the latest first."""
    found = set()
    for table in (discard, image):
        query = select(table.c.trash).where(table.c.public_id == image_id(key))
        found |= set(connection.scalars(query)) - {""}
    return sorted(found, reverse=True)


def replace_folder(connection: Connection, folder: str, keys: Iterable[str]) -> None:
    """Remember just these keys of a folder; of one that may still be filled, forget none."""
    wanted = {image_id(key) for key in keys}
    known = set(connection.scalars(select(discard.c.public_id).where(discard.c.trash == folder)))
    for public_id in sorted(wanted - known):
        connection.execute(insert(discard).values(public_id=public_id, trash=folder))
    if folder < _oldest_moving():
        for public_id in sorted(known - wanted):
            gone = (discard.c.public_id == public_id) & (discard.c.trash == folder)
            connection.execute(delete(discard).where(gone))


def documents_in(store: ObjectStore, folder: str) -> list[str]:
    """Return the keys of the pictures that the documents in a folder of the trash are about."""
    found = (_about(store, info.key) for info in list(store.list(folder + METADATA)))
    return [key for key in found if key]


def out_of_step(store: ObjectStore, database: Database) -> list[str]:
    """Return the folders of the trash that the catalog does not know as they are, in order."""
    pictures, documents = set(), set()
    for info in store.list(TRASH):
        parts = split_trash_key(info.key)
        if parts and is_picture_key(parts[1]):
            pictures.add(parts[0])
        elif parts and parts[1].startswith(METADATA):
            documents.add(parts[0])
    with database.reading() as connection:
        shown = set(writes.trash_folders(connection))
        hinted = set(connection.scalars(select(discard.c.trash).distinct()))
    oldest_moving = _oldest_moving()
    stale = {folder for folder in hinted - documents if folder < oldest_moving}
    return sorted((pictures ^ shown) | (documents - hinted) | stale)


def _oldest_moving() -> str:
    return trash_folder(utc_now() - _MOVING, "00000000")


def _about(store: ObjectStore, trashed: str) -> str:
    """Return the key that a document in the trash is about, "" where it cannot be told."""
    parts = split_trash_key(trashed)
    if parts is None:
        return ""
    if key := picture_key(parts[1]):
        return key
    try:  # the key was too long: the document holds the true one
        key = read_document(store.read(trashed)[0]).image.key
    except (DocumentError, ObjectNotFoundError):
        return ""
    same = is_picture_key(key) and trash_key(parts[0], metadata_key(key)) == trashed
    return key if same else ""
