"""How much one transaction may change: as much as one likes, but on Aurora DSQL."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Engine

from catalog.dialects import dsql
from catalog.rows import ImageRow


def portions(engine: Engine, rows: Sequence[ImageRow]) -> Iterator[list[ImageRow]]:
    """Cut pictures into what one transaction may write."""
    if engine.dialect.name != dsql.NAME:
        yield list(rows)
        return
    portion: list[ImageRow] = []
    changes = size = 0
    for row in rows:
        # All is taken out before it is put in, and each name may be the first of its label.
        more = 2 + 3 * min(len(row.entries), dsql.MOST_NAMES)
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


def _weight(row: ImageRow) -> int:
    """Return about how many bytes a picture's rows take."""
    texts = sum(len(value) for value in row.values.values() if isinstance(value, str))
    return 4 * texts + 64 * len(row.entries)
