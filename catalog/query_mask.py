"""Query -> which pictures of a segment match; the same meaning as search_sql.py.

A query of labels alone is cut from their bitmaps, any other is marked in a mask.
"""

from dataclasses import dataclass, field
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap
from sqlalchemy import Connection, select

from catalog.chosen import Chosen, Integers, Mask
from catalog.database import Database
from catalog.query import (
    AfterTerm,
    Atom,
    BeforeTerm,
    ColorTerm,
    LabelTerm,
    NameTerm,
    PrefixTerm,
    Query,
    State,
    StateTerm,
    TypeTerm,
)
from catalog.schema import image, label
from catalog.search_sql import begins_with, condition, label_ids
from catalog.segments import Segment
from catalog.terms import (
    bounds,
    color_bit,
    fold,
    indexed_label,
    microseconds,
    searched_format,
    shows_trash,
    surest_needed,
    threshold,
)
from catalog.vectors import (
    COLOR_SHIFT,
    EDITED_SHIFT,
    FORMAT_BITS,
    FORMAT_SHIFT,
    FORMATS,
    STATUS_BITS,
    STATUSES,
)

# More than so many are marked one after the other: each rare one would be made a bitmap first.
_FEW_LABELS = 24


@dataclass(frozen=True, slots=True)
class NumberedQuery:
    """A query with what only the database knows: label ids, and pictures by name and key."""

    query: Query
    labels: dict[Atom, list[int]]
    pictures: dict[Atom, Integers] = field(default_factory=dict)


def numbered(connection: Connection, query: Query) -> NumberedQuery:
    """Ask the database for what only it knows of a query."""
    result = NumberedQuery(query, {})
    atoms = set(query.atoms())
    plain = [a for a in atoms if isinstance(a, LabelTerm) and not a.prefix]
    ids = label_ids(connection, sorted({fold(atom.name) for atom in plain})) if plain else {}
    for term in plain:
        number = ids.get(fold(term.name))
        result.labels[term] = [] if number is None else [number]
    for atom in atoms:
        if isinstance(atom, LabelTerm) and atom.prefix:
            named = select(label.c.id).where(begins_with(label.c.folded, fold(atom.name)))
            result.labels[atom] = list(connection.scalars(named))
        elif _needs_text(atom):
            found: Any = connection.scalars(select(image.c.id).where(condition(atom)))
            result.pictures[atom] = np.array(found.all(), np.int64)
    return result


def numbered_at_once(database: Database, query: Query) -> NumberedQuery | None:
    """Return a query with the label ids that are remembered, None where not all of it is known."""
    result = NumberedQuery(query, {})
    for atom in query.atoms():
        if isinstance(atom, LabelTerm):
            known = None if atom.prefix else database.labels.get(indexed_label(fold(atom.name)))
            if known is None:
                return None
            result.labels[atom] = [known[0]]
        elif _needs_text(atom):
            return None
    return result


def _needs_text(atom: Atom) -> TypeGuard[NameTerm | PrefixTerm | TypeTerm]:
    if isinstance(atom, TypeTerm):
        return searched_format(atom.format) not in FORMATS
    return isinstance(atom, NameTerm | PrefixTerm)


def chosen_of(
    segment: Segment, alive: Mask, hidden: BitMap, numbered: NumberedQuery, minimum: float | None
) -> Chosen:
    """Tell which pictures match of those that are alive; `hidden` are all others and the trash."""
    few = None if hidden else _few_of_one_label(segment, numbered, threshold(minimum))
    if few is not None:
        return Chosen(segment.size, places=few)
    if _is_of_few_labels(numbered):
        found = _cut(segment, numbered, threshold(minimum))
        return Chosen(segment.size, bitmap=found - hidden if hidden else found)
    return Chosen.of(mask_of(segment, numbered, minimum) & alive)


