"""Counts from arrays in memory, in step with the database whoever writes to it.

Every writing transaction notes the rows it touched (table `change`). Before each answer the
arrays take in what was noted since, seen from the asking connection's own snapshot: page and
counts never disagree. A state never changes, so many threads may read it. Where a connection
looks at an older moment than the arrays are at, SQL answers instead.
"""

import ctypes
import logging
import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap
from sqlalchemy import Connection, func, select

from catalog.asking import Asking, AtMark, InTransaction
from catalog.chosen import Chosen, Integers, Mask, bitmap_of
from catalog.chunks import CHUNK, chunks, marks
from catalog.database import FOUND, Database, database_of
from catalog.dialects import fetch, in_a_writing_transaction
from catalog.errors import CatalogUnavailableError
from catalog.orders import order_of
from catalog.postings import STEPS
from catalog.prepared import identity
from catalog.query import Query
from catalog.query_mask import NumberedQuery, chosen_of
from catalog.records import LabelCount
from catalog.schema import image_vector
from catalog.segments import Segment
from catalog.terms import fold, surest_needed, threshold

log = logging.getLogger(__name__)

# A library of so many pictures is loaded within the first question to it, in about a second.
LOADED_AT_ONCE = 100_000
# So many row ids are fetched at once; the rest of the load is numpy's.
_FETCH = 50_000
# Answers kept with a state: page, counts and histogram of one request ask for the same.
_MASKS = 8
# Beyond this share of changed rows, loading everything is quicker.
_TOO_MANY = 1 / 4

_LAST = "SELECT max(seq) FROM change"
_SINCE = "SELECT image_id, (SELECT min(seq) FROM change) FROM change WHERE seq > ?"
_NAMES = "SELECT id, name, category, folded FROM label"
_NAMELESS = ("", "", "")
_ROWS = select(
    image_vector.c.image_id,
    image_vector.c.live,
    image_vector.c.uploaded_at,
    image_vector.c.facts,
    image_vector.c.vector,
)
# The same of a few, as ready text: this is asked after each commit.
_CHANGED_ROWS = (
    "SELECT image_id, live, uploaded_at, facts, vector FROM image_vector WHERE image_id IN "
)


@dataclass
class State:
    """The library at one moment: `seq` is the last change it has taken in."""

    seq: int
    parts: tuple[tuple[Segment, Mask], ...]
    names: dict[int, tuple[str, ...]] = field(default_factory=dict)
    found: "OrderedDict[Any, Found]" = field(default_factory=OrderedDict)

    @cached_property
    def hidden(self) -> list[BitMap]:
        """What is not shown of each part: the trash, and the dead."""
        return [bitmap_of(np.flatnonzero(~(segment.live & alive))) for segment, alive in self.parts]


@dataclass(slots=True)
class Found:
    """Which pictures of each segment match a query, and how many."""

    numbered: NumberedQuery
    chosen: list[Chosen]
    # Of the labels of these, once it was asked for: a slider that is dragged asks again and again.
    steps: Integers | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """The library at one moment, and whom to ask for what is not in memory."""

    state: State
    asking: Asking


def look_of(connection: Connection) -> Look | None:
    """Look at the library as a connection sees it, None where only SQL can tell."""
    state = state_of(connection)
    return None if state is None else Look(state, InTransaction(connection))


def look_at(database: Database, mark: Hashable) -> Look | None:
    """Look at the library as it is at a mark (Database.mark), None where it is not loaded."""
    arrays = database.arrays
    state = arrays.at_mark(database, mark) if arrays is not None and arrays.loaded else None
    return None if state is None else Look(state, AtMark(database, mark))


def state_of(connection: Connection) -> State | None:
    """Return the library as this connection sees it, None where only SQL can tell."""
    database = database_of(connection)
    if not database.uses_arrays or in_a_writing_transaction(connection):
        return None
    seen: dict[Any, Any] = connection.info.setdefault(FOUND, {})
    state: State | None = seen.get(State)
    if state is None:
        state = seen[State] = _arrays_of(database).at(connection)
    return state


def begin_loading(database: Database) -> None:
    """Load the library of a database beside all else, unless that is done or begun already."""
    _arrays_of(database).begin_loading(database)


def _arrays_of(database: Database) -> "Columns":
    if database.arrays is None:
        with database.arrays_lock:
            database.arrays = database.arrays or Columns()
    return database.arrays


