"""The catalog as a Lambda has it: opened when it is first needed, or none at all."""

import threading
from collections.abc import Callable

from catalog.database import Database
from catalog.indexer import Indexer
from catalog.storage import ObjectStore

# One picture or message at a time; documents of a batch come one after the other.
CONNECTIONS = 2


class NoIndex:
    """An Index that knows nothing: documents are written, and nobody looks them up here."""

    def index(self, key: str) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""

    def index_trash(self, folder: str) -> None:
        """Do nothing."""

    def note_trash(self, key: str, folder: str) -> None:
        """Do nothing."""

    def trashed(self, key: str) -> list[str]:  # noqa: ARG002 - part of the protocol
        """Return that nothing is known."""
        return []

    def mark_pending(
        self, key: str, *, name: str = "", sha256: str = "", size: int | None = None
    ) -> None:
        """Do nothing."""

    def mark_again(self, key: str) -> None:
        """Do nothing."""

    def name_of(self, key: str) -> str:  # noqa: ARG002 - part of the protocol
        """Return nothing."""
        return ""

    def same_bytes(self, sha256: str) -> list[str]:  # noqa: ARG002 - part of the protocol
        """Return nothing."""
        return []

    def document_etag(self, key: str) -> str | None:  # noqa: ARG002 - part of the protocol
        """Return that nothing is known."""
        return None


class LazyIndex:
    """An Index over a catalog that may be down when the process begins.

    Each call raises CatalogUnavailableError until the catalog could be opened.
    """

    def __init__(self, store: ObjectStore, open_database: Callable[[], Database]) -> None:
        self._store = store
        self._open = open_database
        self._lock = threading.Lock()
        self._database: Database | None = None

    @property
    def database(self) -> Database:
        """The catalog's database. Raises CatalogUnavailableError."""
        with self._lock:
            if self._database is None:
                self._database = self._open()
            return self._database

    def close(self) -> None:
        """Close the connections; the next call opens the catalog again."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None

    @property
    def indexer(self) -> Indexer:
        """What writes the rows. Raises CatalogUnavailableError."""
        return Indexer(self._store, self.database)

    def index(self, key: str) -> None:
        """Read picture and document as they are now, and write or remove the row."""
        self.indexer.index(key)

    def index_trash(self, folder: str) -> None:
        """Do the same for one folder of the trash."""
        self.indexer.index_trash(folder)

    def note_trash(self, key: str, folder: str) -> None:
        """Remember that a folder of the trash will hold what is of this key."""
        self.indexer.note_trash(key, folder)

    def trashed(self, key: str) -> list[str]:
        """Return the folders of the trash that may hold something of this key."""
        return self.indexer.trashed(key)

    def mark_pending(
        self, key: str, *, name: str = "", sha256: str = "", size: int | None = None
    ) -> None:
        """Show a picture as waiting to be tagged."""
        self.indexer.mark_pending(key, name=name, sha256=sha256, size=size)

    def mark_again(self, key: str) -> None:
        """Show a picture as waiting to be tagged once more, until it is indexed again."""
        self.indexer.mark_again(key)

    def name_of(self, key: str) -> str:
        """Return the name that is known for a picture, or nothing."""
        return self.indexer.name_of(key)

    def same_bytes(self, sha256: str) -> list[str]:
        """Return keys of tagged pictures of these bytes."""
        return self.indexer.same_bytes(sha256)

    def document_etag(self, key: str) -> str | None:
        """Return the ETag of the document a picture is known by, None where it is unknown."""
        return self.indexer.document_etag(key)
