"""Libraries that are there already, with a catalog that knows them as they are."""

import os
from collections.abc import Callable, Iterator

from catalog import reads
from catalog.database import Database
from catalog.errors import SettingsError
from catalog.keys import UPLOADS
from catalog.query import Query
from catalog.records import ImageRecord
from cli.home import Home, LibraryError, library_folder, open_home
from cli.libraries import bucket_of
from cli.locks import is_held
from cli.mistakes import MistakeError
from cli.progress import showing

_PAGE = 500


def open_existing(library: str) -> Home:
    """Open a library that is there. Raises MistakeError where it is none, and TaglightError."""
    try:
        if bucket_of(library):
            return open_home(library)
        folder = library_folder(library)
        if not folder.is_dir():
            raise MistakeError(
                f"There is no folder {folder}. Give the path of a library, "
                f"or make a new one there with: taglight serve {library}"
            )
        if not os.path.isdir(folder / UPLOADS):  # noqa: PTH112 - False where it may not be seen
            raise MistakeError(
                f"{folder} is no library: it has no folder {UPLOADS} for the pictures. "
                "Make one and put them there, or give another path."
            )
        return open_home(library)
    except (LibraryError, SettingsError) as error:
        raise MistakeError(str(error)) from error


def is_worked_on(home: Home) -> bool:
    """Tell whether `taglight serve` tags pictures of this library just now."""
    return is_held(home.ours / "worker.lock")


def bring_in_step(home: Home) -> None:
    """Have the catalog know all pictures and documents as they are, showing how far it is."""
    with showing("Comparing the catalog with the files") as advance:
        home.indexer.reindex(_steps(advance), only_changed=True)


def selected(
    database: Database, query: Query, *, min: float | None = None, sort: str = "newest"
) -> Iterator[ImageRecord]:
    """Yield all pictures that match, page by page, so that any number takes the same memory."""
    cursor = None
    while True:
        with database.reading() as connection:
            page = reads.search(
                connection, query, min=min, sort=sort, limit=_PAGE, cursor=cursor, counted=False
            )
        yield from page.images
        cursor = page.next
        if cursor is None:
            return


def _steps(advance: Callable[[int], None]) -> Callable[[int, int | None], None]:
    """Return a listener to how many are done altogether, which tells how many more these are."""
    told = 0

    def listener(done: int, _: int | None) -> None:
        nonlocal told
        advance(done - told)
        told = done

    return listener
