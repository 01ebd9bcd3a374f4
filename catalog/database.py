"""The database of the catalog: engine, transaction rule, what is remembered of it.

The rule: `database.write(work)` commits what `work` has done, or does it again where another
writer came between; functions of writes.py and reads.py take a connection and never commit.
"""

import logging
import random
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection, Engine, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from catalog import dialects
from catalog.dialects import sqlite, tables
from catalog.errors import CatalogFullError, CatalogUnavailableError
from catalog.schema import meta
from catalog.storage.mishaps import is_damage

if TYPE_CHECKING:
    from catalog.columns import Columns

log = logging.getLogger(__name__)

DATABASE = "taglight_database"
# Where a writing transaction keeps the labels it has made or read, until it commits.
NEW_LABELS = "taglight_new_labels"
# Where a reading transaction keeps what it has found out, for the questions to come.
FOUND = "taglight_found"
# As many connections as a web server's threads need, who wait for each other beyond that.
CONNECTIONS = 20
# Seconds in which work is done again that met another writer, the first wait and the longest.
_CONFLICTS_WITHIN, _FIRST_WAIT, _LONGEST_WAIT = 30.0, 0.01, 1.0
# Seconds in which a server that was restarted is waited for.
_OUTAGE_WITHIN = 5.0

T = TypeVar("T")
R = TypeVar("R", bound=dialects.Portioned)


class Database:
    """The catalog's database; opened once a process, shared by its threads."""

    def __init__(self, engine: Engine, file: sqlite.FileWatch | None = None) -> None:
        # Committed labels by folded name: id, name as shown, category (used by writes.py).
        self.labels: dict[str, tuple[int, str, str]] = {}
        # Searches that were asked before (used by prepared.py).
        self.statements: OrderedDict[Hashable, Any] = OrderedDict()
        # Counts come from arrays in memory where they can be made, else from SQL (facets.py).
        self.uses_arrays = dialects.may_keep_arrays(engine) and all(
            find_spec(name) for name in ("numpy", "pyroaring")
        )
        # Beyond so many matches counts come from a sample (samples.py); None: never.
        self.exact_up_to = dialects.exact_up_to(engine)
        self.arrays: Columns | None = None
        self.arrays_lock = threading.Lock()
        self._commits = dialects.commits_of(engine)
        # A catalog in a file is made anew where the file is lost while we run.
        self._file = file
        self._mending = threading.Lock()
        self._lives = 1
        self._engine = engine.execution_options(**{DATABASE: self})
        self._writer = self._engine.execution_options(**{dialects.WRITES: True})

    @classmethod
    def open(cls, url: str, *, connections: int = CONNECTIONS) -> "Database":
        """Open the catalog at a URL and make its tables where they lack.

        `sqlite:////path`, `postgresql://…` or `dsql://<endpoint>`; servers are asked for at most
        `connections` connections. A catalog of another schema version is emptied, a damaged file
        is set aside; both then have `needs_reindex`. Raises CatalogUnavailableError.
        """
        parsed = _parsed(url)
        engine = dialects.open_engine(parsed, connections)
        file = None
        try:
            if engine.dialect.name == "sqlite":
                file = sqlite.FileWatch(sqlite.file_of(parsed))
                _prepare_file(file, engine)
            else:
                with _converted():
                    _persist(lambda: dialects.prepare(engine))
        except BaseException:
            engine.dispose()
            raise
        return cls(engine, file)

    @staticmethod
    def facts(url: str) -> dict[str, str]:
        """Return what a catalog says of itself, changing nothing; empty where there is none.

        Raises CatalogUnavailableError.
        """
        engine = dialects.open_engine(_parsed(url), 1)
        try:
            with _converted(), _persist(engine.connect) as connection:
                return tables.read_facts(connection)
        finally:
            engine.dispose()

    @property
    def needs_reindex(self) -> bool:
        """Tell whether the catalog is still to be filled from the documents."""
        with self.reading() as connection:
            return needs_reindex(connection)

    def set_needs_reindex(self, needed: bool) -> None:
        """Remember whether the catalog is still to be filled from the documents."""
        value = "yes" if needed else "no"
        self.write(lambda connection: tables.write_fact(connection, tables.NEEDS_REINDEX, value))

    def settle(self) -> None:
        """After much was written: let the engine see what there is now, to plan by."""
        with _converted():
            dialects.settle(self._engine)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the catalog. Raises CatalogUnavailableError."""
        with self._whole(), _persist(self._engine.connect) as connection:
            connection.info.pop(FOUND, None)
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection that writes; commits on a clean exit, else rolls back.

        Where other writers may come between, `write` is the one that tries again. Raises
        CatalogUnavailableError.
        """
        with self._whole(), self._transaction() as connection:
            yield connection

    def write(self, work: Callable[[Connection], T]) -> T:
        """Do work in a transaction and commit it; return what it returned.

        It is done again from the start where another writer came between or the server was
        restarted: it must not matter how often. Raises CatalogUnavailableError.
        """

        def once() -> T:
            with self._transaction() as connection:
                return work(connection)

        with self._whole():
            return _persist(once)

    def portions(self, rows: Sequence[R]) -> Iterator[list[R]]:
        """Cut pictures into what one transaction may write."""
        return dialects.portions(self._engine, rows)

    def mark(self) -> Hashable | None:
        """Return what is another after every commit, whoever makes it; None where nothing tells.

        Whatever was read after a mark was taken is as it was as long as the mark is the same.
        """
        if self._commits is None or (self._file is not None and self._file.is_other()):
            return None
        mark = self._commits.mark()
        return None if mark is None else (self._lives, mark)

    def rows_at(self, mark: Hashable, sql: str, values: Sequence[Any]) -> list[Any] | None:
        """Return the rows of a ready statement at the moment of a mark, None where it is over."""
        rows = self._commits.fetch(sql, values) if self._commits else None
        return rows if self.mark() == mark else None

    def check(self) -> None:
        """Return when the database answers. Raises CatalogUnavailableError."""
        with self.reading() as connection:
            connection.execute(select(meta.c.value).limit(1)).all()

    def close(self) -> None:
        """Close all connections that are not in use."""
        if self._commits is not None:
            self._commits.close()
        self._engine.dispose()

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """Turn the engine's errors into ours; a file that is lost or damaged is made anew."""
        if self._file is None:
            with _converted():
                yield
            return
        if self._file.is_other():
            self._begin_anew(self._lives, damaged=self._file.is_shorter())
        life = self._lives
        try:
            with _converted():
                yield
        except CatalogUnavailableError as error:
            if is_damage(getattr(error.__cause__, "orig", None)):
                self._begin_anew(life, damaged=not self._file.is_other())
            raise

    def _begin_anew(self, life: int, *, damaged: bool) -> None:
        """Take up another file, which is made where there is none; once for each that was lost."""
        assert self._file is not None  # noqa: S101 - for the type checker
        with self._mending:
            if self._lives != life:
                return  # another thread has done it
            if self._commits is not None:
                self._commits.close()
            self._engine.dispose()
            _prepare_file(self._file, self._engine, damaged=damaged)
            self._lives += 1
            self.labels = {}
            self.statements = OrderedDict()
            with self.arrays_lock:
                self.arrays = None

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self._writer.begin() as connection:
            connection.info.pop(NEW_LABELS, None)
            connection.info.pop(FOUND, None)
            yield connection
            made = connection.info.pop(NEW_LABELS, {})
        # Only now are these ids certain: a rollback would have taken them back.
        self.labels.update(made)


