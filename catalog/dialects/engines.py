"""CATALOG_URL -> engine."""

from sqlalchemy import URL, Engine

from catalog.dialects.dsql import open_dsql
from catalog.dialects.postgresql import open_postgresql
from catalog.dialects.sqlite import Commits, open_sqlite
from catalog.errors import CatalogUnavailableError

_POSTGRESQL = ("postgresql", "postgres", "postgresql+psycopg")


def open_engine(url: URL, connections: int) -> Engine:
    """Make the engine for a URL. Raises CatalogUnavailableError where there is none for it."""
    try:
        if url.drivername == "sqlite":
            return open_sqlite(url)
        if url.drivername in _POSTGRESQL:
            return open_postgresql(url, connections)
        if url.drivername == "dsql":
            return open_dsql(url, connections)
    except ImportError as error:
        extra = "aws" if url.drivername == "dsql" else "postgres"
        raise CatalogUnavailableError(
            f"What speaks to {url.drivername}:// is not installed ({error.name}): "
            f"install Taglight with the extra {extra}."
        ) from error
    except ValueError as error:
        raise CatalogUnavailableError(str(error)) from error
    raise CatalogUnavailableError(f"There is no catalog for {url.drivername}:// addresses.")


def commits_of(engine: Engine) -> Commits | None:
    """Return what tells of every commit to this engine's database; None where nothing does."""
    return Commits(engine.url) if engine.dialect.name == "sqlite" else None
