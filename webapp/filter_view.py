"""The filter bar: how many pictures, what is filtered, the slider with its histogram, the order."""

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.query import Clause, LabelTerm
from catalog.records import Page
from catalog.terms import DEFAULT_MIN
from webapp.addresses import DEFAULT_SORT, SORTS, Address, has_threshold, labels_of, number
from webapp.phrases import atom_phrase, clause_phrase
from webapp.wording import first_upper, pictures

BUCKET = 5


@dataclass(frozen=True, slots=True)
class ChipLabel:
    """One label of a chip. `name` where its threshold can be changed in place.

    `low` is that threshold in percent as it stands, "" where the slider holds; `word` says
    whether it is the least itself or what is over it.
    """

    text: str
    name: str = ""
    word: str = ""
    low: str = ""


@dataclass(frozen=True, slots=True)
class Chip:
    """One clause of the search, and where to go without it; `labels` where it is about these."""

    text: str
    bound: str
    negated: bool
    remove_url: str
    labels: tuple[ChipLabel, ...] = ()


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the histogram: geometry in a 100 by 100 box, `low` its lower bound in percent."""

    x: float
    y: float
    height: float
    low: int
    inside: bool


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    text: str
    selected: bool


@dataclass(frozen=True, slots=True)
class FilterBar:
    """How many pictures, what is filtered, the slider and the order."""

    count: str
    chips: list[Chip]
    clear_url: str
    min_value: str
    threshold: int
    reset_url: str
    bars: list[Bar]
    sorts: list[Option]
    sort: str = DEFAULT_SORT

    @classmethod
    def of(cls, address: Address, page: Page | None, histogram: Sequence[int]) -> "FilterBar":
        threshold = DEFAULT_MIN if address.min is None else address.min
        clauses = address.query.clauses
        return cls(
            count=_count(page),
            chips=[_chip(address, index, clause) for index, clause in enumerate(clauses)],
            clear_url=address.gallery("") if clauses else "",
            min_value="" if address.min is None else f"{address.min:g}",
            threshold=int(threshold),
            reset_url="" if address.min is None else address.gallery_at(None),
            bars=_bars(histogram, threshold),
            sorts=[Option(value, text, value == address.sort) for value, text in SORTS.items()],
            sort=address.sort,
        )


def _count(page: Page | None) -> str:
    if page is None:
        return ""
    return ("" if page.total_is_exact else "about ") + pictures(page.total)


def _chip(address: Address, index: int, clause: Clause) -> Chip:
    text, bound = clause_phrase(clause)
    labels = tuple(
        _chip_label(term, "or " if place else "not " if clause.negated else "")
        for place, term in enumerate(labels_of(clause))
    )
    return Chip(text, bound, clause.negated, address.without(index), labels)


def _chip_label(term: LabelTerm, before: str) -> ChipLabel:
    if not has_threshold(term):
        return ChipLabel(f"{before}{atom_phrase(term)}")
    name = first_upper(term.name)
    low = "" if term.low is None else number(term.low)
    return ChipLabel(before + name, name, "over" if term.low_open else "from", low)


def _bars(histogram: Sequence[int], threshold: float) -> list[Bar]:
    """Draw the histogram; the root of each share keeps small bars visible beside large ones."""
    largest = max(histogram, default=0)
    if not largest:
        return []
    width = 100 / len(histogram)
    bars = []
    for index, size in enumerate(histogram):
        height = 0.0 if size == 0 else 6 + 94 * (size / largest) ** 0.5
        low = index * 100 // len(histogram)
        bars.append(
            Bar(round(index * width, 2), round(100 - height, 1), round(height, 1), low,
                low + BUCKET > threshold)
        )  # fmt: skip
    return bars
