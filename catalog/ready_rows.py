"""Rows as they are written: plain tuples in the order of the columns, made once.

They are what one process sends to another: nothing but tuples, texts and numbers, a few for each
picture. Names that stand in many pictures are told once for all of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple

from catalog.rows import ImageRow

# A name as it is stored, as it is shown, and its category.
Spelling = tuple[str, str, str]
# A name's place among the spellings, the alias and the confidence; the next name's; and so on.
PARTS = 3


class ReadyRow(NamedTuple):
    """One picture: its columns but the id, and the names it is found by, as PARTS each."""

    key: str
    trash: str
    live: int
    uploaded_at: int
    facts: int
    values: tuple[Any, ...]
    entries: tuple[Any, ...]

    @property
    def identity(self) -> tuple[str, str]:
        """The live one and each entry in the trash are told apart by (key, trash)."""
        return self.key, self.trash

    @property
    def names(self) -> int:
        """How many names the picture is found by."""
        return len(self.entries) // PARTS

    @property
    def length(self) -> int:
        """How many characters its texts have."""
        return sum(len(value) for value in self.values if isinstance(value, str))


@dataclass(frozen=True, slots=True)
class ReadyRows:
    """Pictures, and the spellings that their entries point at."""

    spellings: Sequence[Spelling]
    rows: Sequence[ReadyRow]


def ready(rows: Iterable[ImageRow], columns: Sequence[str]) -> ReadyRows:
    """Make rows ready for the table `image`, whose columns but the id are named."""
    take = itemgetter(*columns)
    places: dict[Spelling, int] = {}
    made = []
    for row in rows:
        values, entries = row.values, list[Any]()
        for name, folded, category, alias, confidence in row.entries:
            place = places.setdefault((folded, name, category), len(places))
            entries += (place, alias, confidence)
        made.append(
            ReadyRow(
                values["key"], values["trash"], values["live"], values["uploaded_at"],
                row.facts, take(values), tuple(entries),
            )
        )  # fmt: skip
    return ReadyRows(list(places), made)
