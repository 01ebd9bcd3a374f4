"""One picture, from key to document.

What an event said about content is never trusted: picture and document are read as they are now,
and after the last effect it is checked that neither has changed; where one has, it is done again.
Any order and any number of calls, stopped anywhere, end in the same state.
"""

import hashlib
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import BinaryIO, Literal

from catalog.clock import utc_now, utc_text
from catalog.document import Document, Tagging, TaggingError, Thumbnail
from catalog.documents_io import change_document, document_of
from catalog.errors import (
    DocumentError,
    ObjectNotFoundError,
    PreconditionFailedError,
    StoreRefusedError,
)
from catalog.journeys import note
from catalog.keys import is_picture_key, metadata_key, thumbnail_key
from catalog.library import Index
from catalog.storage import ObjectInfo, ObjectStore
from catalog.trash import remove_thumbnails
from tagger import composing
from tagger.composing import GAVE_UP, Seen
from tagger.errors import PictureError, RecognitionError
from tagger.imaging import Limits, Opened, Opener, Picture, open_here
from tagger.known import labels_elsewhere
from tagger.recognizers import Recognition, Recognizer
from tagger.trashed import throw_away_document, trashed_document

log = logging.getLogger(__name__)

# What there is to count: a document was written, the recogniser asked, or that was saved.
Happening = Literal["tagged", "failed", "recognized", "copied"]

# Whoever changes faster than this has sent another event meanwhile.
MAX_ROUNDS = 5
_PART_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class TaggingSettings:
    """What is asked of a recogniser (confidence in percent), and how much of a picture is read.

    `image_properties`: the recogniser is asked for its own measures of the picture too.
    """

    min_confidence: float = 30.0
    max_labels: int = 100
    image_properties: bool = False
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class _Work:
    """One round on one picture; `again` asks for labels though there are some."""

    key: str
    again: bool
    before: Document | None

    @property
    def adopts(self) -> bool:
        """Tell whether there are another tool's labels, and nobody asked for others.

        To try again what failed is no such wish.
        """
        before = self.before
        if before is None or not composing.is_foreign(before):
            return False
        return not self.again or before.status == "failed"


