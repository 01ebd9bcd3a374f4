"""Which pictures of the lowest ids match, for a sample of them: on servers (samples.py).

The rows of each label lie in the order of ids as well as in that of the gallery. A server walks
along those of one label, or of one of several, and joins it with the others up to the same id.
"""

from collections.abc import Hashable, Iterator
from functools import cached_property
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Connection,
    Select,
    and_,
    exists,
    false,
    literal_column,
    not_,
    select,
    true,
    union,
)
from sqlalchemy import union_all as all_of
from sqlalchemy.sql.selectable import NamedFromClause

from catalog.dialects import IDS
from catalog.prepared import ask
from catalog.query import Clause, LabelTerm, Query
from catalog.schema import image, image_label
from catalog.search_sql import Condition, Matches, Translation, named_value
from catalog.terms import fold

# How common a label is, is told by where its row of this rank lies: right by 7 %.
_RANK = 200
# Whoever has so many times more rows by this measure has surely more.
_SURELY = 1.45
# So many rows that lie side by side are read while one is found by an index.
READ_AT_ONCE = 25


class Sampling(Translation):
    """A query of which a server looks into the pictures of the lowest ids alone."""

    def __init__(self, connection: Connection, query: Query, minimum: float | None) -> None:
        super().__init__(connection, query, minimum)
        # Only lower ids are looked into; None where that are all.
        self.up_to: int | None = None
        self._looked_into = 0

    @property
    def shape(self) -> Hashable:
        """All that the statement is made of but `values`."""
        joined = [self._is_joined(place) for place in range(len(self.query.clauses))]
        return super().shape, self.up_to is None, self._looked_into, tuple(joined)

    @property
    def values(self) -> dict[str, Any]:
        """The values of this search, by the names of their parameters."""
        return super().values | {"up_to": self.up_to}

    def look_into(self, most: int | None) -> None:
        """Look into about so many pictures only, of those that may match; None: into all.

        Into all as well where they are not more. Into a third less where they are, and each is to
        be looked up among all pictures.
        """
        self.up_to, self._looked_into = None, most or 0
        if most is None:
            return
        self.up_to = self._reach(most)
        if self.up_to is not None and self.driving is not None and self.needs_image:
            self.up_to, self._looked_into = self.up_to * 2 // 3, most * 2 // 3

    def _reach(self, most: int) -> int | None:
        """Return the id below which about so many pictures are, None where there are no more."""
        if self.driving is not None and most >= 2 * _RANK:
            number = self._number(self.driving)
            if number * _SURELY <= most:
                return None
            if number >= most * _SURELY:
                return int(IDS * (most / number))

        def build() -> Select[Any]:
            return self._within_reach().offset(most).limit(1)

        found = ask(self.connection, ("reach", most, self.shape), build, self.values)
        return found[0][0] if found else None

    def matches(self) -> Matches:
        """Return what matches, as parts of statements."""
        found = super().matches()
        if self.up_to is not None:
            reach = found.image_id < named_value("up_to", self.up_to, found.image_id)
            found.conditions.insert(0, reach)
        return found

    def _within_reach(self) -> Select[Any]:
        """Select the ids of the pictures that may match, the lowest first."""
        if self.driving is None:
            return select(image.c.id).where(image.c.live == 1).order_by(image.c.id)
        ranges = list(self._ranges(self.driving))
        rows = _side_by_side(ranges).subquery()
        return select(rows.c.image_id).order_by(rows.c.image_id)

    def _ranges(self, number: int, *more: str) -> Iterator[Select[Any]]:
        """Yield the ids (and `more`) of each label of a clause, as far as they are looked into."""
        for place, term in enumerate(self.query.clauses[number].atoms):
            assert isinstance(term, LabelTerm)  # noqa: S101 - who asks has made sure
            if fold(term.name) in self.ids:
                rows = image_label.alias()
                found = select(rows.c.image_id, *[rows.c[name] for name in more])
                found = found.where(*self._is_label(rows, term, f"{number}_{place}"))
                if self.up_to is not None:
                    limit = named_value("up_to", self.up_to, rows.c.image_id)
                    found = found.where(rows.c.image_id < limit)
                yield found

    def _can_drive(self, clause: Clause) -> bool:
        return not clause.negated and _of_labels(clause)

    def _commonness(self, place: int) -> float:
        return self._number(place)

    def _number(self, place: int) -> float:
        """Return about how many rows the labels of a clause have."""
        start = f"{place}_"
        return sum(each for name, each in self._numbers.items() if name.startswith(start))

    @cached_property
    def _numbers(self) -> dict[str, float]:
        """About how many rows each label has, by the place of its term."""
        terms = {place: term for place, term, _ in self._label_terms() if self._is_known(term)}
        if not terms:
            return {}

        def build() -> Select[Any]:
            return select(*[self._of_rank(term, place) for place, term in terms.items()])

        (found,) = ask(self.connection, ("numbers", self._outlines()), build, super().values)
        lasts = zip(terms, found, strict=True)
        return {place: _RANK / (max(last or IDS, 1) / IDS) for place, last in lasts}

    def _is_known(self, term: LabelTerm) -> bool:
        return not term.prefix and fold(term.name) in self.ids

    def _of_rank(self, term: LabelTerm, place: str) -> Any:
        """Return the id of the picture that has this rank among those of a label."""
        rows: NamedFromClause[Any] = image_label.alias()
        found = select(rows.c.image_id).where(*self._is_label(rows, term, place))
        return found.order_by(rows.c.image_id).offset(_RANK).limit(1).scalar_subquery()

    def _is_joined(self, place: int) -> bool:
        """Tell whether all rows of a clause are read, rather than those of each picture found."""
        if self.with_trash or not _of_labels(self.query.clauses[place]):
            return False
        if len(self.query.clauses) == 1 or self.driving is None:
            return True
        found, read = self._number(self.driving), self._number(place)
        if self.up_to is not None:
            found, read = self._looked_into, read * self.up_to / IDS
        return read <= READ_AT_ONCE * found

    def _drive(self, number: int) -> list[Condition]:
        """Make the rows of one of the labels the driver, and return what holds for them."""
        if len(self.query.clauses[number].atoms) == 1:
            return super()._drive(number)
        ranges = list(self._ranges(number))
        if not ranges:
            self.driver = image_label.alias("driver")
            return [false()]
        # Each picture once, by however many of the labels it is found.
        if len(self.query.clauses) == 1:
            self.driver = self._first_of(ranges)
        else:
            ranges = list(self._ranges(number, "live", "uploaded_at"))
            self.driver = union(*ranges).subquery("driver")
        return []

    def _first_of(self, ranges: list[Select[Any]]) -> NamedFromClause[Any]:
        """Walk along several ranges at once, no farther than is asked for."""
        rows = _side_by_side(ranges).subquery()
        walked = select(rows.c.image_id).order_by(rows.c.image_id)
        if self.up_to is not None:
            # More than there are: with a limit, the server knows that the order is kept.
            walked = walked.limit(2 * self._looked_into)
        walk = walked.subquery()
        return select(walk.c.image_id).distinct().subquery("driver")

    def _clause(self, number: int, clause: Clause) -> Condition:
        if not self._is_joined(number):
            return super()._clause(number, clause)
        ranges = list(self._ranges(number))
        if not clause.negated:
            return self._is_in(union(*ranges)) if ranges else false()
        return and_(true(), *[not_(self._is_in(each)) for each in ranges])

    def _is_in(self, found: Select[Any] | CompoundSelect[Any]) -> Condition:
        rows = found.subquery()
        return exists(literal_column("1")).where(rows.c.image_id == self._own_id())


def _side_by_side(ranges: list[Select[Any]]) -> Select[Any] | CompoundSelect[Any]:
    """Put ranges together, each of which is read in the order of ids."""
    if not ranges:
        return select(image_label).where(false())
    ordered = [each.order_by(each.selected_columns.image_id) for each in ranges]
    return all_of(*ordered) if len(ordered) > 1 else ordered[0]


def _of_labels(clause: Clause) -> bool:
    return all(isinstance(atom, LabelTerm) and not atom.prefix for atom in clause.atoms)
