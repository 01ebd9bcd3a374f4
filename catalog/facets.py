"""Counts under a filter: from the arrays in memory where there are some, else in SQL."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, case, func, select

from catalog.database import Database, database_of
from catalog.dialects import whole
from catalog.query import AfterTerm, BeforeTerm, ColorTerm, LabelTerm, Query, StateTerm
from catalog.records import LabelCount, Total
from catalog.samples import rounded, sample_of
from catalog.schema import image_label, label
from catalog.search_sql import begins_with
from catalog.terms import fold, threshold

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
    _, sample = sample_of(connection, query, minimum)
    return sample.total


def are_exact(connection: Connection, query: Query, minimum: float | None) -> bool:
    """Tell whether counts under a filter are exact; about right they are beyond the budget."""
    if database_of(connection).exact_up_to is None:
        return True
    _, sample = sample_of(connection, query, minimum)
    return sample.is_exact


def label_counts(
    connection: Connection, query: Query, minimum: float | None, prefix: str, limit: int
) -> list[LabelCount]:
    """Count how many matching pictures show each label (see reads.label_counts)."""
    if database_of(connection).uses_arrays:
        from catalog import columns  # loads numpy, which is not everywhere and not free

        look = columns.look_of(connection)
        if look is not None:
            return columns.label_counts(look, query, minimum, prefix, limit)
    shown = image_label.alias("shown")
    number = func.count().label("number")
    matches, sample = sample_of(connection, query, minimum)
    counted = (
        sample.labels(matches, shown, shown.c.label_id, number)
        .where(shown.c.confidence >= threshold(minimum))
        .group_by(shown.c.label_id)
    )
    if prefix:
        named = select(label.c.id).where(begins_with(label.c.folded, fold(prefix)))
        counted = counted.where(shown.c.label_id.in_(named))
    counts = counted.subquery()
    query_ = (
        select(label.c.name, counts.c.number, label.c.category)
        .join(counts, counts.c.label_id == label.c.id)
        .order_by(counts.c.number.desc(), label.c.name)
        .limit(limit)
    )
    found = [
        LabelCount(name, sample.scale(number), category, sample.is_exact)
        for name, number, category in connection.execute(query_)
    ]
    # What differs in the sample may be the same once it is rounded.
    return sorted(found, key=lambda each: (-each.count, each.name))


def confidence_histogram(connection: Connection, query: Query) -> list[int]:
    """Count labels by confidence (see reads.confidence_histogram)."""
    if database_of(connection).uses_arrays:
        from catalog import columns  # loads numpy, which is not everywhere and not free

        look = columns.look_of(connection)
        if look is not None:
            return columns.histogram(look, query)
    shown = image_label.alias("shown")
    # The lowest step apart: the share of a number next to nothing is less than an engine can say.
    bucket = case(
        (shown.c.confidence < _STEP, 0),
        (shown.c.confidence >= 100, HISTOGRAM_STEPS - 1),
        else_=whole(shown.c.confidence / _STEP),
    ).label("bucket")
    matches, sample = sample_of(connection, query, 0.0)
    buckets = sample.labels(matches, shown, bucket).subquery().c.bucket
    steps = [0] * HISTOGRAM_STEPS
    for place, number in connection.execute(select(buckets, func.count()).group_by(buckets)):
        steps[place] = number if sample.is_exact else rounded(number / sample.share)
    return steps
