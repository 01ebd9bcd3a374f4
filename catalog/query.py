"""Search text -> expression tree (docs/search.md).

    query  = clause…                      all must hold
    clause = ['-'] atom ('|' atom)…       | binds tighter than a space; -a|b is not (a or b)
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

State = Literal["failed", "pending", "unlabelled", "edited", "trashed"]

COLORS = (
    "black",
    "blue",
    "brown",
    "cyan",
    "green",
    "grey",
    "orange",
    "pink",
    "purple",
    "red",
    "white",
    "yellow",
)


@dataclass(frozen=True, slots=True)
class LabelTerm:
    """Labelled `name` (or with that alias), within bounds in percent; None means no bound given.

    With neither bound, the slider's threshold holds. `*_open` excludes the bound itself.
    With `prefix`, every label or alias that begins with `name`.
    """

    name: str
    prefix: bool = False
    low: float | None = None
    low_open: bool = False
    high: float | None = None
    high_open: bool = False


@dataclass(frozen=True, slots=True)
class StateTerm:
    state: State


@dataclass(frozen=True, slots=True)
class NameTerm:
    """A file name, any letter case; `*` stands for any run of characters."""

    pattern: str


@dataclass(frozen=True, slots=True)
class PrefixTerm:
    """A prefix of the key after `uploads/`."""

    prefix: str


@dataclass(frozen=True, slots=True)
class TypeTerm:
    """A format, as in the content type: jpeg, png, heic ... (jpg means jpeg, tif means tiff)."""

    format: str


@dataclass(frozen=True, slots=True)
class ColorTerm:
    """A dominant colour of at least 10 % of the pixels."""

    color: str


@dataclass(frozen=True, slots=True)
class AfterTerm:
    """Uploaded at or after this UTC moment."""

    moment: datetime


@dataclass(frozen=True, slots=True)
class BeforeTerm:
    """Uploaded before this UTC moment."""

    moment: datetime


Atom = (
    LabelTerm | StateTerm | NameTerm | PrefixTerm | TypeTerm | ColorTerm | AfterTerm | BeforeTerm
)


@dataclass(frozen=True, slots=True)
class Clause:
    """Any of `atoms` (or, negated, none of them); `start` and `end` are positions in the text."""

    atoms: tuple[Atom, ...]
    negated: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed search text."""

    text: str
    clauses: tuple[Clause, ...]

    def atoms(self) -> list[Atom]:
        """Return all atoms of all clauses."""
        return [atom for clause in self.clauses for atom in clause.atoms]

    @property
    def has_label_term(self) -> bool:
        return any(isinstance(atom, LabelTerm) for atom in self.atoms())

    @property
    def has_state_term(self) -> bool:
        return any(isinstance(atom, StateTerm) for atom in self.atoms())


def parse(text: str) -> Query:
    """Parse a search text. Raises SearchSyntaxError with the position of the mistake."""
    raise NotImplementedError
