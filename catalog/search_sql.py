"""Query -> SQL.

A query becomes FROM and WHERE over the table `image`; where one label must be there, over that
label's own rows first, which lie in the order of the gallery. Every other label term is a probe.
"""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.sql.selectable import NamedFromClause

from catalog.chunks import chunks
from catalog.database import FOUND, database_of
from catalog.dialects import in_a_writing_transaction, probe, unindexed
from catalog.keys import UPLOADS
from catalog.query import (
    AfterTerm,
    Atom,
    BeforeTerm,
    Clause,
    ColorTerm,
    LabelTerm,
    NameTerm,
    PrefixTerm,
    Query,
    State,
    StateTerm,
    TypeTerm,
)
from catalog.schema import image, image_label, label
from catalog.terms import (
    after_prefix,
    bounds,
    color_bit,
    fold,
    indexed,
    indexed_label,
    microseconds,
    searched_format,
    shows_trash,
    surest_needed,
    threshold,
)

Condition = ColumnElement[bool]

_STATES: dict[State, Condition] = {
    "failed": image.c.status == "failed",
    "pending": image.c.status == "pending",
    "unlabelled": and_(image.c.status == "tagged", image.c.label_count == 0),
    "edited": image.c.edited == 1,
    "trashed": image.c.live == 0,
}
# Among several labels that must all be there, the one whose row of this rank is oldest is rarest.
_RARITY_RANK = 200


@dataclass(slots=True)
class Matches:
    """The pictures that match: each is one row of `select(...)`."""

    driver: NamedFromClause[Any] | None
    conditions: list[Condition]
    needs_image: bool
    sort_confidence: Callable[[], ColumnElement[float]]
    # Once known, a name is known for good: then the same search is the same SQL next time.
    names_all_known: bool

    @property
    def confidence(self) -> ColumnElement[float]:
        """The highest confidence of the labels asked for, else of the surest label."""
        return self.sort_confidence()

    @property
    def image_id(self) -> ColumnElement[int]:
        """The row id of the picture."""
        return image.c.id if self.driver is None else self.driver.c.image_id

    @property
    def uploaded_at(self) -> ColumnElement[int]:
        """When the picture came, from where the index has it."""
        return image.c.uploaded_at if self.driver is None else self.driver.c.uploaded_at

    def select(self, *columns: Any, with_image: bool = False) -> Select[Any]:
        """Select columns of all matching pictures; `with_image` where they are of `image`."""
        query = select(*columns).where(*self.conditions)
        if self.driver is None:
            return query.select_from(image)
        if with_image or self.needs_image:
            return query.select_from(self.driver.join(image, image.c.id == self.driver.c.image_id))
        return query.select_from(self.driver)

    def count(self, connection: Connection) -> int:
        """Count the matching pictures."""
        number: int = connection.execute(self.select(func.count())).scalar_one()
        return number


def match(connection: Connection, query: Query, minimum: float | None) -> Matches:
    """Translate a query at the slider's minimum (percent, or None where it was not moved)."""
    return Translation(connection, query, minimum).matches()


def label_ids(connection: Connection, names: list[str]) -> dict[str, int]:
    """Return the ids of those labels that are known, by folded name."""
    cache = database_of(connection).labels
    stored = {name: indexed_label(name) for name in names}
    found = {name: cache[name][0] for name in stored.values() if name in cache}
    columns = (label.c.folded, label.c.id, label.c.name, label.c.category)
    for chunk in chunks(name for name in stored.values() if name not in found):
        rows = connection.execute(select(*columns).where(label.c.folded.in_(chunk))).all()
        found |= {folded: number for folded, number, *_ in rows}
        if not in_a_writing_transaction(connection):
            # Rows of labels are never removed, so what others have committed may be kept.
            cache.update({folded: (number, name, of) for folded, number, name, of in rows})
    return {name: found[short] for name, short in stored.items() if short in found}


def begins_with(column: ColumnElement[str], prefix: str) -> Condition:
    """Compare with a prefix in a way that indexes serve."""
    end = after_prefix(prefix)
    if not prefix:
        return true()
    return column >= prefix if end is None else and_(column >= prefix, column < end)


def condition(atom: StateTerm | NameTerm | PrefixTerm | TypeTerm | ColorTerm) -> Condition:
    """Translate a term that the row of the picture itself answers."""
    match atom:
        case StateTerm():
            return _STATES[atom.state]
        case NameTerm():
            return image.c.name_folded.like(_pattern(atom.pattern), escape="\\")
        case PrefixTerm():
            start = UPLOADS + atom.prefix
            return and_(
                begins_with(image.c.key_start, indexed(start)), begins_with(image.c.key, start)
            )
        case TypeTerm():
            return image.c.format == searched_format(atom.format)
        case ColorTerm():
            return image.c.colors.bitwise_and(color_bit(atom.color)) != 0


