"""Document -> rows. What an event said is never trusted: picture and document are read as they
are now, and once more compared after the row is written, until neither has changed.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from sqlalchemy import Connection

from catalog import announcements, discards, reads, writes
from catalog.database import Database, needs_reindex
from catalog.errors import ObjectNotFoundError
from catalog.journeys import note
from catalog.keys import is_picture_key
from catalog.reindex import Progress, Reindexer, put_steady
from catalog.rows import ImageRow
from catalog.sources import Source, etags_of, read_picture, read_row, read_trash
from catalog.storage import ObjectStore
from catalog.storage.changes import ObjectChange
from catalog.trash import folders_about, is_left_of

# Who changes faster than this sends another event.
_ATTEMPTS = 20
# Before the ETag of a document whose picture waits to be tagged once more.
AGAIN = "again:"


class Indexer:
    """Keeps the catalog in step with the store."""

    def __init__(
        self,
        store: ObjectStore,
        database: Database,
        announce: Callable[[ObjectChange], None] | None = None,
    ) -> None:
        """Compose it; `announce` is told of the removal of a picture that has left something.

        Its row goes and is the last trace of it: whoever hears that clears away. The tagger on AWS
        does so itself.
        """
        self._store, self._database = store, database
        self._announce = announce

    def index(self, key: str) -> None:
        """Read the picture and its document as they are now, and write or remove the row."""
        self._index(key)

    def index_many(self, keys: Sequence[str]) -> None:
        """Do what `index` does for many pictures, and write what is steady in one transaction."""
        keys = [key for key in dict.fromkeys(keys) if is_picture_key(key)]
        with self._database.reading() as connection:
            before = writes.known(connection, keys)
        rows: dict[str, ImageRow] = {}
        for key in keys:
            with suppress(ObjectNotFoundError):
                rows[key] = read_row(self._store, self._store.head(key), before.get(key))
        changed = [row for key, row in rows.items() if row.stamp != before.get(key)]
        left = set(put_steady(self._database, writes.made_ready(changed), before))
        for row in changed:
            note("indexed", row.key)
        for key in keys:
            stamp = rows[key].stamp if key in rows and key not in left else None
            now = etags_of(self._store, key)
            if stamp is None or now != (stamp.etag, stamp.document_etag):
                self._index(key)

    def mark_pending(
        self, key: str, *, name: str = "", sha256: str = "", size: int | None = None
    ) -> None:
        """Show a picture as waiting to be tagged, if it has no document yet.

        Where `name` and `sha256` are not given, they are kept from an earlier call, or are what
        was announced for the key; the size is the store's own, whatever is given.
        """
        del size
        self._index(key, name=name, sha256=sha256)

    def mark_again(self, key: str) -> None:
        """Show a tagged or failed picture as waiting, with its labels, until it is indexed again.

        The files do not say so: a catalog that is rebuilt meanwhile shows the last answer.
        """
        source = read_picture(self._store, key)
        if source is None or not source.document_etag:
            return
        with self._database.writing() as connection:
            row = source.row(writes.known(connection, [key]).get(key))
            waiting = {"status": "pending", "error_code": "", "error_message": ""}
            row.change(**waiting, document_etag=AGAIN + source.document_etag)
            writes.put_image(connection, row)

    def name_of(self, key: str) -> str:
        """Return the name that is known for a picture, or nothing."""
        with self._database.reading() as connection:
            known = writes.known(connection, [key]).get(key)
            found = known or announcements.find(connection, key)
        return found.name if found else ""

    def same_bytes(self, sha256: str) -> list[str]:
        """Return keys of tagged pictures of these bytes, the oldest first; a few are enough."""
        with self._database.reading() as connection:
            return reads.keys_by_sha256(connection, sha256)

    def document_etag(self, key: str) -> str | None:
        """Return the ETag of the document a picture is known by ("" for none), None if unknown."""
        with self._database.reading() as connection:
            known = writes.known(connection, [key]).get(key)
        return known.document_etag if known else None

    def note_trash(self, key: str, folder: str) -> None:
        """Remember that a folder of the trash will hold what is of this key, before it is moved."""
        self._database.write(partial(discards.note, key=key, folder=folder))

    def trashed(self, key: str) -> list[str]:
        """Return the folders of the trash that may hold something of this key, the latest first.

        The store knows better. While the catalog is being filled, it is asked.
        """
        with self._database.reading() as connection:
            if not needs_reindex(connection):
                return discards.folders_of(connection, key)
        return folders_about(self._store, key)

    def index_trash(self, folder: str) -> None:
        """Do what `index` does, for one folder of the trash (`trash/<stamp>/`)."""
        for _ in range(_ATTEMPTS):
            listing = {info.key: info.etag for info in self._store.list(folder)}
            rows = [source.row() for source in read_trash(self._store, folder)]
            self._write_trash(folder, rows)
            about = discards.documents_in(self._store, folder)
            self._database.write(partial(discards.replace_folder, folder=folder, keys=about))
            if {info.key: info.etag for info in self._store.list(folder)} == listing:
                return

    def reindex(
        self,
        progress: Progress | None = None,
        *,
        only_changed: bool = False,
        forgets: bool = True,
    ) -> int:
        """Read every picture and document again, and forget what is gone; return how many.

        `progress` is told how many are done, and how many there are where that is known. The
        catalog stays usable. A catalog that was being filled goes on where it had stopped. With
        `only_changed`, only those are read that the catalog does not know as they are. Who clears
        away after pictures that are gone does not let them be forgotten here (`forgets`).
        """
        reindexer = Reindexer(self._store, self._database, self)
        return reindexer.run(progress, only_changed=only_changed, forgets=forgets)

    def _index(self, key: str, *, name: str = "", sha256: str = "") -> None:
        if not is_picture_key(key):
            return
        source = read_picture(self._store, key)
        for _ in range(_ATTEMPTS):
            self._write(key, source, name, sha256)
            now = read_picture(self._store, key, unless=source)
            if now is source:
                return
            source = now

    def _write(self, key: str, source: Source | None, name: str, sha256: str) -> None:
        with self._database.reading() as connection:
            known = writes.known(connection, [key]).get(key)
            told = None if known or name else announcements.find(connection, key)
        if source is None and known is None:
            return
        if told:
            name, sha256 = told.name, sha256 or told.sha256
        if source and known and known == source.row(known, name, sha256).stamp:
            return
        if source is None and self._announce and is_left_of(self._store, key):
            self._announce(ObjectChange("ObjectRemoved:Delete", key))

        def write(connection: Connection) -> None:
            if source is None:
                writes.remove_image(connection, key)
            else:
                known = writes.known(connection, [key]).get(key)
                writes.put_image(connection, source.row(known, name, sha256))

        self._database.write(write)
        note("indexed" if source else "forgotten", key)

    def _write_trash(self, folder: str, rows: list[ImageRow]) -> None:
        with self._database.reading() as connection:
            known = writes.known_in_trash(connection, folder)
        for key, trash in set(known) - {row.identity for row in rows}:
            self._database.write(partial(writes.remove_image, key=key, trash=trash))
        for portion in self._database.portions(rows):
            self._database.write(partial(writes.put_images, rows=portion))