def needs_reindex(connection: Connection) -> bool:
    """Tell whether the catalog is still to be filled from the documents."""
    return tables.read_fact(connection, tables.NEEDS_REINDEX) == "yes"


def database_of(connection: Connection) -> Database:
    """Return the database that a connection came from."""
    database = connection.get_execution_options()[DATABASE]
    assert isinstance(database, Database)  # noqa: S101 - for the type checker
    return database


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError as error:
        raise CatalogUnavailableError(
            "The address of the catalog is none: it looks like postgresql://user@host/name."
        ) from error


def _prepare_file(file: sqlite.FileWatch, engine: Engine, *, damaged: bool = False) -> None:
    path, again = file.path, file.is_known
    try:
        if not again:  # later, a folder that is gone is rather a disk that is not connected
            path.parent.mkdir(parents=True, exist_ok=True)
        with _converted(), sqlite.alone(path):
            lost = not path.exists()
            aside = sqlite.set_aside_if_damaged(path, known=damaged)
            dialects.prepare(engine)
            file.remember()
    except (OSError, sqlite3.Error) as error:
        raise CatalogUnavailableError(f"The catalog {path} cannot be opened: {error}") from error
    if aside:
        log.warning(
            "The catalog %s was damaged. It is filled again from the documents; what was there "
            "is kept as %s.",
            path,
            aside,
        )
    elif lost and again:
        log.warning("The catalog %s was removed. It is filled again from the documents.", path)


def _persist(attempt: Callable[[], T]) -> T:
    """Try until it is done, as long as what stands in the way may pass."""
    started = time.monotonic()
    wait = _FIRST_WAIT
    while True:
        try:
            return attempt()
        except DBAPIError as error:
            patience = _patience(error)
            if time.monotonic() - started + wait > patience:
                raise
        # Who waits as long as the others meets them again.
        time.sleep(wait * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
        wait = min(2 * wait, _LONGEST_WAIT)


def _patience(error: DBAPIError) -> float:
    """Return for how many seconds an error is worth trying again."""
    if dialects.is_conflict(error):
        return _CONFLICTS_WITHIN
    return _OUTAGE_WITHIN if dialects.is_outage(error) else 0.0


@contextmanager
def _converted() -> Iterator[None]:
    """Turn the engine's errors into the catalog's own."""
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        if getattr(cause, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL:
            raise CatalogFullError("The catalog cannot grow: its disk is full.") from error
        raise CatalogUnavailableError(f"The catalog does not answer: {cause}") from error
