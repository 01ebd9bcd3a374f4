"""Where a machine's library lies: store and catalog of each kind, new for each example."""

import itertools
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from catalog.database import Database
from catalog.storage import ObjectStore
from catalog.storage.folder import FolderStore
from tests.convergence.actors import SteppingDatabase
from tests.convergence.machine import Place
from tests.postgres import Cluster
from tests.strict_s3.front import StrictFront

Servers = tuple[StrictFront, int, str]
_numbers = itertools.count(1)


def place(
    store: Callable[[Path], ObjectStore], catalog: Callable[[Path], str], parent: Path | None = None
) -> Place:
    """Return what makes libraries of this kind, one for each example."""

    @contextmanager
    def made() -> Iterator[tuple[ObjectStore, SteppingDatabase, Database]]:
        with tempfile.TemporaryDirectory(dir=parent) as name:
            folder = Path(name)
            database = SteppingDatabase.open(catalog(folder))
            fresh = Database.open(f"sqlite:///{folder}/fresh.sqlite")
            try:
                yield store(folder), database, fresh
            finally:
                database.close()
                fresh.close()

    return made


def in_a_folder(folder: Path) -> FolderStore:
    """Make a library in a folder."""
    store = FolderStore(folder / "library")
    store.prepare()
    return store


def in_a_bucket(servers: Servers) -> Callable[[Path], ObjectStore]:
    """Return what makes a bucket of its own for each library."""
    from catalog.storage.s3 import S3Store
    from tests.strict_s3.site import new_site

    def made(_: Path) -> ObjectStore:
        site = new_site(*servers)
        return S3Store(site.bucket, client=site.client())

    return made


def sqlite(folder: Path) -> str:
    """Return the address of a catalog in a file."""
    return f"sqlite:///{folder}/catalog.sqlite"


def postgresql(cluster: Cluster) -> Callable[[Path], str]:
    """Return what makes an empty database for each library."""
    return lambda _: cluster.create(f"rests_{next(_numbers)}")