class Tagger:
    """Makes documents and thumbnails, and clears away after pictures that are gone."""

    def __init__(
        self,
        store: ObjectStore,
        index: Index,
        recognizer: Recognizer,
        settings: TaggingSettings | None = None,
        clock: Callable[[], datetime] = utc_now,
        tell: Callable[[Happening], None] = lambda _: None,
        *,
        opener: Opener = open_here,
        clears_away: bool = True,
    ) -> None:
        """Compose it; `tell` hears what happens, for those who count, `opener` reads pictures.

        Without `clears_away` nothing is moved or removed where a picture is gone.
        """
        self._store = store
        self._index = index
        self._recognizer = recognizer
        self._settings = settings or TaggingSettings()
        self._clock = clock
        self._tell = tell
        self._open = opener
        self._clears_away = clears_away

    def tag(self, key: str, *, again: bool = False, last_attempt: bool = False) -> None:
        """Give a picture its document, thumbnails and row; do nothing where it has them.

        `again` recognises a picture that is tagged already. `last_attempt` writes the answer
        "gave up" before anything is opened, so that even the end of the process leaves one; where
        it is there already, that attempt was put off, and is made now.
        A picture that cannot be read gets a failed document. Raises StoreUnavailableError,
        CatalogUnavailableError or RecognizerUnavailableError where trying later may help, and
        PreconditionFailedError where the picture keeps changing.
        """
        if not is_picture_key(key):
            return
        for _ in range(MAX_ROUNDS):
            try:
                settled = self._settle(key, again=again, last_attempt=last_attempt)
            except ObjectNotFoundError:
                if self._etag(key) is None:
                    self.removed(key)
                    return
                continue
            except (PreconditionFailedError, DocumentError):
                continue  # a document that makes no sense since: the next round looks at it
            if settled:
                return
            again = False
        raise PreconditionFailedError(key)

    def fail(self, key: str, error: TaggingError) -> None:
        """Answer for a picture that nobody will try again now; an answer it has already stays.

        Only "gave up" says less than the error, and is replaced.
        Raises StoreUnavailableError and CatalogUnavailableError.
        """
        if not is_picture_key(key):
            return
        try:
            info = self._store.head(key)
            found = document_of(self._store, key)
        except ObjectNotFoundError:
            self.removed(key)
            return
        except DocumentError:
            self._index.index(key)
            return
        before = found[0] if found else None
        answered = before is not None and self._is_answered(before, info)
        if before is None or not answered or composing.has_given_up(before):
            work = _Work(key, again=False, before=before)
            with suppress(DocumentError):  # it makes no sense since, and is shown as failed
                self._write_failure(work, Seen(info, self._index.name_of(key)), error)
        self._index.index(key)

    def removed(self, key: str) -> None:
        """Clear away after a picture that is gone: its document to the trash, its thumbnails."""
        if not is_picture_key(key):
            return
        if self._clears_away and self._etag(key) is None:
            throw_away_document(self._store, self._index, key, self._clock())
            remove_thumbnails(self._store, key)
            if self._etag(key) is not None:  # it came back meanwhile, and its event may be past
                self.tag(key)
                return
        self._index.index(key)

    def _settle(self, key: str, *, again: bool, last_attempt: bool) -> bool:
        """Do all there is to do once; tell whether nothing has changed meanwhile."""
        info = self._store.head(key)
        try:
            found = document_of(self._store, key)
        except DocumentError:
            # Shown as failed with its reason; thrown away only where a person asks for it.
            if not again or not self._clears_away:
                self._index.index(key)
                return self._etag(key) == info.etag
            throw_away_document(self._store, self._index, key, self._clock())
            found = None
        before = found[0] if found else None
        if before is None and self._store.obstacle(metadata_key(key)):
            self._index.index(key)  # shown as failed with its reason: there is no place for labels
            return True
        if before is None:
            self._index.mark_pending(key, size=info.size)
        put_off = last_attempt and before is not None and composing.has_given_up(before)
        if again or before is None or put_off or not self._is_answered(before, info):
            work = _Work(key, again, before)
            if last_attempt and not (before and composing.is_tagged(before, info)):
                self._write_failure(work, Seen(info, self._index.name_of(key)), GAVE_UP)
            info = self._answer(work, info)
        state = self._etag(key), self._etag(metadata_key(key))
        self._index.index(key)
        after = self._etag(key), self._etag(metadata_key(key))
        return after == state and state[0] == info.etag and state[1] is not None

    def _is_answered(self, document: Document, info: ObjectInfo) -> bool:
        """Tell whether a document says all about this picture as it is now."""
        if not composing.is_about(document, info):
            return False
        if document.status == "failed":
            return True
        return self._has_thumbnails(document)

    def _has_thumbnails(self, document: Document) -> bool:
        keys = [thumbnail.key for thumbnail in document.thumbnails]
        return bool(keys) and all(self._etag(key) is not None for key in keys)

    def _answer(self, work: _Work, info: ObjectInfo) -> ObjectInfo:
        """Read the picture, find its labels, write thumbnails and document.

        Returns what the store said of the picture that was read.
        """
        if work.before is None or work.before.image.size != info.size:
            # Nothing can be known of these bytes, so what is too large is not even read.
            try:
                self._settings.limits.check_bytes(info.size)
            except PictureError as error:
                self._write_unreadable(work, Seen(info, self._index.name_of(work.key)), error)
                return info
        with self._store.open(work.key) as (file, info):
            seen = Seen(info, self._index.name_of(work.key), _sha256(file))
            base = self._known(work, seen.sha256)
            if base is not None and base is work.before and self._stays(base):
                self._write_kept(work, seen, base)
                return info
            try:
                opened = self._open(file, self._settings.limits)
            except PictureError as error:
                self._write_unreadable(work, seen, error)
                return info
        answer: Recognition | TaggingError | None = None
        if base is None:
            answer = self._labels(work, seen.sha256, opened.picture)
        self._disown_before(work, seen.sha256)
        seen = replace(
            seen,
            picture=opened.picture,
            properties=opened.properties,
            thumbnails=self._write_thumbnails(work.key, opened),
        )
        if isinstance(answer, TaggingError):
            self._write_failure(work, seen, answer)
        elif answer:
            self._write_tagged(work, seen, answer)
        elif base:
            self._write_kept(work, seen, base)
        return info

    def _disown_before(self, work: _Work, sha256: str) -> None:
        """Say that the document is not about the picture whose thumbnails are written next.

        Were this stopped in between and the former picture put back, its document would be
        taken for complete, with thumbnails of another picture.
        """

        def change(now: Document | None) -> Document | None:
            about_another = now and now.image.etag and now.image.sha256 not in ("", sha256)
            return composing.disowned(now) if now and about_another else None

        if work.before is not None:
            change_document(self._store, work.key, change)

    def _known(self, work: _Work, sha256: str) -> Document | None:
        """Return the document whose labels hold for these bytes, if there is one."""
        if work.adopts:
            return work.before
        if work.again:
            return None
        if work.before is None:
            trashed = trashed_document(self._store, self._index, work.key, sha256)
            if trashed is not None:
                trashed.image.uploaded_at = ""  # it was uploaded anew
            return trashed
        if work.before.status == "failed" and composing.is_disowned(work.before):
            return None
        return work.before if composing.speaks_of(work.before, sha256) else None

    def _stays(self, document: Document) -> bool:
        """Tell whether a document of the same bytes only has to learn their new ETag."""
        if composing.is_foreign(document):
            return False
        return document.status == "failed" or self._has_thumbnails(document)

    def _labels(self, work: _Work, sha256: str, picture: Picture) -> Recognition | TaggingError:
        """Return what is known of the same bytes under another key, else ask the recogniser."""
        if not work.again:
            known = labels_elsewhere(
                self._store,
                self._index,
                work.key,
                sha256,
                self._mark(),
                with_properties=self._settings.image_properties,
            )
            if known is not None:
                self._tell("copied")
                return known
        self._tell("recognized")
        try:
            return self._recognizer.recognize(
                picture.image,
                min_confidence=self._settings.min_confidence,
                max_labels=self._settings.max_labels,
            )
        except RecognitionError as error:
            return TaggingError(error.code, error.message)

    def _write_thumbnails(self, key: str, opened: Opened) -> list[Thumbnail]:
        written = []
        for made in opened.thumbnails:
            target = thumbnail_key(key, made.nominal)
            try:
                self._store.put(target, made.data, content_type="image/webp")
            except StoreRefusedError as error:  # labels are worth more than small pictures
                log.warning("No thumbnails for %r: %s", key, error)
                return []
            written.append(Thumbnail(target, made.width, made.height))
        return written

    def _write_tagged(self, work: _Work, seen: Seen, recognition: Recognition) -> None:
        def change(now: Document | None) -> Document | None:
            if now and not work.again:
                if composing.is_foreign(now):
                    return composing.kept(now, seen)
                if composing.is_tagged(now, seen.info):
                    return None  # another worker was quicker
            return composing.tagged(now, seen, recognition, self._mark())

        change_document(self._store, work.key, change)
        self._tell("tagged")
        note("tagged", work.key, recognizer=self._recognizer.name)

    def _write_kept(self, work: _Work, seen: Seen, base: Document) -> None:
        def change(now: Document | None) -> Document | None:
            if now is None:
                # From the trash, unless what was there was taken away: then look again.
                return composing.kept(base, seen) if work.before is None else None
            return composing.kept(composing.without_giving_up(now, base), seen)

        change_document(self._store, work.key, change)
        note("measured", work.key)

    def _write_unreadable(self, work: _Work, seen: Seen, error: PictureError) -> None:
        remove_thumbnails(self._store, work.key)
        self._write_failure(work, seen, TaggingError(error.code, error.message))

    def _write_failure(self, work: _Work, seen: Seen, error: TaggingError) -> None:
        def change(now: Document | None) -> Document | None:
            if now and seen.picture and composing.is_tagged(now, seen.info):
                return None  # what was found before is better than nothing
            return composing.failed(now, seen, error, self._mark())

        change_document(self._store, work.key, change)
        if error is not GAVE_UP:
            self._tell("failed")
        note("failed", work.key, code=error.code)

    def _mark(self) -> Tagging:
        return Tagging(
            status="tagged",
            recognizer=self._recognizer.name,
            min_confidence=self._settings.min_confidence,
            max_labels=self._settings.max_labels,
            tagged_at=utc_text(self._clock()),
        )

    def _etag(self, key: str) -> str | None:
        """Return the ETag of an object, or None where there is none."""
        try:
            return self._store.head(key).etag
        except ObjectNotFoundError:
            return None


def _sha256(file: BinaryIO) -> str:
    """Return the SHA-256 of a file in hex, read in parts."""
    digest = hashlib.sha256()
    while part := file.read(_PART_BYTES):
        digest.update(part)
    return digest.hexdigest()
