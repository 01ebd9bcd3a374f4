"""How much one transaction may change: as much as one likes, but on Aurora DSQL."""

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

from sqlalchemy import Engine

from catalog.dialects import dsql


class Portioned(Protocol):
    """A picture that is to be written."""

    @property
    def names(self) -> int:
        """How many names it is found by."""
        ...

    @property
    def length(self) -> int:
        """How many characters its texts have."""
        ...


R = TypeVar("R", bound=Portioned)


def portions(engine: Engine, rows: Sequence[R]) -> Iterator[list[R]]:
    """Cut pictures into what one transaction may write."""
    if engine.dialect.name != dsql.NAME:
        yield list(rows)
        return
    portion: list[R] = []
    changes = size = 0
    for row in rows:
        # All is taken out before it is put in, and each name may be the first of its label.
        more = 2 + 3 * min(row.names, dsql.MOST_NAMES)
        weight = _weight(row)
        if portion and (changes + more > dsql.MOST_ROWS or size + weight > dsql.MOST_BYTES):
            yield portion
            portion, changes, size = [], 0, 0
        portion.append(row)
        changes += more
        size += weight
    if portion:
        yield portion


def most_names(engine: Engine) -> int | None:
    """Return how many names of one picture are kept at most, None for all of them."""
    return dsql.MOST_NAMES if engine.dialect.name == dsql.NAME else None


def _weight(row: Portioned) -> int:
    """Return about how many bytes a picture's rows take."""
    return 4 * row.length + 64 * row.names
