"""The catalog's answers in plain Python: a list of documents that is filtered and sorted.

Written from docs/search.md alone; it shares no code with the catalog but the types.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from catalog.document import fold_name
from catalog.query import (
    AfterTerm,
    Atom,
    BeforeTerm,
    ColorTerm,
    LabelTerm,
    NameTerm,
    PrefixTerm,
    Query,
    StateTerm,
    TypeTerm,
)


@dataclass
class Seen:
    """One label of a picture as people see it; confidence in percent."""

    name: str
    confidence: float
    aliases: list[str] = field(default_factory=list)


@dataclass
class Picture:
    """What the documents say of one picture."""

    key: str
    name: str
    status: str
    uploaded_at: datetime
    taken_at: str = ""
    labels: list[Seen] = field(default_factory=list)
    edited: bool = False
    format: str = "jpeg"
    colors: dict[str, float] = field(default_factory=dict)
    trash: str = ""

    @property
    def identity(self) -> tuple[str, str]:
        return self.key, self.trash

    @property
    def surest(self) -> float:
        return max((label.confidence for label in self.labels), default=-1.0)


class ReferenceCatalog:
    """Answers by going through all pictures, every time."""

    def __init__(self, pictures: list[Picture]) -> None:
        self.pictures = pictures

    def search(self, query: Query, minimum: float | None, sort: str) -> list[Picture]:
        found = [p for p in self.pictures if self.matches(p, query, minimum)]
        found.sort(key=lambda p: (p.key, p.trash))
        if sort == "oldest":
            return sorted(found, key=lambda p: p.uploaded_at)
        found.sort(key=lambda p: p.uploaded_at, reverse=True)
        if sort == "taken":
            found.sort(key=lambda p: p.taken_at, reverse=True)
        if sort == "name":
            found.sort(key=lambda p: fold_name(p.name))
        if sort == "confidence":
            found.sort(key=lambda p: self._sureness(p, query, minimum), reverse=True)
        return found

    def counts(self, query: Query, minimum: float | None, prefix: str = "") -> dict[str, int]:
        shown: Counter[str] = Counter()
        least = 70.0 if minimum is None else minimum
        for picture in self.search(query, minimum, "newest"):
            names = {fold_name(s.name) for s in picture.labels if s.confidence >= least}
            shown.update(name for name in names if name.startswith(fold_name(prefix)))
        return dict(shown)

    def histogram(self, query: Query) -> list[int]:
        steps = [0] * 20
        for picture in self.search(query, 0.0, "newest"):
            for seen in picture.labels:
                steps[min(19, int(seen.confidence / 5))] += 1
        return steps

    def matches(self, picture: Picture, query: Query, minimum: float | None) -> bool:
        asked_for_trash = any(
            StateTerm("trashed") in clause.atoms for clause in query.clauses if not clause.negated
        )
        if picture.trash and not asked_for_trash:
            return False
        for clause in query.clauses:
            if any(self._holds(picture, atom, minimum) for atom in clause.atoms) == clause.negated:
                return False
        plain = not query.has_label_term and not query.has_state_term
        return not (plain and minimum and picture.surest < minimum)

    def _holds(self, picture: Picture, atom: Atom, minimum: float | None) -> bool:
        match atom:
            case LabelTerm():
                return bool(self._confidences(picture, atom, minimum))
            case StateTerm(state="failed" | "pending"):
                return picture.status == atom.state
            case StateTerm(state="unlabelled"):
                return picture.status == "tagged" and not picture.labels
            case StateTerm(state="edited"):
                return picture.edited
            case StateTerm(state="trashed"):
                return picture.trash != ""
            case NameTerm():
                parts = map(re.escape, fold_name(atom.pattern).split("*"))
                return bool(re.fullmatch(".*".join(parts), fold_name(picture.name), re.DOTALL))
            case PrefixTerm():
                return picture.key.startswith("uploads/" + atom.prefix)
            case TypeTerm():
                return picture.format == atom.format
            case ColorTerm():
                return picture.colors.get(atom.color, 0) >= 10
            case AfterTerm():
                return picture.uploaded_at >= atom.moment
            case BeforeTerm():
                return picture.uploaded_at < atom.moment
        raise AssertionError(atom)

    def _confidences(self, picture: Picture, term: LabelTerm, minimum: float | None) -> list[float]:
        found = []
        for seen in picture.labels:
            names = [fold_name(name) for name in [seen.name, *seen.aliases]]
            asked = fold_name(term.name)
            if any(n.startswith(asked) if term.prefix else n == asked for n in names):
                found.append(seen.confidence)
        return [c for c in found if _within(c, term, 70.0 if minimum is None else minimum)]

    def _sureness(self, picture: Picture, query: Query, minimum: float | None) -> float:
        asked = [
            confidence
            for clause in query.clauses
            if not clause.negated
            for atom in clause.atoms
            if isinstance(atom, LabelTerm)
            for confidence in self._confidences(picture, atom, minimum)
        ]
        return max(asked, default=picture.surest)


def _within(confidence: float, term: LabelTerm, threshold: float) -> bool:
    if term.low is None and term.high is None:
        return confidence >= threshold
    low, high = term.low, term.high
    above = low is None or (confidence > low if term.low_open else confidence >= low)
    below = high is None or (confidence < high if term.high_open else confidence <= high)
    return above and below
