"""Whom the arrays ask for what only the database knows: rows, the numbers of labels, names, keys.

In a transaction, which sees one moment; or at a mark (Database.mark), where no transaction is
begun: what is read counts only if nobody has committed since the mark was taken. The second takes
a tenth of the first, and gives up wherever more than a few rows would have to be read.
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection

from catalog.database import Database
from catalog.dialects import column, fetch
from catalog.errors import TaglightError
from catalog.query import Query
from catalog.query_mask import NumberedQuery, numbered, numbered_at_once


class MovedOnError(TaglightError):
    """The moment of a mark is over, or has not all that is asked for: ask in a transaction."""


class Asking(Protocol):
    """Where arrays get from what they do not know; all answers are of one moment."""

    def fetch(self, sql: str, values: Sequence[Any]) -> list[Any]:
        """Return the rows of a ready statement, a few."""
        ...

    def fetch_all(self, sql: str, values: Sequence[Any]) -> list[Any]:
        """Return the rows of a ready statement, however many."""
        ...

    def column(self, sql: str) -> Iterator[Any]:
        """Yield what stands first in each row of a ready statement, one by one."""
        ...

    def numbered(self, query: Query) -> NumberedQuery:
        """Return a query with what only the database knows of it."""
        ...


@dataclass(frozen=True, slots=True)
class InTransaction:
    """Asks within a transaction."""

    connection: Connection

    def fetch(self, sql: str, values: Sequence[Any]) -> list[Any]:
        """Return the rows of a ready statement."""
        return fetch(self.connection, sql, values)

    fetch_all = fetch

    def column(self, sql: str) -> Iterator[Any]:
        """Yield what stands first in each row of a ready statement, one by one."""
        return column(self.connection, sql)

    def numbered(self, query: Query) -> NumberedQuery:
        """Return a query with what only the database knows of it."""
        return numbered(self.connection, query)


@dataclass(frozen=True, slots=True)
class AtMark:
    """Asks at a mark. Raises MovedOnError where that does not do."""

    database: Database
    mark: Hashable

    def fetch(self, sql: str, values: Sequence[Any]) -> list[Any]:
        """Return the rows of a ready statement, a few."""
        rows = self.database.rows_at(self.mark, sql, values)
        if rows is None:
            raise MovedOnError("Somebody has committed meanwhile.")
        return rows

    def fetch_all(self, sql: str, values: Sequence[Any]) -> list[Any]:  # noqa: ARG002
        """Raise MovedOnError: whoever waits for marks would wait for these rows."""
        raise MovedOnError("This is read in a transaction.")

    def column(self, sql: str) -> Iterator[Any]:  # noqa: ARG002
        """Raise MovedOnError: whoever waits for marks would wait for these rows."""
        raise MovedOnError("This is read in a transaction.")

    def numbered(self, query: Query) -> NumberedQuery:
        """Return a query with what is remembered of it."""
        found = numbered_at_once(self.database, query)
        if found is None:
            raise MovedOnError("Not all of this search is known.")
        return found
