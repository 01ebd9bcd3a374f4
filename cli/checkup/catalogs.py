"""The catalog, in a file or on a server, looked at without changing anything."""

import contextlib
import sqlite3
from enum import Enum
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from catalog.database import Database
from catalog.dialects.tables import NEEDS_REINDEX, VERSION
from catalog.errors import CatalogUnavailableError
from catalog.schema import SCHEMA_VERSION
from cli.checkup import machine
from cli.checkup.findings import Finding, well

_MADE_AGAIN = "It is only an index: it is made again from the documents."


class CatalogState(Enum):
    """What a look at the catalog has shown."""

    SOUND = "sound"
    MISSING = "missing"
    UNFILLED = "unfilled"
    DAMAGED = "damaged"
    SILENT = "silent"


def look_at_catalog(url: str) -> tuple[CatalogState, Finding]:
    """Look at the catalog of a CATALOG_URL, changing nothing."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        return _silent("CATALOG_URL", "It is no address.")
    if parsed.drivername == "sqlite":
        return _look_at_file(Path(parsed.database or "").absolute())
    try:
        told = Database.facts(url)
    except CatalogUnavailableError as error:
        return _silent(f"The catalog {parsed.render_as_string()}", str(error))
    return _judge(told) if told else _missing("There is no catalog in the database yet.")


def _look_at_file(path: Path) -> tuple[CatalogState, Finding]:
    if not path.exists():
        return _missing("There is no catalog.")
    try:
        with contextlib.closing(machine.read_only(path)) as connection:
            sound = connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
            told = dict(connection.execute("SELECT name, value FROM meta")) if sound else {}
    except sqlite3.Error:
        sound, told = False, {}
    if not sound:
        return CatalogState.DAMAGED, Finding(
            "wrong",
            f"The catalog {path} is damaged.",
            _MADE_AGAIN,
            "Stop taglight serve if it runs, then: taglight reindex",
            "Set the damaged catalog aside and make it again from the documents.",
        )
    return _judge(told)


def _missing(title: str) -> tuple[CatalogState, Finding]:
    return CatalogState.MISSING, Finding(
        "wrong",
        title,
        _MADE_AGAIN,
        "taglight serve, tag, export or reindex make it.",
        "Make the catalog from the documents.",
    )


def _silent(what: str, why: str) -> tuple[CatalogState, Finding]:
    return CatalogState.SILENT, Finding(
        "wrong",
        f"{what} cannot be looked at.",
        f"{why} Until it can, no page is shown; pictures and documents are safe.",
        "Start the database server, or correct CATALOG_URL.",
    )


def _judge(told: dict[str, str]) -> tuple[CatalogState, Finding]:
    """Judge by what a catalog says of itself."""
    if told.get(VERSION) != SCHEMA_VERSION or told.get(NEEDS_REINDEX) == "yes":
        return CatalogState.UNFILLED, Finding(
            "wrong",
            "The catalog is of another version of Taglight, or was not filled to its end.",
            "Pictures may be missing on the page until it is filled. " + _MADE_AGAIN,
            "taglight reindex",
            "Fill the catalog from the documents.",
        )
    return CatalogState.SOUND, well("The catalog opens and is of this version.")