class Columns:
    """The arrays of one database in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state: State | None = None
        self._standing: tuple[Hashable, State | None] = (None, None)
        self._loader: threading.Thread | None = None

    @property
    def loaded(self) -> bool:
        """Tell whether the library has been read; after that only changes are."""
        return self._state is not None and not self._loads

    @property
    def _loads(self) -> bool:
        return self._loader is not None and self._loader.is_alive()

    def wait(self) -> None:
        """Return when nothing is being loaded any more."""
        if self._loader is not None:
            self._loader.join()

    def at(self, connection: Connection) -> State | None:
        """Return the library as this connection sees it, None where only SQL can tell.

        A large one is loaded beside the questions, which SQL answers for so long.
        """
        seq = fetch(connection, _LAST, ())[0][0] or 0
        state = self._state
        if state is None or state.seq < seq:
            with self._lock:
                state = self._state
                if state is None or state.seq < seq:
                    state = self._advanced(connection, state, seq)
        return state if state and state.seq == seq else None

    def at_mark(self, database: Database, mark: Hashable) -> State | None:
        """Return the library at a mark, or as it became after that."""
        known, state = self._standing
        if known != mark or state is None:
            with database.reading() as connection:
                state = self.at(connection)
            # It was read after the mark was taken: whatever has come since makes another mark.
            self._standing = (mark, state)
        return state

    def _advanced(self, connection: Connection, state: State | None, seq: int) -> State | None:
        if self._loads:
            return None
        following = _with_changes(connection, state, seq) if state else None
        if following is None and _highest_id(connection) > LOADED_AT_ONCE:
            self._begin(database_of(connection))
            return None
        self._state = following or _loaded(connection, seq)
        return self._state

    def begin_loading(self, database: Database) -> None:
        """Load the library beside all else, unless that is done or begun already."""
        with self._lock:
            if self._state is None and not self._loads:
                self._begin(database)

    def _begin(self, database: Database) -> None:
        self._loader = threading.Thread(target=self._load, args=(database,), daemon=True)
        self._loader.start()

    def _load(self, database: Database) -> None:
        try:
            with database.reading() as connection:
                state = _loaded(connection, fetch(connection, _LAST, ())[0][0] or 0)
                for segment, _ in state.parts:
                    order_of(InTransaction(connection), segment, "newest", state.seq)
        except CatalogUnavailableError as error:
            log.warning("The library could not be loaded, the next question begins anew: %s", error)
            return
        for segment, _ in state.parts:
            segment.prepare()
        self._state = state
        _give_back_memory()


def _loaded(connection: Connection, seq: int) -> State:
    """Read the whole library."""
    segments = []
    for part in _partitions(connection):
        segments.append((part, np.ones(part.size, np.bool_)))
    whole = Segment.merged(segments) if segments else Segment.of([])
    return State(seq, ((whole, np.ones(whole.size, np.bool_)),))


def _give_back_memory() -> None:
    """Return to the system what loading took and needs no more: a third of what it has taken."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # there on Linux
    if trim is not None:
        trim(0)


def _highest_id(connection: Connection) -> int:
    """Return about how many pictures there are: on SQLite they are numbered one by one."""
    number: int | None = connection.scalar(select(func.max(image_vector.c.image_id)))
    return number or 0


def _partitions(connection: Connection) -> Iterable[Segment]:
    result = connection.execute(_ROWS.order_by(image_vector.c.image_id))
    for rows in result.partitions(_FETCH):
        yield Segment.of(rows)


def _changed(connection: Connection, after: int) -> Integers | None:
    """Return the rows that changed after a change, None where that is not known any more."""
    rows = fetch(connection, _SINCE, (after,))
    if not rows or rows[0][1] > after + 1:
        return None
    return np.unique(np.array([number for number, _ in rows], np.int64))


def _with_changes(connection: Connection, state: State, seq: int) -> State | None:
    """Return a state with what has changed since, None where loading all is quicker."""
    changed = _changed(connection, state.seq)
    size = sum(segment.size for segment, _ in state.parts)
    if changed is None or len(changed) > max(1000, size * _TOO_MANY):
        return None
    rows: list[Any] = []
    for chunk in chunks(changed.tolist()):
        rows += fetch(connection, _CHANGED_ROWS + marks(chunk), chunk)
    fresh = Segment.of(sorted(rows, key=lambda row: row[0]))
    result = []
    for segment, alive in state.parts:
        places = segment.places(changed)
        if len(places):
            alive = alive.copy()
            alive[places] = False
        result.append((segment, alive))
    return State(seq, tuple(_compacted([*result, (fresh, np.ones(fresh.size, np.bool_))])))


