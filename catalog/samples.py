"""Counts of very many matches, worked out from a fair sample of them.

Where ids are made from names they are spread evenly over their range (dialects.new_ids), whatever
the pictures show and whenever they came. So of all matches those with the lowest ids are a fair
sample, and how far they reach tells how many there are: when the k-th of n lies at the share s of
the range, (k - 1) / s is n on average. Everything asked of one filter is asked of one sample.

On average each number is right. A list of the most frequent labels picks those that came out
high, so those at its end are too high rather than too low, by about the sample's own error.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, select

from catalog.database import FOUND, database_of
from catalog.dialects import IDS, in_a_writing_transaction
from catalog.pages import walks_an_index
from catalog.prepared import MANY_IDS, ask, identity
from catalog.query import Query, StateTerm
from catalog.records import Total
from catalog.sample_sql import Sampling
from catalog.schema import image_label
from catalog.search_sql import Matches, Translation

# The labels of the pictures that are looked at.
SHOWN = image_label.alias("shown")
# Makes a statement of what selects columns from these labels.
Asking = Callable[[Callable[..., Select[Any]]], Select[Any]]

# More digits would look surer than a sample is; one of fewer pictures than that is good for two.
_DIGITS = 3
_GOOD = 1000
# Where few of very many match, only so many are looked into, if that finds enough to go by.
LOOKED_INTO = 6_000
ENOUGH = 50
# Of these there are mostly none, which would take looking into all pictures to know.
_STATES = (StateTerm("pending"),), (StateTerm("failed"),)
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


def sample_of(connection: Connection, query: Query, minimum: float | None) -> Sample:
    """Return how many match, or the sample that all counts are worked out from."""
    return _sampled(connection, query, minimum)[1]


def labels(
    connection: Connection,
    query: Query,
    minimum: float | None,
    asked: tuple[Hashable, Asking],
    values: Mapping[str, Any],
) -> Sequence[Sequence[Any]]:
    """Ask something of the labels (not the aliases) of the pictures that are looked at.

    `asked` is what tells the statement apart from others, and what makes it; `values` are those
    of its parameters.
    """
    translation, sample = _sampled(connection, query, minimum)
    what, make = asked
    if sample.ids is not None:
        if not sample.ids:
            return []
        named = SHOWN.c.image_id.in_([MANY_IDS])
        key = ("labels of", what)
        return ask(connection, key, lambda: make(_selecting(named)), values, sample.ids)
    most = None if sample.is_exact else sample.size

    def build() -> Select[Any]:
        matches = translation.matches()
        found = _lowest(matches, most).subquery("found")
        return make(
            lambda *columns: _selecting()(*columns).select_from(
                found.join(SHOWN, SHOWN.c.image_id == found.c.id)
            )
        )

    values = {**translation.values, **values}
    return ask(connection, ("labels", most, what, translation.shape), build, values)


def _selecting(*conditions: Any) -> Callable[..., Select[Any]]:
    return lambda *columns: select(*columns).where(SHOWN.c.alias == 0, *conditions)


def _sampled(
    connection: Connection, query: Query, minimum: float | None
) -> tuple[Translation, Sample]:
    most = database_of(connection).exact_up_to
    known: dict[Any, Any] = connection.info.setdefault(FOUND, {})
    # What this transaction writes may change the answer.
    if in_a_writing_transaction(connection):
        known.clear()
    key = (identity(query), minimum)
    translation = known.get(("translation", key))
    if translation is None:
        kind = Sampling if most is not None and not _lie_in_order(query) else Translation
        translation = known["translation", key] = kind(connection, query, minimum)
    if key not in known:
        if most is not None and isinstance(translation, Sampling):
            known[key] = _looked_for(translation, most)
        else:
            known[key] = _counted(translation, most)
    return translation, known[key]


def _lie_in_order(query: Query) -> bool:
    """Tell whether an index of servers has all that match, and in the order of ids."""
    (clause,) = query.clauses if len(query.clauses) == 1 else (None,)
    if clause is not None and not clause.negated and clause.atoms in _STATES:
        return True
    return walks_an_index(query, "newest")


def remember_all(connection: Connection, query: Query, minimum: float | None, number: int) -> None:
    """Remember that exactly so many match, as the page itself has shown."""
    connection.info.setdefault(FOUND, {})[identity(query), minimum] = Sample(number)


def take(connection: Connection, matches: Matches, most: int | None) -> Sample:
    """Count the matches, and beyond `most` take a sample of so many."""
    if most is None:
        return Sample(matches.count(connection))
    number, last = connection.execute(_extent(matches, most)).one()
    return _seen(number, most, last)


def _extent(matches: Matches, most: int) -> Select[Any]:
    """Select how many of the lowest ids there are, up to one more than `most`, and the last."""
    seen = _lowest(matches, most + 1).subquery()
    columns: list[Any] = [func.count(), func.max(seen.c.id)]
    return select(*columns)


def _seen(number: int, most: int | None, last: int = 0) -> Sample:
    return Sample(number) if most is None or number <= most else Sample(most, _share(last))


def _counted(translation: Translation, most: int | None) -> Sample:
    """Do what `take` does, with a statement that is remembered."""

    def build() -> Select[Any]:
        matches = translation.matches()
        return matches.select(func.count()) if most is None else _extent(matches, most)

    key = ("count", most, translation.shape)
    ((number, *last),) = ask(translation.connection, key, build, translation.values)
    return _seen(number, most, *last)


def _looked_for(translation: Sampling, most: int) -> Sample:
    """Do what `take` does where pictures must be looked into, and remember which they are."""
    translation.look_into(LOOKED_INTO)
    ids = _lowest_ids(translation, most + 1)
    if translation.up_to is not None and len(ids) <= most:
        if len(ids) >= ENOUGH:
            return Sample(len(ids), _share(translation.up_to), ids)
        translation.look_into(None)
        ids = _lowest_ids(translation, most + 1)
    if len(ids) <= most:
        return Sample(len(ids), 1.0, ids)
    return Sample(most, _share(ids[-1]), ids[:most])


def _share(last: int) -> float:
    return min(max(last, 1) / IDS, _NEARLY_ALL)


def rounded(number: float, digits: int = _DIGITS) -> int:
    """Round to as many digits as a sample is good for."""
    return round(float(f"{number:.{digits}g}"))


def _lowest_ids(translation: Translation, most: int) -> tuple[int, ...]:
    key = ("lowest", most, translation.shape)
    found = ask(
        translation.connection,
        key,
        lambda: _lowest(translation.matches(), most),
        translation.values,
    )
    return tuple([row[0] for row in found])


def _lowest(matches: Matches, most: int | None) -> Select[Any]:
    """Select the matches of the lowest ids; with `most` None all of them, in no order."""
    chosen = matches.select(matches.image_id.label("id"))
    return chosen if most is None else chosen.order_by(matches.image_id).limit(most)