class Translation:
    """One query on its way to SQL.

    The numbers and the bounds of its labels are parameters that are named by their place, so that
    all searches of one `shape` are one statement, with other `values`.
    """

    def __init__(self, connection: Connection, query: Query, minimum: float | None) -> None:
        self.connection, self.query, self.minimum = connection, query, minimum
        self.threshold = threshold(minimum)
        names = {fold(a.name) for a in query.atoms() if isinstance(a, LabelTerm) and not a.prefix}
        self.ids = label_ids(connection, sorted(names)) if names else {}
        self.all_known = len(self.ids) == len(names)
        self.with_trash = shows_trash(query)
        self.driver: NamedFromClause[Any] | None = None

    @cached_property
    def driving(self) -> int | None:
        """The place of the rarest label that every match has, None where there is no such label."""
        found = [place for place, each in enumerate(self.query.clauses) if self._can_drive(each)]
        if self.with_trash or not found:
            return None
        return found[0] if len(found) == 1 else min(found, key=self._commonness)

    @property
    def shape(self) -> Hashable:
        """All that the statement is made of but `values`."""
        surest = surest_needed(self.query, self.minimum)
        return type(self), self.driving, surest is None, self._outlines()

    def _outlines(self) -> Hashable:
        clauses = [(each.negated, *map(self._outline, each.atoms)) for each in self.query.clauses]
        return tuple(clauses)

    @property
    def values(self) -> dict[str, Any]:
        """The values of this search, by the names of their parameters."""
        found: dict[str, Any] = {"surest": surest_needed(self.query, self.minimum)}
        for place, term, _ in self._label_terms():
            limits = bounds(term, self.threshold)
            found[f"label_{place}"] = self.ids.get(fold(term.name))
            found[f"low_{place}"], found[f"high_{place}"] = limits.low, limits.high
        return found

    @property
    def needs_image(self) -> bool:
        """Tell whether the rows of the pictures themselves are asked for something."""
        others = any(
            not isinstance(atom, LabelTerm | AfterTerm | BeforeTerm) for atom in self.query.atoms()
        )
        return others or surest_needed(self.query, self.minimum) is not None

    def matches(self) -> Matches:
        """Return what matches, as parts of statements."""
        conditions: list[Condition] = []
        if self.driving is not None:
            conditions += self._drive(self.driving)
        elif not self.with_trash:
            conditions.append(image.c.live == 1)
        for number, clause in enumerate(self.query.clauses):
            if number != self.driving:
                conditions.append(self._clause(number, clause))
        surest = surest_needed(self.query, self.minimum)
        if surest is not None:
            needed = named_value("surest", surest, image.c.top_confidence)
            conditions.append(image.c.top_confidence >= needed)
        return Matches(
            self.driver, conditions, self.needs_image, self._sort_confidence, self.all_known
        )

    def _label_terms(self) -> Iterator[tuple[str, LabelTerm, bool]]:
        """Yield all label terms with their places, and whether they are excluded."""
        for number, clause in enumerate(self.query.clauses):
            for place, atom in enumerate(clause.atoms):
                if isinstance(atom, LabelTerm):
                    yield f"{number}_{place}", atom, clause.negated

    def _outline(self, atom: Atom) -> Hashable:
        if not isinstance(atom, LabelTerm):
            return atom
        limits = bounds(atom, self.threshold)
        bounded = limits.low is None, limits.low_open, limits.high is None, limits.high_open
        name = fold(atom.name)
        return bounded, atom.prefix, name if atom.prefix else name in self.ids

    def _can_drive(self, clause: Clause) -> bool:
        atom = clause.atoms[0]
        alone = len(clause.atoms) == 1 and not clause.negated
        return alone and isinstance(atom, LabelTerm) and not atom.prefix

    def _commonness(self, place: int) -> float:
        term = self.query.clauses[place].atoms[0]
        assert isinstance(term, LabelTerm)  # noqa: S101 - _can_drive has made sure
        number = self.ids.get(fold(term.name))
        if number is None:
            return -1
        # Page, total and counts of one look ask for the same.
        known = self.connection.info.setdefault(FOUND, {})
        if number not in known:
            known[number] = self._oldest_of_many(number)
        found: int = known[number]
        return found

    def _oldest_of_many(self, number: int) -> int:
        query = (
            select(image_label.c.uploaded_at)
            .where(image_label.c.live == 1, image_label.c.label_id == number)
            .order_by(image_label.c.uploaded_at.desc())
            .limit(1)
            .offset(_RARITY_RANK)
        )
        return self.connection.scalar(query) or -1

    def _drive(self, number: int) -> list[Condition]:
        """Make the rows of a label the driver, and return what holds for them."""
        term = self.query.clauses[number].atoms[0]
        assert isinstance(term, LabelTerm)  # noqa: S101 - as above
        self.driver = driver = image_label.alias("driver")
        place = f"{number}_0"
        if fold(term.name) not in self.ids:
            return [false()]
        # A picture found both by a label and by an alias has several rows: only the first counts.
        twin = image_label.alias("twin")
        earlier = exists().where(
            twin.c.live == driver.c.live,
            twin.c.label_id == driver.c.label_id,
            twin.c.uploaded_at == driver.c.uploaded_at,
            unindexed(twin.c.image_id) == driver.c.image_id,
            twin.c.alias < driver.c.alias,
            *self._within(twin, term, place),
        )
        return [
            *self._is_label(driver, term, place),
            or_(driver.c.alias == 0, not_(earlier)),
        ]

    def _is_label(self, rows: NamedFromClause[Any], term: LabelTerm, place: str) -> list[Condition]:
        """Return what holds for the rows of live pictures that are found by a known label."""
        number = self.ids[fold(term.name)]
        named = rows.c.label_id == named_value(f"label_{place}", number, rows.c.label_id)
        return [rows.c.live == 1, named, *self._within(rows, term, place)]

    def _within(self, rows: NamedFromClause[Any], term: LabelTerm, place: str) -> list[Condition]:
        limits, confidence = bounds(term, self.threshold), rows.c.confidence
        low = named_value(f"low_{place}", limits.low, confidence)
        high = named_value(f"high_{place}", limits.high, confidence)
        conditions: list[Condition] = []
        if limits.low is not None:
            conditions.append(confidence > low if limits.low_open else confidence >= low)
        if limits.high is not None:
            conditions.append(confidence < high if limits.high_open else confidence <= high)
        return conditions

    def _clause(self, number: int, clause: Clause) -> Condition:
        atoms = enumerate(clause.atoms)
        any_of = or_(*[self._atom(atom, f"{number}_{place}") for place, atom in atoms])
        return not_(any_of) if clause.negated else any_of

    def _atom(self, atom: Atom, place: str) -> Condition:
        match atom:
            case LabelTerm():
                return self._label(atom, place)
            case AfterTerm():
                return self._uploaded_at() >= microseconds(atom.moment)
            case BeforeTerm():
                return self._uploaded_at() < microseconds(atom.moment)
            case _:
                return condition(atom)

    def _uploaded_at(self) -> ColumnElement[int]:
        return image.c.uploaded_at if self.driver is None else self.driver.c.uploaded_at

    def _own_id(self) -> ColumnElement[int]:
        return image.c.id if self.driver is None else self.driver.c.image_id

    def _label(self, term: LabelTerm, place: str) -> Condition:
        rows = image_label.alias()
        if term.prefix:
            found = [rows.c.image_id == self._own_id(), _named(rows, term)]
            return probe(self.connection, [*found, *self._within(rows, term, place)])
        if fold(term.name) not in self.ids:
            return false()
        of = image if self.driver is None else self.driver
        _, *conditions = self._is_label(rows, term, place)
        conditions += [
            rows.c.live == of.c.live,
            unindexed(rows.c.image_id) == self._own_id(),
            rows.c.uploaded_at == self._uploaded_at(),
        ]
        return probe(self.connection, conditions)

    def _sort_confidence(self) -> ColumnElement[float]:
        """The highest confidence of the labels asked for, else the surest label's."""
        rows = image_label.alias("asked")
        asked: list[Condition] = []
        for place, term, excluded in self._label_terms():
            if excluded or not (term.prefix or fold(term.name) in self.ids):
                continue
            named = (
                _named(rows, term) if term.prefix else rows.c.label_id == self.ids[fold(term.name)]
            )
            asked.append(and_(named, *self._within(rows, term, place)))
        if not asked:
            return image.c.top_confidence
        own = self._own_id()
        highest = select(func.max(rows.c.confidence)).where(rows.c.image_id == own, or_(*asked))
        return func.coalesce(highest.scalar_subquery(), image.c.top_confidence)


def _named(rows: NamedFromClause[Any], term: LabelTerm) -> Condition:
    named = begins_with(label.c.folded, fold(term.name))
    found: Condition = rows.c.label_id.in_(select(label.c.id).where(named))
    return found


def named_value(name: str, value: Any, beside: ColumnElement[Any]) -> BindParameter[Any]:
    """Return a parameter that is compared with a column; the same name is the same value."""
    return bindparam(name, value, type_=beside.type)


def _pattern(pattern: str) -> str:
    """Return a file name pattern for LIKE: `*` is any run, everything else itself."""
    text = fold(pattern)
    for special in ("\\", "%", "_"):
        text = text.replace(special, "\\" + special)
    return text.replace("*", "%")
