"""Query -> SQL.

A query becomes FROM and WHERE over the table `image`; where one label must be there, over that
label's own rows first, which lie in the order of the gallery. Every other label term is a probe.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
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
    Bounds,
    after_prefix,
    bounds,
    color_bit,
    fold,
    indexed,
    indexed_label,
    microseconds,
    positive_label_terms,
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
    # The highest id that is looked into; None where that are all.
    up_to: int | None = None

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


def match(
    connection: Connection, query: Query, minimum: float | None, *, looked_into: int | None = None
) -> Matches:
    """Translate a query at the slider's minimum (percent, or None where it was not moved).

    With `looked_into` only so many pictures are, those of the lowest ids, by a server that then
    reads all that match.
    """
    return _Translation(connection, query, minimum, looked_into).matches()


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


class _Translation:
    def __init__(
        self, connection: Connection, query: Query, minimum: float | None, looked_into: int | None
    ) -> None:
        self.connection, self.query, self.minimum = connection, query, minimum
        self.looked_into = looked_into
        self.up_to: int | None = None
        self.threshold = threshold(minimum)
        names = {fold(a.name) for a in query.atoms() if isinstance(a, LabelTerm) and not a.prefix}
        self.ids = label_ids(connection, sorted(names)) if names else {}
        self.all_known = len(self.ids) == len(names)
        self.with_trash = shows_trash(query)
        self.driver: NamedFromClause[Any] | None = None

    def matches(self) -> Matches:
        driving = self._driving_clause()
        conditions: list[Condition] = []
        if driving is not None:
            self.driver = image_label.alias("driver")
            conditions += self._driver_conditions(driving)
        elif not self.with_trash:
            conditions.append(image.c.live == 1)
        if self.looked_into is not None:
            self.up_to = self._up_to(self.looked_into, conditions[:-1] or conditions)
            if self.up_to is not None:
                own = image.c.id if self.driver is None else self.driver.c.image_id
                conditions.append(own <= self.up_to)
        for clause in self.query.clauses:
            if clause is not driving:
                conditions.append(self._clause(clause))
        surest = surest_needed(self.query, self.minimum)
        if surest is not None:
            conditions.append(image.c.top_confidence >= surest)
        needs_image = surest is not None or any(
            not isinstance(atom, LabelTerm | AfterTerm | BeforeTerm) for atom in self.query.atoms()
        )
        return Matches(
            self.driver, conditions, needs_image, self._sort_confidence, self.all_known, self.up_to
        )

    def _up_to(self, looked_into: int, driving: list[Condition]) -> int | None:
        """Return the id up to which so many pictures are, None where there are no more."""
        if self.driver is None:
            within = select(image.c.id).where(image.c.live == 1).order_by(image.c.id)
        else:
            number = self.driver.c.image_id
            within = select(number).where(*driving).order_by(number)
        found: int | None = self.connection.scalar(within.offset(looked_into).limit(1))
        return found

    def _driving_clause(self) -> Clause | None:
        """Choose the rarest label that every match has, or None where there is no such label."""
        found = [clause for clause in self.query.clauses if self._can_drive(clause)]
        if self.with_trash or not found:
            return None
        return found[0] if len(found) == 1 else min(found, key=self._commonness)

    def _can_drive(self, clause: Clause) -> bool:
        atom = clause.atoms[0]
        alone = len(clause.atoms) == 1 and not clause.negated
        return alone and isinstance(atom, LabelTerm) and not atom.prefix

    def _commonness(self, clause: Clause) -> int:
        term = clause.atoms[0]
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

    def _driver_conditions(self, clause: Clause) -> list[Condition]:
        term, driver = clause.atoms[0], self.driver
        assert isinstance(term, LabelTerm) and driver is not None  # noqa: S101 - as above
        number = self.ids.get(fold(term.name))
        if number is None:
            return [false()]
        limits = bounds(term, self.threshold)
        # A picture found both by a label and by an alias has several rows: only the first counts.
        twin = image_label.alias("twin")
        earlier = exists().where(
            twin.c.live == driver.c.live,
            twin.c.label_id == driver.c.label_id,
            twin.c.uploaded_at == driver.c.uploaded_at,
            unindexed(twin.c.image_id) == driver.c.image_id,
            twin.c.alias < driver.c.alias,
            *_within(twin.c.confidence, limits),
        )
        return [
            driver.c.live == 1,
            driver.c.label_id == number,
            *_within(driver.c.confidence, limits),
            or_(driver.c.alias == 0, not_(earlier)),
        ]

    def _clause(self, clause: Clause) -> Condition:
        # One of several things is looked for picture by picture: a join could not do it.
        joined = self.looked_into is not None and len(clause.atoms) == 1
        any_of = or_(*[self._atom(atom, joined) for atom in clause.atoms])
        return not_(any_of) if clause.negated else any_of

    def _atom(self, atom: Atom, joined: bool) -> Condition:
        match atom:
            case LabelTerm():
                return self._label(atom, joined)
            case AfterTerm():
                return self._uploaded_at() >= microseconds(atom.moment)
            case BeforeTerm():
                return self._uploaded_at() < microseconds(atom.moment)
            case _:
                return condition(atom)

    def _uploaded_at(self) -> ColumnElement[int]:
        return image.c.uploaded_at if self.driver is None else self.driver.c.uploaded_at

    def _label(self, term: LabelTerm, joined: bool) -> Condition:
        limits = bounds(term, self.threshold)
        rows = image_label.alias()
        if term.prefix:
            own = image.c.id if self.driver is None else self.driver.c.image_id
            named = _named(rows, term)
            found = [rows.c.image_id == own, named, *_within(rows.c.confidence, limits)]
            return probe(self.connection, found)
        number = self.ids.get(fold(term.name))
        if number is None:
            return false()
        of = image if self.driver is None else self.driver
        conditions = [
            rows.c.live == of.c.live,
            rows.c.label_id == number,
            unindexed(rows.c.image_id) == (of.c.id if self.driver is None else of.c.image_id),
            *_within(rows.c.confidence, limits),
        ]
        # Read whole, both sides lie in the order of ids; for a few, in that of the gallery.
        if not joined:
            conditions.append(rows.c.uploaded_at == of.c.uploaded_at)
        elif self.up_to is not None:
            conditions.append(rows.c.image_id <= self.up_to)
        return probe(self.connection, conditions, joined=joined)

    def _sort_confidence(self) -> ColumnElement[float]:
        """The highest confidence of the labels asked for, else the surest label's."""
        terms = positive_label_terms(self.query)
        rows = image_label.alias("asked")
        asked: list[Condition] = []
        for term in terms:
            if not term.prefix and fold(term.name) not in self.ids:
                continue
            named = (
                _named(rows, term) if term.prefix else rows.c.label_id == self.ids[fold(term.name)]
            )
            asked.append(and_(named, *_within(rows.c.confidence, bounds(term, self.threshold))))
        if not asked:
            return image.c.top_confidence
        own = image.c.id if self.driver is None else self.driver.c.image_id
        highest = select(func.max(rows.c.confidence)).where(rows.c.image_id == own, or_(*asked))
        return func.coalesce(highest.scalar_subquery(), image.c.top_confidence)


def _named(rows: NamedFromClause[Any], term: LabelTerm) -> Condition:
    named = begins_with(label.c.folded, fold(term.name))
    found: Condition = rows.c.label_id.in_(select(label.c.id).where(named))
    return found


def _within(confidence: ColumnElement[float], limits: Bounds) -> list[Condition]:
    conditions: list[Condition] = []
    if limits.low is not None:
        conditions.append(confidence > limits.low if limits.low_open else confidence >= limits.low)
    if limits.high is not None:
        conditions.append(
            confidence < limits.high if limits.high_open else confidence <= limits.high
        )
    return conditions


def _pattern(pattern: str) -> str:
    """Return a file name pattern for LIKE: `*` is any run, everything else itself."""
    text = fold(pattern)
    for special in ("\\", "%", "_"):
        text = text.replace(special, "\\" + special)
    return text.replace("*", "%")
