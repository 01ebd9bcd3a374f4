"""Counts of very many matches, worked out from a fair sample of them.

Where ids are made from names they are spread evenly over their range (dialects.new_ids), whatever
the pictures show and whenever they came. So of all matches those with the lowest ids are a fair
sample, and how far they reach tells how many there are: when the k-th of n lies at the share s of
the range, (k - 1) / s is n on average. Everything asked of one filter is asked of one sample.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, Connection, Select, bindparam, func, select

from catalog.database import FOUND, database_of
from catalog.dialects import IDS, in_a_writing_transaction
from catalog.pages import walks_an_index
from catalog.prepared import identity
from catalog.query import Query
from catalog.records import Total
from catalog.search_sql import Matches, match

# More digits would look surer than a sample is; one of fewer pictures than that is good for two.
_DIGITS = 3
_GOOD = 1000
# Where few of very many match, only so many are looked into, if that finds enough to go by.
LOOKED_INTO = 6_000
ENOUGH = 50
_NEARLY_ALL = 1 - 2**-53


@dataclass(frozen=True, slots=True)
class Sample:
    """So many matches were looked at, which is a share of all of them; 1 where it is all."""

    size: int
    share: float = 1.0
    # Which they are, where finding them once more would take longer than naming them.
    ids: tuple[int, ...] | None = None

    @property
    def is_exact(self) -> bool:
        """Tell whether it is no sample but everything."""
        return self.share == 1.0

    @property
    def total(self) -> Total:
        """How many match."""
        if self.is_exact:
            return Total(self.size)
        # One more was seen than is looked at.
        return Total(max(self._scaled(self.size), self.size + 1), is_exact=False)

    def scale(self, number: int) -> int:
        """Return how many of all there are for so many of the sample."""
        return number if self.is_exact else min(self._scaled(number), self.total.number)

    def _scaled(self, number: int) -> int:
        return rounded(number / self.share, _DIGITS if self.size >= _GOOD else _DIGITS - 1)

    def labels(self, matches: Matches, shown: Any, *columns: Any) -> Select[Any]:
        """Select from the labels (not the aliases) of the pictures that are looked at."""
        query = select(*columns).where(shown.c.alias == 0)
        if self.ids is not None:
            known: BindParameter[Any] = bindparam(
                "ids", value=self.ids, expanding=True, literal_execute=True
            )
            return query.where(shown.c.image_id.in_(known))
        chosen = matches.select(matches.image_id.label("id"))
        if not self.is_exact:
            chosen = _lowest(matches, chosen, self.size)
        found = chosen.subquery("found")
        return query.select_from(found.join(shown, shown.c.image_id == found.c.id))


def sample_of(
    connection: Connection, query: Query, minimum: float | None
) -> tuple[Matches, Sample]:
    """Return what matches, and the sample of it that all counts are worked out from."""
    most = database_of(connection).exact_up_to
    looked_for = most is not None and not walks_an_index(query, "newest")
    known: dict[Any, Any] = connection.info.setdefault(FOUND, {})
    # What this transaction writes may change the answer.
    if in_a_writing_transaction(connection):
        known.clear()
    key = (identity(query), minimum)
    matches = known.get(("matches", key))
    if matches is None:
        into = LOOKED_INTO if looked_for else None
        matches = known["matches", key] = match(connection, query, minimum, looked_into=into)
    if key not in known:
        if most is not None and looked_for:
            known[key] = _looked_for(connection, query, minimum, matches, most)
        else:
            known[key] = take(connection, matches, most)
    return matches, known[key]


def remember_all(connection: Connection, query: Query, minimum: float | None, number: int) -> None:
    """Remember that exactly so many match, as the page itself has shown."""
    connection.info.setdefault(FOUND, {})[identity(query), minimum] = Sample(number)


def take(connection: Connection, matches: Matches, most: int | None) -> Sample:
    """Count the matches, and beyond `most` take a sample of so many."""
    if most is None:
        return Sample(matches.count(connection))
    seen = _lowest(matches, matches.select(matches.image_id.label("id")), most + 1).subquery()
    number, last = connection.execute(select(func.count(), func.max(seen.c.id))).one()
    return Sample(number) if number <= most else Sample(most, _share(last))


def _looked_for(
    connection: Connection, query: Query, minimum: float | None, matches: Matches, most: int
) -> Sample:
    """Do what `take` does where pictures must be looked into, and remember which they are."""
    ids = _lowest_ids(connection, matches, most + 1)
    if matches.up_to is not None and len(ids) <= most:
        if len(ids) >= ENOUGH:
            return Sample(len(ids), _share(matches.up_to), ids)
        ids = _lowest_ids(connection, match(connection, query, minimum), most + 1)
    if len(ids) <= most:
        return Sample(len(ids), 1.0, ids)
    return Sample(most, _share(ids[-1]), ids[:most])


def _share(last: int) -> float:
    return min(max(last, 1) / IDS, _NEARLY_ALL)


def rounded(number: float, digits: int = _DIGITS) -> int:
    """Round to as many digits as a sample is good for."""
    return round(float(f"{number:.{digits}g}"))


def _lowest_ids(connection: Connection, matches: Matches, most: int) -> tuple[int, ...]:
    found = _lowest(matches, matches.select(matches.image_id.label("id")), most)
    return tuple(connection.scalars(found))


def _lowest(matches: Matches, chosen: Select[Any], most: int) -> Select[Any]:
    return chosen.order_by(matches.image_id).limit(most)
