"""What is deleted for good: what lay in the trash for 30 days, or what a person says.

A picture goes first, then its document and thumbnails: nothing comes back without its labels.
Stopped anywhere, the next call goes on.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from catalog.errors import ObjectNotFoundError
from catalog.keys import THUMBNAIL_WIDTHS, metadata_key, thumbnail_key, trash_key, trash_time
from catalog.storage import ObjectStore
from catalog.trash import folders_in

if TYPE_CHECKING:
    from catalog.library import Index

KEPT = timedelta(days=30)


def empty_trash(
    store: ObjectStore,
    index: "Index",
    until: datetime,
    goes_on: Callable[[], bool] = lambda: True,
) -> int:
    """Delete for good what was moved to the trash up to a moment; return how many folders.

    The oldest first, as long as `goes_on`. What is younger is not even listed.
    """
    emptied = 0
    for folder in _old(store, until):
        if not goes_on():
            break
        keys = [info.key for info in store.list(folder)]
        for key in sorted(keys, key=lambda key: not key.startswith(f"{folder}uploads/")):
            _delete(store, key)
        index.index_trash(folder)
        emptied += 1
    return emptied


def delete_for_good(store: ObjectStore, index: "Index", key: str, folder: str) -> None:
    """Delete what a folder of the trash holds of the picture of this key."""
    thumbnails = [thumbnail_key(key, width) for width in THUMBNAIL_WIDTHS]
    for each in (key, metadata_key(key), *thumbnails):
        _delete(store, trash_key(folder, each))
    index.index_trash(folder)


def _old(store: ObjectStore, until: datetime) -> Iterator[str]:
    for folder in folders_in(store):
        if trash_time(folder) > until:
            return
        yield folder


def _delete(store: ObjectStore, key: str) -> None:
    try:
        store.delete(key)
    except ObjectNotFoundError:
        return
