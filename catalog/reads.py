"""Questions to the catalog. Functions take a connection; what they say is of one moment."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from catalog import dialects, facets, pages
from catalog.cards import CARD_COLUMNS, CardPage, with_cards
from catalog.chunks import chunks
from catalog.database import Database, database_of
from catalog.facets import answers_at_once
from catalog.keys import image_id as id_of_key
from catalog.prepared import prepared_page
from catalog.query import Query
from catalog.records import (
    NAMES,
    RECORD_COLUMNS,
    ImageRecord,
    LabelCount,
    Neighbours,
    Page,
    Total,
    records,
)
from catalog.samples import Sample, remember_all, take
from catalog.schema import image
from catalog.search_sql import Matches, match

__all__ = [
    "ImageRecord",
    "LabelCount",
    "Neighbours",
    "Page",
    "answers_at_once",
    "cards_at_once",
    "confidence_histogram",
    "count",
    "counts_are_exact",
    "find_by_key",
    "find_by_sha256",
    "get_image",
    "keys_by_sha256",
    "label_counts",
    "neighbours",
    "search",
    "search_cards",
    "statuses",
]


_first = itemgetter(0)


def search(
    connection: Connection,
    query: Query,
    *,
    min: float | None = None,
    sort: str = "newest",
    limit: int = 60,
    cursor: str | None = None,
    counted: bool = True,
) -> Page:
    """Return one page of the pictures that match, at a minimum confidence in percent.

    `min` None means that the slider was not moved. Unless `counted`, the total is only that of
    this page, which saves time where all pages are read. Raises InvalidCursorError for a cursor
    that is not of this search, and ValueError for an unknown sort.
    """
    rows, following = _page(connection, query, min, sort, limit, cursor, counted, NAMES)
    images = records(rows)
    if not counted:
        return Page(images, following, len(images), total_is_exact=False)
    total = _total(connection, query, min, cursor, len(images), following)
    return Page(images, following, *total)


def search_cards(
    connection: Connection,
    query: Query,
    *,
    min: float | None = None,
    sort: str = "newest",
    limit: int = 60,
    cursor: str | None = None,
) -> CardPage:
    """Return what `search` does as cards: JSON made when the pictures were written."""
    rows, following = _page(connection, query, min, sort, limit, cursor, True, CARD_COLUMNS)
    cards = list(map(_first, rows))
    total = _total(connection, query, min, cursor, len(cards), following)
    return CardPage(cards, following, *total)


def cards_at_once(
    database: Database,
    query: Query,
    *,
    mark: Hashable = None,
    min: float | None = None,
    sort: str = "newest",
    limit: int = 60,
    cursor: str | None = None,
) -> CardPage | None:
    """Return what `search_cards` does, from memory and without a transaction.

    `mark` is one of the database's that was taken a moment ago. None where the database must be
    asked: what `answers_at_once` does not tell of, or where not all is in memory yet, or somebody
    has committed meanwhile.
    """
    if not answers_at_once(database, query):
        return None
    mark = mark or database.mark()
    if mark is None:
        return None
    from catalog import array_pages, asking, columns  # numpy, which the arrays have loaded

    page = _Asked(query, min, sort, limit, cursor)
    try:
        look = columns.look_at(database, mark)
        if look is None:
            return None
        most = limit + 1
        rows = array_pages.page_rows(look, query, min, sort, most, page.after, CARD_COLUMNS)
        if rows is None:
            return None
        total = columns.total(look, query, min)
    except asking.MovedOnError:
        return None
    following = page.following(rows, array_pages.values_of(sort))
    return CardPage(list(map(_first, rows[:limit])), following, total)


def _page(
    connection: Connection,
    query: Query,
    minimum: float | None,
    sort: str,
    limit: int,
    cursor: str | None,
    counted: bool,
    fields: tuple[str, ...],
) -> tuple[Sequence[Sequence[Any]], str | None]:
    """Return the rows of a page and the next page's cursor.

    A row begins with the fields, or with one Card where they are its columns. The rows come from
    the arrays where they know better than an index.
    """
    page = _Asked(query, minimum, sort, limit, cursor)
    after = page.after
    if counted or not pages.walks_an_index(query, sort):
        found = facets.page_rows(connection, query, minimum, sort, limit + 1, after, fields)
        if found is not None:
            rows, values = found
            return rows[:limit], page.following(rows, values)
    continued = after is not None
    prepared = prepared_page(connection, query, minimum, sort, limit + 1, continued, fields)
    rows = prepared.run(connection, after or [])
    following = page.following(rows, lambda row: row[len(fields) :])
    return (with_cards(rows) if fields == CARD_COLUMNS else rows)[:limit], following


class _Asked:
    """A page that is asked for: where it begins, and where the next one does."""

    def __init__(
        self, query: Query, minimum: float | None, sort: str, limit: int, cursor: str | None
    ) -> None:
        """Raise InvalidCursorError for a cursor that is not of this search."""
        self._mark = pages.fingerprint(query, minimum, sort)
        self._limit = limit
        self.after = (
            None if cursor is None else pages.read_cursor(cursor, self._mark, pages.kinds(sort))
        )

    def following(
        self, rows: Sequence[Sequence[Any]], values: Callable[[Sequence[Any]], Sequence[Any]]
    ) -> str | None:
        """Return the cursor of the next page, None where these rows are not more than this one."""
        if len(rows) <= self._limit:
            return None
        return pages.write_cursor(self._mark, [*values(rows[self._limit - 1])])


def _total(
    connection: Connection,
    query: Query,
    minimum: float | None,
    cursor: str | None,
    shown: int,
    following: str | None,
) -> Total:
    """Count the pictures that match, so that a page and its total never contradict each other."""
    if cursor is None and following is None:
        remember_all(connection, query, minimum, shown)
        return Total(shown)
    found = facets.total(connection, query, minimum)
    if found.is_exact:
        return found
    return found._replace(number=max(found.number, shown + (following is not None)))


def get_image(connection: Connection, image_id: str, trash: str = "") -> ImageRecord | None:
    """Return the picture of a public id: the live one, else the latest in the trash.

    With a folder of the trash, the one that lies there.
    """
    query = select(*RECORD_COLUMNS).where(image.c.public_id == image_id)
    if trash:
        query = query.where(image.c.trash == trash)
    query = query.order_by(image.c.live.desc(), image.c.trash.desc()).limit(1)
    return _one(connection.execute(query).first())


def trashed(connection: Connection, limit: int, before: str = "") -> list[ImageRecord]:
    """Return pictures in the trash, those deleted last first, by key where that was at once.

    Only those of folders of the trash that come after `before` in this order.
    """
    query = select(*RECORD_COLUMNS).where(image.c.live == 0)
    if before:
        query = query.where(image.c.trash < before)
    query = query.order_by(image.c.trash.desc(), image.c.key).limit(limit)
    return records(connection.execute(query).all())


def find_by_key(connection: Connection, key: str) -> ImageRecord | None:
    """Return the live picture of a key."""
    return statuses(connection, [key]).get(key)


def find_by_sha256(connection: Connection, sha256: str) -> ImageRecord | None:
    """Return a live picture of these bytes, the oldest where there are several."""
    if not sha256:
        return None
    query = _of_bytes(sha256, *RECORD_COLUMNS).limit(1)
    return _one(connection.execute(query).first())


def keys_by_sha256(connection: Connection, sha256: str, limit: int = 8) -> list[str]:
    """Return the keys of live, tagged pictures of these bytes, the oldest first."""
    if not sha256:
        return []
    query = _of_bytes(sha256, image.c.key).where(image.c.status == "tagged").limit(limit)
    return list(connection.scalars(query))


def _of_bytes(sha256: str, *columns: Any) -> Select[Any]:
    """Ask for live pictures of these bytes, the oldest first.

    SQLite would rather walk along all pictures in this order, and there may be none of these bytes.
    """
    here = image.c.sha256 == sha256, dialects.unindexed(image.c.live) == 1
    return select(*columns).where(*here).order_by(image.c.uploaded_at, image.c.key)


def statuses(connection: Connection, keys: Iterable[str]) -> dict[str, ImageRecord]:
    """Return the live pictures of these keys, in their order; keys without one are left out."""
    keys = list(keys)
    found: dict[str, ImageRecord] = {}
    for chunk in chunks(keys):
        ids = [id_of_key(key) for key in chunk]
        query = select(*RECORD_COLUMNS).where(image.c.public_id.in_(ids), image.c.trash == "")
        found |= {each.key: each for each in records(connection.execute(query).all())}
    return {key: found[key] for key in keys if key in found}


def count(connection: Connection, query: Query, *, min: float | None = None) -> Total:
    """Count the pictures that match."""
    return facets.total(connection, query, min)


def counts_are_exact(connection: Connection, query: Query, *, min: float | None = None) -> bool:
    """Tell whether the counts of labels under a filter are exact, or about right."""
    return facets.are_exact(connection, query, min)


def label_counts(
    connection: Connection,
    query: Query,
    *,
    min: float | None = None,
    prefix: str = "",
    limit: int = 40,
) -> list[LabelCount]:
    """Count how many matching pictures show each label at `min` percent or over.

    Most frequent first, then by name; only labels that begin with `prefix`, at most `limit`.
    Exact, unless more pictures match than a server counts (database.exact_up_to): then worked
    out from a sample of as many, in which labels that very few of them show may be missing.
    """
    return facets.label_counts(connection, query, min, prefix, limit)


def confidence_histogram(connection: Connection, query: Query) -> list[int]:
    """Count the labels of the pictures that match at any confidence, in 20 steps of 5 %."""
    return facets.confidence_histogram(connection, query)


def neighbours(
    connection: Connection,
    query: Query,
    min: float | None = None,
    sort: str = "newest",
    image_id: str = "",
) -> Neighbours:
    """Return the pictures before and after one in a search, and where it stands (from 1).

    Of several rows of one id the live one is meant, else the latest in the trash.
    """
    matches = match(connection, query, min)
    keys = pages.order(sort, matches)
    total = facets.total(connection, query, min)
    here = matches.select(*[key.column for key in keys], with_image=True).where(
        image.c.public_id == image_id
    )
    found = connection.execute(here.order_by(image.c.live.desc(), image.c.trash.desc())).first()
    if found is None:
        return Neighbours(None, None, 0, total.number, total_is_exact=total.is_exact)
    values = list(found)
    ahead = replace(
        matches,
        conditions=[*matches.conditions, pages.beyond(keys, values, backwards=True)],
        needs_image=True,
    )
    before = take(connection, ahead, database_of(connection).exact_up_to)
    previous = _beside(connection, matches, keys, values, backwards=True)
    following = _beside(connection, matches, keys, values, backwards=False)
    return _placed(previous, following, before, total)


def _placed(
    previous: str | None, following: str | None, before: Sample, total: Total
) -> Neighbours:
    """Say where a picture stands, so that place and total do not contradict each other."""
    place = before.total.number + 1
    if following is None and before.is_exact:
        total = Total(place)
    elif following is None:
        place = total.number
    elif not before.is_exact:
        place = min(place, total.number - 1)
    elif not total.is_exact:
        total = total._replace(number=max(total.number, place + 1))
    return Neighbours(previous, following, place, total.number, before.is_exact, total.is_exact)


def _beside(
    connection: Connection,
    matches: Matches,
    keys: Sequence[pages.Key],
    values: list[Any],
    *,
    backwards: bool,
) -> str | None:
    beside = matches.select(image.c.public_id, with_image=True).where(
        pages.beyond(list(keys), values, backwards=backwards)
    )
    query = pages.ordered(beside, list(keys), backwards=backwards).limit(1)
    found: str | None = connection.scalar(query)
    return found


def _one(row: Row[Any] | None) -> ImageRecord | None:
    return None if row is None else records([row])[0]
