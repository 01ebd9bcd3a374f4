"""The home on one machine: composes store, journal, catalog and index for a library's folder."""

import os
from dataclasses import dataclass
from pathlib import Path

from catalog.database import Database
from catalog.errors import StoreUnavailableError, TaglightError
from catalog.indexer import Indexer
from catalog.settings import TaggingEnvironment, tagging_environment
from catalog.storage.folder import FolderStore
from catalog.storage.folder_reading import OURS
from catalog.storage.journal import Journal


class LibraryError(TaglightError):
    """This is no library that Taglight can open; the message says why."""


@dataclass(frozen=True, slots=True)
class Home:
    """Everything that belongs to one library on this machine."""

    environment: TaggingEnvironment
    store: FolderStore
    journal: Journal
    database: Database
    indexer: Indexer

    @property
    def ours(self) -> Path:
        """The folder of what Taglight keeps for itself."""
        return self.store.root / OURS

    def close(self) -> None:
        """Let go of the files held open."""
        self.database.close()
        self.journal.close()
        self.store.close()


def library_folder(library: str) -> Path:
    """Return the folder of a LIBRARY argument. Raises LibraryError for what is no folder."""
    if library.lower().startswith("s3://"):
        raise LibraryError(
            f"{library}: libraries in a bucket come with a later version of Taglight. "
            "Give the path of a folder."
        )
    if not library.strip() or "\x00" in library:
        raise LibraryError("Give the path of the library's folder.")
    try:
        folder = Path(library).expanduser()
    except RuntimeError as error:
        raise LibraryError(f"{library}: there is no such home folder.") from error
    return Path(os.path.abspath(folder))  # noqa: PTH100 - the store follows a link at the top


def catalog_url(environment: TaggingEnvironment, root: Path) -> str:
    """Return where the catalog of a library is: in its folder where nothing else is set."""
    return environment.catalog_url or f"sqlite:///{root / OURS / 'catalog.sqlite'}"


def open_home(library: str) -> Home:
    """Open a library, made where it is missing. Raises TaglightError with a sentence."""
    environment = tagging_environment()
    if environment.recognizer != "local":
        raise LibraryError(
            f"RECOGNIZER={environment.recognizer} comes with a later version of Taglight. "
            "Unset RECOGNIZER to use the recogniser of this machine."
        )
    root = library_folder(library)
    journal = Journal(root.resolve() / OURS / "journal.sqlite")
    store = FolderStore(root, on_change=journal.announce)
    try:
        store.prepare()
    except StoreUnavailableError as error:
        raise LibraryError(f"The library cannot be used. {error}") from error
    database = Database.open(catalog_url(environment, store.root))
    return Home(environment, store, journal, database, Indexer(store, database))