def _compacted(parts: list[tuple[Segment, Mask]]) -> list[tuple[Segment, Mask]]:
    """Merge small segments into large ones, so that there are always few."""
    while len(parts) > 1:
        (last, _), (before, alive) = parts[-1], parts[-2]
        if 2 * last.size < before.size and 2 * np.count_nonzero(alive) > before.size:
            break
        merged = Segment.merged(parts[-2:])
        parts[-2:] = [(merged, np.ones(merged.size, np.bool_))]
    return parts


def total(look: Look, query: Query, minimum: float | None) -> int:
    """Count the pictures that match."""
    return sum(each.count for each in found(look, query, minimum).chosen)


def counts(look: Look, query: Query, minimum: float | None) -> NDArray[np.int64]:
    """Count, by label id, how many matching pictures show the label at the threshold."""
    least = threshold(minimum)
    result = np.zeros(0, np.int64)
    matching = found(look, query, minimum).chosen
    for (segment, _), chosen in zip(look.state.parts, matching, strict=True):
        number = segment.counts(chosen, least)
        if len(number) < len(result):
            number, result = result, number
        number[: len(result)] += result
        result = number
    return result


def label_counts(
    look: Look,
    query: Query,
    minimum: float | None,
    prefix: str,
    limit: int,
) -> list[LabelCount]:
    """Name the counts: most frequent first, then by name, those that begin with `prefix`."""
    numbers = counts(look, query, minimum)
    begin = fold(prefix)
    # What is not among the most frequent is not named: nearly all labels, unless a prefix is given.
    least = 1 if begin else _nth_highest(numbers, limit)
    shown = np.flatnonzero(numbers >= least)
    names = _names(look, shown.tolist())
    named = []
    for number, shows in zip(shown.tolist(), numbers[shown].tolist(), strict=True):
        name, category, folded = names.get(number, _NAMELESS)
        if name and folded.startswith(begin):
            named.append((-shows, name, category))
    return [LabelCount(name, -shows, category) for shows, name, category in sorted(named)[:limit]]


def _names(look: Look, numbers: list[int]) -> dict[int, tuple[str, ...]]:
    """Return names of labels, among them these; only those are read that this state lacks.

    Labels change only together with pictures, so a state may keep them.
    """
    names = look.state.names
    missing = [number for number in numbers if number not in names]
    if len(missing) > CHUNK:
        rows = look.asking.fetch_all(_NAMES, ())
    elif missing:
        rows = look.asking.fetch_all(f"{_NAMES} WHERE id IN {marks(missing)}", missing)
    else:
        rows = []
    names.update({number: tuple(row) for number, *row in rows})
    return names


def _nth_highest(numbers: NDArray[np.int64], place: int) -> int:
    """Return the count that so many reach, 1 where fewer are counted at all."""
    if not 0 < place < len(numbers):
        return 1
    return max(int(np.partition(numbers, -place)[-place]), 1)


def histogram(look: Look, query: Query) -> list[int]:
    """Count the labels of pictures that match at any confidence, in steps of 5 %."""
    matching = found(look, query, 0.0)
    if matching.steps is None:
        steps = np.zeros(STEPS, np.int64)
        for (segment, _), chosen in zip(look.state.parts, matching.chosen, strict=True):
            steps += segment.histogram(chosen)
        matching.steps = steps
    return [int(number) for number in matching.steps]


def found(look: Look, query: Query, minimum: float | None) -> Found:
    """Return which pictures match; page, counts and histogram of one request ask for the same."""
    state = look.state
    least = threshold(minimum) if query.has_label_term else None
    key = (identity(query), least, surest_needed(query, minimum))
    known = state.found.get(key)
    if known is not None:
        with suppress(KeyError):  # another thread has let it go
            state.found.move_to_end(key)
    else:
        numbered = look.asking.numbered(query)
        known = Found(
            numbered,
            [
                chosen_of(segment, alive, hidden, numbered, minimum)
                for (segment, alive), hidden in zip(state.parts, state.hidden, strict=True)
            ],
        )
        state.found[key] = known
        while len(state.found) > _MASKS:
            try:
                state.found.popitem(last=False)
            except KeyError:  # another thread was quicker
                break
    return known
