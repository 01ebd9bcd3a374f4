"""What tells that a catalog is not in step with its store; the same on one machine and on AWS."""

import logging
from collections.abc import Callable, Container, Iterator

from catalog import writes
from catalog.database import Database
from catalog.errors import ObjectNotFoundError, StoreUnavailableError
from catalog.rows import Stamp
from catalog.storage import ObjectInfo, ObjectStore
from catalog.storage.changes import ObjectChange

log = logging.getLogger(__name__)


def is_untagged(info: ObjectInfo, stamp: Stamp | None) -> bool:
    """Tell whether what the catalog knows is not about these very bytes.

    The SHA-256 of other bytes is not kept.
    """
    if stamp is None or stamp.etag != info.etag or not stamp.document_etag:
        return True
    if len(info.etag) != 64:
        return not stamp.sha256
    return stamp.sha256 != info.etag


def vanished(
    database: Database, store: ObjectStore, after: str, until: str | None, there: Container[str]
) -> Iterator[ObjectChange]:
    """Yield the removal of pictures the catalog knows between two keys that are not `there`.

    What was listed a moment ago is asked for once more: it may have come meanwhile.
    """
    with database.reading() as connection:
        known = writes.known_between(connection, after, until)
    for key in known:
        if key not in there and _is_gone(store, key):
            yield ObjectChange("ObjectRemoved:Delete", key)


def half_restored(
    database: Database, store: ObjectStore, has_document: Callable[[str], bool]
) -> Iterator[ObjectChange]:
    """Yield the removal of pictures in the trash whose documents are back in their places alone.

    A restore was stopped there, and no row tells of it. One that is under way loses nothing: the
    tagger finds the document in the trash again.
    """
    with database.reading() as connection:
        trashed = writes.trashed_keys(connection)
    for key in trashed:
        if has_document(key) and _is_gone(store, key):
            yield ObjectChange("ObjectRemoved:Delete", key)


def _is_gone(store: ObjectStore, key: str) -> bool:
    try:
        store.head(key)
    except ObjectNotFoundError:
        return True
    except StoreUnavailableError as error:
        log.warning("%r cannot be read. %s", key, error)
    return False
