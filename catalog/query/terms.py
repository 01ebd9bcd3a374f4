"""The expression tree of a search text."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

State = Literal["failed", "pending", "unlabelled", "edited", "trashed"]
KEYWORDS = ("is", "name", "in", "type", "color", "colour", "after", "before")
STATES: tuple[State, ...] = get_args(State)

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
    """In this state; pictures in the trash appear under `trashed` alone."""

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


Atom = LabelTerm | StateTerm | NameTerm | PrefixTerm | TypeTerm | ColorTerm | AfterTerm | BeforeTerm


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
        """Tell whether a label is asked for anywhere in the text."""
        return any(isinstance(atom, LabelTerm) for atom in self.atoms())

    @property
    def has_state_term(self) -> bool:
        """Tell whether a state (`is:`) is asked for anywhere in the text."""
        return any(isinstance(atom, StateTerm) for atom in self.atoms())

    def without(self, index: int) -> str:
        """Return the text with the clause of this index removed, and no space doubled."""
        clause = self.clauses[index]
        before, after = self.text[: clause.start].rstrip(), self.text[clause.end :].lstrip()
        return f"{before} {after}".strip()

    def with_clause(self, text: str) -> str:
        """Return the text with one more clause at its end, unless it is there already."""
        text = text.strip()
        if any(self.text[clause.start : clause.end] == text for clause in self.clauses):
            return self.text.strip()
        return f"{self.text.strip()} {text}".strip()


# What a label may consist of to be written without quotes; the rest means something to the parser.
_BARE = re.compile(r"[^\s|\"“”<>:()*=-][^\s|\"“”<>:()*=]*")


def label_text(name: str) -> str:
    """Return a label's name as it is written in a search text, quoted where it has to be.

    Inside quotes a quotation mark is written twice.
    """
    if _BARE.fullmatch(name) and name.lower() not in KEYWORDS:
        return name
    return '"' + name.replace('"', '""') + '"'
