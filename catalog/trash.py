"""The trash: deleted pictures with their documents and thumbnails, to be had back for 30 days.

All copies are made, and verified by the store, before anything is removed, and the picture is
removed first: stopped anywhere, the picture is complete in its place or in the trash. A removal
is conditional on the ETag that was copied, so a change in between is never thrown away.
"""

from collections.abc import Iterable, Iterator

from catalog.errors import (
    ImageNotFoundError,
    KeyTakenError,
    NotInTrashError,
    ObjectNotFoundError,
    PreconditionFailedError,
)
from catalog.keys import (
    THUMBNAIL_WIDTHS,
    TRASH,
    image_id,
    metadata_key,
    split_trash_key,
    thumbnail_key,
    thumbnail_prefix,
    trash_key,
    trash_time,
)
from catalog.storage import ObjectInfo, ObjectStore

_MAX_ATTEMPTS = 8


def move_to_trash(store: ObjectStore, key: str, folder: str) -> None:
    """Move a picture, its document and its thumbnails into a new folder of the trash.

    Raises ImageNotFoundError where a hand has removed the picture before: what is left goes the
    same way, for nobody would look for it. Raises PreconditionFailedError where the picture keeps
    changing.
    """
    if _head(store, key) is not None:
        for source in (metadata_key(key), *thumbnails_of(store, key)):
            _copy(store, source, trash_key(folder, source))
    was_there = _move(store, key, trash_key(folder, key))
    move_document_to_trash(store, key, folder)
    remove_thumbnails(store, key)
    if not was_there:
        raise ImageNotFoundError(image_id(key))


def move_document_to_trash(store: ObjectStore, key: str, folder: str) -> bool:
    """Move the document of a picture that is gone into a folder of the trash, if there is one."""
    document = metadata_key(key)
    return _move(store, document, trash_key(folder, document))


def thumbnails_of(store: ObjectStore, key: str) -> list[str]:
    """Return the keys of a picture's thumbnails, those of other pictures deeper down left out."""
    prefix = thumbnail_prefix(key)
    names = (info.key.removeprefix(prefix) for info in store.list(prefix))
    return [prefix + name for name in names if _is_thumbnail(name)]


def remove_thumbnails(store: ObjectStore, key: str) -> None:
    """Remove all thumbnails of a picture."""
    for thumbnail in thumbnails_of(store, key):
        _delete(store, thumbnail)


def is_left_of(store: ObjectStore, key: str) -> bool:
    """Tell whether a picture that is gone has left a document or thumbnails behind."""
    return _head(store, metadata_key(key)) is not None or bool(thumbnails_of(store, key))


def folders_in(store: ObjectStore) -> Iterator[str]:
    """Yield the folders of the trash, the oldest first."""
    last = ""
    for info in store.list(TRASH):
        parts = split_trash_key(info.key)
        if parts and parts[0] != last:
            last = parts[0]
            yield last


def folders_about(store: ObjectStore, key: str) -> list[str]:
    """Return the folders of the trash that hold picture or document of this key, latest first.

    This lists the whole trash: the catalog knows it without (catalog/discards.py).
    """
    found = set()
    for info in store.list(TRASH):
        split = split_trash_key(info.key)
        if split and info.key in (trash_key(split[0], each) for each in (key, metadata_key(key))):
            found.add(split[0])
    return sorted(found, reverse=True)


def holding(store: ObjectStore, key: str, folders: Iterable[str]) -> list[tuple[str, ObjectInfo]]:
    """Return those of these folders that hold an object of this key, with it; latest first."""
    found = [(folder, info) for folder in folders if (info := _head(store, trash_key(folder, key)))]
    return sorted(
        found, key=lambda each: (trash_time(each[0]), each[1].modified, each[0]), reverse=True
    )


def latest_in_trash(store: ObjectStore, key: str, told: list[str]) -> str:
    """Return the folder of the picture of this key that was deleted last.

    `told` are folders that may hold one; the trash is listed where none does. Raises
    NotInTrashError.
    """
    found = holding(store, key, told) or holding(store, key, folders_about(store, key))
    if not found:
        raise NotInTrashError(image_id(key))
    return found[0][0]


def restore_from_trash(store: ObjectStore, key: str, folder: str) -> None:
    """Move what lies in a folder of the trash under this key back to its place.

    Raises NotInTrashError, and KeyTakenError where a picture is in that place: then nothing
    was changed.
    """
    document, trashed = metadata_key(key), trash_key(folder, key)
    if _head(store, trashed) is None:
        raise NotInTrashError(image_id(key))
    if _head(store, key) is not None:
        raise KeyTakenError(key)
    # The document first: the tagger then finds the picture tagged already.
    put_back = _put_back(store, trash_key(folder, document), document)
    for thumbnail in _usual_thumbnails(key):
        _copy(store, trash_key(folder, thumbnail), thumbnail)
    try:
        picture = store.head(trashed)
        store.copy(trashed, key, if_none_match=True)
    except KeyTakenError:
        if put_back:
            _delete(store, document, if_match=put_back.etag)
        raise
    except ObjectNotFoundError as error:  # restored or deleted for good in this moment
        if put_back and _head(store, key) is None:
            _delete(store, document, if_match=put_back.etag)
        raise NotInTrashError(image_id(key)) from error
    _delete(store, trashed, if_match=picture.etag)
    if put_back:
        _delete(store, trash_key(folder, document))
    for thumbnail in _usual_thumbnails(key):
        _delete(store, trash_key(folder, thumbnail))


def _put_back(store: ObjectStore, trashed: str, document: str) -> ObjectInfo | None:
    """Copy a document to its place; one that is there stays, and the trashed one too."""
    try:
        return store.copy(trashed, document, if_none_match=True)
    except (ObjectNotFoundError, KeyTakenError):
        return None


def _usual_thumbnails(key: str) -> list[str]:
    return [thumbnail_key(key, width) for width in THUMBNAIL_WIDTHS]


def _is_thumbnail(name: str) -> bool:
    return name.endswith(".webp") and name.removesuffix(".webp").isdecimal()


def _move(store: ObjectStore, source: str, target: str) -> bool:
    """Copy, then remove what was copied; again where it was changed between. Tell if it was there.

    `target` is in a folder of this call's own, so writing over it harms nobody.
    """
    for _ in range(_MAX_ATTEMPTS):
        info = _head(store, source)
        if info is None:
            return False
        copied = _copy(store, source, target)
        if copied is None or copied.size != info.size:
            continue
        try:
            store.delete(source, if_match=info.etag)
        except ObjectNotFoundError:
            return True  # somebody removed it meanwhile, and our copy may be the only one
        except PreconditionFailedError:
            continue
        return True
    _delete(store, target)
    raise PreconditionFailedError(source)


def _copy(store: ObjectStore, source: str, target: str) -> ObjectInfo | None:
    try:
        return store.copy(source, target, if_none_match=False)
    except ObjectNotFoundError:
        return None


def _head(store: ObjectStore, key: str) -> ObjectInfo | None:
    try:
        return store.head(key)
    except ObjectNotFoundError:
        return None


def _delete(store: ObjectStore, key: str, *, if_match: str | None = None) -> None:
    """Remove an object, unless it is gone already or was changed."""
    try:
        store.delete(key, if_match=if_match)
    except (ObjectNotFoundError, PreconditionFailedError):
        return
