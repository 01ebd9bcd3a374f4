"""The home on one machine: composes store, journal, catalog and index for a library."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from catalog.database import Database
from catalog.errors import StoreUnavailableError
from catalog.indexer import Indexer
from catalog.keys import UPLOADS
from catalog.settings import TaggingEnvironment, tagging_environment
from catalog.storage.folder import FolderStore
from catalog.storage.folder_reading import OURS
from catalog.storage.journal import Journal
from catalog.storage.s3 import S3Store
from cli.libraries import SCHEME, LibraryError, bucket_of, library_folder, state_folder

__all__ = ["Home", "LibraryError", "catalog_url", "library_folder", "open_home", "ours_of"]


@dataclass(frozen=True, slots=True)
class Home:
    """Everything that belongs to one library on this machine.

    `library` is what commands call it; `ours` is the folder of what Taglight keeps for itself.
    """

    library: str
    ours: Path
    environment: TaggingEnvironment
    store: FolderStore | S3Store
    journal: Journal
    database: Database
    indexer: Indexer
    only_read: bool = False  # the folder cannot be written, and all that is ours is elsewhere

    @property
    def folder(self) -> FolderStore | None:
        """The library's folder, None where it is a bucket."""
        return self.store if isinstance(self.store, FolderStore) else None

    @property
    def bucket(self) -> S3Store | None:
        """The library's bucket, None where it is a folder."""
        return self.store if isinstance(self.store, S3Store) else None

    def close(self) -> None:
        """Let go of the files held open."""
        self.database.close()
        self.journal.close()
        self.store.close()


def ours_of(library: str) -> Path:
    """Return the folder of what Taglight keeps of a library for itself. Raises LibraryError."""
    bucket = bucket_of(library)
    if bucket:
        return state_folder(bucket, tagging_environment().state)
    return library_folder(library) / OURS


def catalog_url(environment: TaggingEnvironment, ours: Path) -> str:
    """Return where the catalog of a library is: in our own folder where nothing else is set."""
    return environment.catalog_url or f"sqlite:///{ours / 'catalog.sqlite'}"


def open_home(library: str, *, may_only_read: bool = False) -> Home:
    """Open a library; a folder is made where it is missing. Raises TaglightError.

    With `may_only_read`, one that cannot be written is opened too, for looking at it.
    """
    environment = tagging_environment()
    bucket = bucket_of(library)
    if bucket:
        return _open_bucket(bucket, environment)
    if may_only_read and cannot_be_written(library_folder(library)):
        return _open_for_reading(library_folder(library), environment)
    return _open_folder(library, environment)


def cannot_be_written(root: Path) -> bool:
    """Tell whether this folder is a library in which we can change nothing."""
    ours = root / OURS
    return (root / UPLOADS).is_dir() and not os.access(ours if ours.is_dir() else root, os.W_OK)


def _open_folder(library: str, environment: TaggingEnvironment) -> Home:
    root = library_folder(library)
    journal = Journal(root.resolve() / OURS / "journal.sqlite")
    store = FolderStore(root, on_change=journal.announce)
    try:
        store.prepare()
    except StoreUnavailableError as error:
        raise LibraryError(f"The library cannot be used. {error}") from error
    ours = store.root / OURS
    database = Database.open(catalog_url(environment, ours))
    indexer = Indexer(store, database, journal.announce)
    return Home(str(store.root), ours, environment, store, journal, database, indexer)


def _open_for_reading(root: Path, environment: TaggingEnvironment) -> Home:
    """Open a folder that cannot be written: the catalog, which is a cache, lies with this user."""
    mark = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:8]
    ours = _state_made(f"{root.resolve().name}-{mark}", environment)
    journal = Journal(ours / "journal.sqlite")
    store = FolderStore(root, ours=ours)
    store.check()
    database = Database.open(catalog_url(environment, ours))
    indexer = Indexer(store, database)
    library = str(store.root)
    return Home(library, ours, environment, store, journal, database, indexer, only_read=True)


def _open_bucket(bucket: str, environment: TaggingEnvironment) -> Home:
    """Open a bucket; whether it answers is asked first, so that a mistake is said at once."""
    store = S3Store(bucket)
    try:
        store.check()
    except StoreUnavailableError as error:
        raise LibraryError(f"The library cannot be used. {error}") from error
    ours = _state_made(bucket, environment)
    journal = Journal(ours / "journal.sqlite")
    database = Database.open(catalog_url(environment, ours))
    indexer = Indexer(store, database, journal.announce)
    return Home(SCHEME + bucket, ours, environment, store, journal, database, indexer)


def _state_made(name: str, environment: TaggingEnvironment) -> Path:
    ours = state_folder(name, environment.state)
    try:
        ours.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise LibraryError(
            f"The folder {ours} cannot be made: {error.strerror}. Set TAGLIGHT_STATE to another."
        ) from error
    return ours