def _few_of_one_label(
    segment: Segment, numbered: NumberedQuery, least: float
) -> NDArray[np.int32] | None:
    """Return the few pictures that a label has if nothing else is asked, None where it is not so.

    They need not be sorted, which takes longer than all else that such a search takes.
    """
    clauses = numbered.query.clauses
    if len(clauses) != 1 or clauses[0].negated or len(numbered.labels) != 1:
        return None
    ((atom, labels),) = numbered.labels.items()
    if clauses[0].atoms != (atom,) or len(labels) != 1 or not isinstance(atom, LabelTerm):
        return None
    return segment.few(labels[0], bounds(atom, least))


def _is_of_few_labels(numbered: NumberedQuery) -> bool:
    atoms = list(numbered.query.atoms())
    if not atoms or not all(isinstance(atom, LabelTerm) for atom in atoms):
        return False
    return sum(len(numbered.labels[atom]) for atom in atoms) <= _FEW_LABELS


def _cut(segment: Segment, numbered: NumberedQuery, least: float) -> BitMap:
    """Return what has the labels asked for, trash and the dead too; nobody may change it."""
    kept: list[BitMap] = []
    left_out: list[BitMap] = []
    for clause in numbered.query.clauses:
        any_of = [
            segment.bitmap(number, bounds(atom, least))
            for atom in clause.atoms
            if isinstance(atom, LabelTerm)
            for number in numbered.labels[atom]
        ]
        # To join a bitmap with nothing would copy it.
        joined = any_of[0] if len(any_of) == 1 else BitMap.union(BitMap(), *any_of)
        (left_out if clause.negated else kept).append(joined)
    if kept:
        found = kept[0] if len(kept) == 1 else BitMap.intersection(*kept)
    else:
        found = BitMap(range(segment.size))
    return BitMap.difference(found, *left_out) if left_out else found


def mask_of(segment: Segment, numbered: NumberedQuery, minimum: float | None) -> Mask:
    """Tell which pictures of a segment match."""
    query = numbered.query
    found = np.ones(segment.size, np.bool_) if shows_trash(query) else segment.live.copy()
    for clause in query.clauses:
        any_of = _atom(segment, numbered, clause.atoms[0], minimum)
        for atom in clause.atoms[1:]:
            any_of = any_of | _atom(segment, numbered, atom, minimum)
        found &= ~any_of if clause.negated else any_of
    surest = surest_needed(query, minimum)
    if surest is not None:
        found &= segment.surest >= surest
    return found


def _atom(segment: Segment, numbered: NumberedQuery, atom: Atom, minimum: float | None) -> Mask:
    if atom in numbered.pictures:
        found = np.zeros(segment.size, np.bool_)
        found[segment.places(numbered.pictures[atom])] = True
        return found
    match atom:
        case LabelTerm():
            limits = bounds(atom, threshold(minimum))
            found = np.zeros(segment.size, np.bool_)
            for number in numbered.labels[atom]:
                found |= segment.labelled(number, limits)
        case StateTerm():
            found = _state(segment, atom.state)
        case TypeTerm():
            kind = (segment.facts >> FORMAT_SHIFT) & (2**FORMAT_BITS - 1)
            found = kind == FORMATS.index(searched_format(atom.format))
        case ColorTerm():
            found = (segment.facts >> COLOR_SHIFT & color_bit(atom.color)) != 0
        case AfterTerm():
            found = segment.times >= microseconds(atom.moment)
        case BeforeTerm():
            found = segment.times < microseconds(atom.moment)
        case NameTerm() | PrefixTerm():
            raise AssertionError(atom)
    return found


def _state(segment: Segment, state: State) -> Mask:
    status = segment.facts & (2**STATUS_BITS - 1)
    found: Mask
    match state:
        case "failed" | "pending":
            found = status == STATUSES.index(state)
        case "unlabelled":
            found = (status == STATUSES.index("tagged")) & (segment.own_count == 0)
        case "edited":
            found = (segment.facts >> EDITED_SHIFT & 1) == 1
        case "trashed":
            found = ~segment.live
    return found
