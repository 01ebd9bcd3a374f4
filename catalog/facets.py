"""Counts under a filter: from the arrays in memory where there are some, else in SQL."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Integer, Select, bindparam, case, func, select

from catalog.database import Database, database_of
from catalog.dialects import whole
from catalog.query import AfterTerm, BeforeTerm, ColorTerm, LabelTerm, Query, StateTerm
from catalog.records import LabelCount, Total
from catalog.samples import SHOWN, labels, rounded, sample_of
from catalog.schema import label
from catalog.search_sql import named_value
from catalog.terms import after_prefix, fold, threshold

# A search of more terms is answered beside others.
_FEW_ATOMS = 6
HISTOGRAM_STEPS = 20
_STEP = 100 / HISTOGRAM_STEPS


def answers_at_once(database: Database, query: Query) -> bool:
    """Tell whether a page and its total come from arrays that are there, in few milliseconds."""
    if database.arrays is None or not database.arrays.loaded:
        return False
    known = (LabelTerm, StateTerm, ColorTerm, AfterTerm, BeforeTerm)
    atoms = list(query.atoms())
    return len(atoms) <= _FEW_ATOMS and all(
        isinstance(atom, known) and not getattr(atom, "prefix", False) for atom in atoms
    )


def begin_loading(database: Database) -> None:
    """Load the arrays beside all else, so that no question waits for it; SQL answers for so long.

    They end with the process, whether they are loaded or not.
    """

    def begin() -> None:
        from catalog import columns  # loads numpy, which takes as long as a small library

        columns.begin_loading(database)

    if database.uses_arrays:
        threading.Thread(target=begin, daemon=True).start()


def page_rows(
    connection: Connection,
    query: Query,
    minimum: float | None,
    sort: str,
    most: int,
    after: Sequence[Any] | None,
    fields: tuple[str, ...],
) -> tuple[Sequence[Sequence[Any]], Callable[[Sequence[Any]], Sequence[Any]]] | None:
    """Return the rows of a page as the arrays know it, and what reads their values of the order.

    None where only SQL can tell.
    """
    if database_of(connection).uses_arrays:
        from catalog import array_pages, columns  # as below

        look = columns.look_of(connection)
        if look is not None:
            rows = array_pages.page_rows(look, query, minimum, sort, most, after, fields)
            return None if rows is None else (rows, array_pages.values_of(sort))
    return None


def total(connection: Connection, query: Query, minimum: float | None) -> Total:
    """Count the pictures that match."""
    if database_of(connection).uses_arrays:
        from catalog import columns  # loads numpy, which is not everywhere and not free

        look = columns.look_of(connection)
        if look is not None:
            return Total(columns.total(look, query, minimum))
    return sample_of(connection, query, minimum).total


def are_exact(connection: Connection, query: Query, minimum: float | None) -> bool:
    """Tell whether counts under a filter are exact; about right they are beyond the budget."""
    if database_of(connection).exact_up_to is None:
        return True
    return sample_of(connection, query, minimum).is_exact


def label_counts(
    connection: Connection, query: Query, minimum: float | None, prefix: str, limit: int
) -> list[LabelCount]:
    """Count how many matching pictures show each label (see reads.label_counts)."""
    if database_of(connection).uses_arrays:
        from catalog import columns  # loads numpy, which is not everywhere and not free

        look = columns.look_of(connection)
        if look is not None:
            return columns.label_counts(look, query, minimum, prefix, limit)
    start = fold(prefix)
    end = after_prefix(start)
    values = {"from": threshold(minimum), "most": limit, "start": start, "end": end}

    def make(selecting: Callable[..., Select[Any]]) -> Select[Any]:
        return _most_frequent(selecting, start, end)

    what = "counts", not start, end is None
    rows = labels(connection, query, minimum, (what, make), values)
    sample = sample_of(connection, query, minimum)
    found = [
        LabelCount(name, sample.scale(number), category, sample.is_exact)
        for name, number, category in rows
    ]
    # What differs in the sample may be the same once it is rounded.
    return sorted(found, key=lambda each: (-each.count, each.name))


def _most_frequent(
    selecting: Callable[..., Select[Any]], start: str, end: str | None
) -> Select[Any]:
    """Count each label that is shown and begins like this, the most frequent first."""
    number = func.count().label("number")
    surest = named_value("from", None, SHOWN.c.confidence)
    counted = selecting(SHOWN.c.label_id, number).where(SHOWN.c.confidence >= surest)
    if start:
        folded = label.c.folded
        named = select(label.c.id).where(folded >= named_value("start", start, folded))
        if end is not None:
            named = named.where(folded < named_value("end", end, folded))
        counted = counted.where(SHOWN.c.label_id.in_(named))
    counts = counted.group_by(SHOWN.c.label_id).subquery()
    return (
        select(label.c.name, counts.c.number, label.c.category)
        .join(counts, counts.c.label_id == label.c.id)
        .order_by(counts.c.number.desc(), label.c.name)
        .limit(bindparam("most", type_=Integer))
    )


def confidence_histogram(connection: Connection, query: Query) -> list[int]:
    """Count labels by confidence (see reads.confidence_histogram)."""
    if database_of(connection).uses_arrays:
        from catalog import columns  # loads numpy, which is not everywhere and not free

        look = columns.look_of(connection)
        if look is not None:
            return columns.histogram(look, query)
    rows = labels(connection, query, 0.0, ("histogram", _by_step), {})
    sample = sample_of(connection, query, 0.0)
    steps = [0] * HISTOGRAM_STEPS
    for place, number in rows:
        steps[place] = number if sample.is_exact else rounded(number / sample.share)
    return steps


def _by_step(selecting: Callable[..., Select[Any]]) -> Select[Any]:
    """Count labels by the step that their confidence is in."""
    # The lowest step apart: the share of a number next to nothing is less than an engine can say.
    step = case(
        (SHOWN.c.confidence < _STEP, 0),
        (SHOWN.c.confidence >= 100, HISTOGRAM_STEPS - 1),
        else_=whole(SHOWN.c.confidence / _STEP),
    )
    steps = selecting(step.label("step")).subquery().c.step
    return select(steps, func.count()).group_by(steps)
