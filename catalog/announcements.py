"""What was announced for a key before its bytes came: the name that a key does not hold.

A ticket that leads straight to a bucket cannot carry the name; whoever sees the picture first asks
here. What was announced and never sent shows nowhere, and is forgotten after a day.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from catalog import dialects
from catalog.chunks import CHUNK, chunks
from catalog.clock import utc_now
from catalog.database import Database
from catalog.keys import image_id
from catalog.schema import announced, image
from catalog.terms import clean, microseconds

KEPT = timedelta(days=1)
_COLUMNS = [column.name for column in announced.columns]


@dataclass(frozen=True, slots=True)
class Announcement:
    """The name and the SHA-256 (hex) of what is about to be sent under a key."""

    key: str
    name: str
    sha256: str


class Announcements:
    """Keeps announcements in the catalog."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, announcements: Sequence[Announcement], now: datetime | None = None) -> None:
        """Remember these, in place of older ones, and forget some that are out of date.

        Raises CatalogUnavailableError.
        """
        if announcements:
            at = now or utc_now()
            self._database.write(lambda connection: _keep(connection, announcements, at))


def find(connection: Connection, key: str) -> Announcement | None:
    """Return what was announced for this key, None for nothing."""
    query = select(announced.c.name, announced.c.sha256).where(
        announced.c.public_id == image_id(key)
    )
    row = connection.execute(query).first()
    return Announcement(key, row.name, row.sha256) if row else None


def among(connection: Connection, keys: Iterable[str]) -> set[str]:
    """Return those of these keys for which something was announced."""
    if connection.execute(select(announced.c.public_id).limit(1)).first() is None:
        return set()  # as it always is where tickets carry the name themselves
    found: set[str] = set()
    for chunk in chunks(keys):
        by_id = {image_id(key): key for key in chunk}
        query = select(announced.c.public_id).where(announced.c.public_id.in_(list(by_id)))
        found |= {by_id[public_id] for public_id in connection.scalars(query)}
    return found


def awaited(connection: Connection, within: timedelta, limit: int) -> list[str]:
    """Return keys that were announced lately, and that the catalog does not know yet."""
    since = microseconds(utc_now() - within)
    is_there = [image.c.public_id == announced.c.public_id, image.c.trash == ""]
    query = select(announced.c.key).where(
        announced.c.announced_at >= since, ~dialects.probe(connection, is_there)
    )
    return list(connection.scalars(query.order_by(announced.c.announced_at.desc()).limit(limit)))


def _keep(connection: Connection, announcements: Sequence[Announcement], now: datetime) -> None:
    rows = {
        image_id(each.key): (each.key, clean(each.name), each.sha256, microseconds(now))
        for each in announcements
    }
    outdated = select(announced.c.public_id).where(
        announced.c.announced_at < microseconds(now - KEPT)
    )
    gone = [*rows, *connection.scalars(outdated.limit(CHUNK))]
    connection.execute(delete(announced).where(announced.c.public_id.in_(gone)))
    values = [(public_id, *row) for public_id, row in rows.items()]
    dialects.insert_many(connection, announced, _COLUMNS, values)
