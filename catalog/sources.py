"""What the store holds about one picture, read as it is now, ready to become a row."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from catalog.document import (
    Document,
    TaggingError,
    document_of,
    parse_document,
    read_document,
)
from catalog.errors import DocumentError, ObjectNotFoundError
from catalog.keys import (
    METADATA,
    is_picture_key,
    is_shortened,
    metadata_key,
    split_trash_key,
    trash_key,
)
from catalog.rows import ImageRow, Stamp, document_row, failed_row, pending_row
from catalog.storage import ObjectInfo, ObjectStore
from catalog.usual_rows import usual_row

BLOCKED = "name_conflict"
_IN_THE_WAY = (
    "Its labels cannot be filed: “%s” stands where its document belongs. "
    "Rename this picture, or the folder it is in."
)

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Source:
    """A picture and its document; without one, or with a reason why there is none that can be read.

    `code` goes with the reason.
    """

    key: str
    picture: ObjectInfo
    document: Document | None = None
    document_etag: str = ""
    reason: str = ""
    trash: str = ""
    code: str = "bad_document"

    def row(self, known: Stamp | None = None, name: str = "", sha256: str = "") -> ImageRow:
        """Make the row; `known` is what the catalog had: a name or hash that is nowhere else."""
        name, sha256 = _remembered(self.picture, known, name, sha256)
        if self.reason:
            return failed_row(
                self.picture,
                self.key,
                TaggingError(self.code, self.reason),
                self.document_etag or self.code,  # another row than that of a pending picture
                self.trash,
                name,
                sha256,
            )
        if self.document is None:
            return pending_row(self.picture, self.key, self.trash, name, sha256)
        return document_row(
            self.picture, self.key, self.document, self.document_etag, self.trash, name, sha256
        )


def read_picture(store: ObjectStore, key: str, *, unless: Source | None = None) -> Source | None:
    """Read a picture and its document, or None where there is no picture.

    With `unless`, the document is read only where picture or document differ from that source,
    which is returned where they do not.
    """
    try:
        picture = store.head(key)
    except ObjectNotFoundError:
        return None
    if unless and unless.picture == picture and unless.document_etag == _etag(store, key):
        return unless
    return read_source(store, picture, key)


def etags_of(store: ObjectStore, key: str) -> tuple[str, str]:
    """Return the ETags of a picture and of its document, "" for what is not there."""
    try:
        return store.head(key).etag, _etag(store, key)
    except ObjectNotFoundError:
        return "", ""


def read_source(store: ObjectStore, picture: ObjectInfo, key: str, trash: str = "") -> Source:
    """Read the document of a picture that is known to be there."""
    try:
        data, info = store.read(_document_key(trash, key))
    except ObjectNotFoundError:
        return _without_document(store, picture, key, trash)
    try:
        return Source(key, picture, read_document(data), info.etag, trash=trash)
    except DocumentError as error:
        return Source(key, picture, None, info.etag, error.reason, trash)


def read_row(store: ObjectStore, picture: ObjectInfo, known: Stamp | None = None) -> ImageRow:
    """Make the row of a live picture that is known to be there; `known` is as in Source.row."""
    key = picture.key
    try:
        data, info = store.read(_document_key("", key))
    except ObjectNotFoundError:
        return _without_document(store, picture, key, "").row(known)
    try:
        content = parse_document(data)
        row = usual_row(picture, content, info.etag, *_remembered(picture, known))
        return row or Source(key, picture, document_of(content), info.etag).row(known)
    except DocumentError as error:
        return Source(key, picture, None, info.etag, error.reason).row(known)


def _without_document(store: ObjectStore, picture: ObjectInfo, key: str, trash: str) -> Source:
    obstacle = store.obstacle(_document_key(trash, key))
    if obstacle:
        return Source(key, picture, reason=_IN_THE_WAY % obstacle, trash=trash, code=BLOCKED)
    return Source(key, picture, trash=trash)


def _remembered(
    picture: ObjectInfo, known: Stamp | None, name: str = "", sha256: str = ""
) -> tuple[str, str]:
    """Return name and SHA-256 that may come from elsewhere than the document.

    A folder's ETag is the SHA-256, whatever was known or announced.
    """
    if known:
        name = name or known.name
        sha256 = sha256 or (known.sha256 if known.etag == picture.etag else "")
    return name, picture.etag if _SHA256.fullmatch(picture.etag) else sha256


def read_trash(store: ObjectStore, folder: str) -> Iterator[Source]:
    """Read the pictures in one folder of the trash."""
    for info in list(store.list(folder)):
        parts = split_trash_key(info.key)
        if parts and is_picture_key(parts[1]):
            yield read_source(store, info, _key_before(store, info.key, *parts), parts[0])


def _key_before(store: ObjectStore, key: str, folder: str, rest: str) -> str:
    """Return the key a picture had before it came to the trash.

    Where it was too long for the trash, only its document still tells.
    """
    if not is_shortened(key):
        return rest
    for info in list(store.list(folder + METADATA)):
        try:
            told = read_document(store.read(info.key)[0]).image.key
        except (DocumentError, ObjectNotFoundError):
            continue
        if is_picture_key(told) and trash_key(folder, told) == key:
            return told
    return rest


def _document_key(trash: str, key: str) -> str:
    return trash_key(trash, metadata_key(key)) if trash else metadata_key(key)


def _etag(store: ObjectStore, key: str) -> str:
    try:
        return store.head(metadata_key(key)).etag
    except ObjectNotFoundError:
        return ""
