"""The gallery's regions but for its filter bar. View models compute, templates print."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import ClassVar, NamedTuple

from catalog.keys import trash_stamp
from catalog.query import Query, label_text
from catalog.records import ImageRecord, LabelCount, Page
from catalog.terms import DEFAULT_MIN
from webapp.addresses import Address, single_label
from webapp.empty_view import Empty
from webapp.label_view import says_less
from webapp.media import MediaUrls
from webapp.rendering import StyleSheet
from webapp.wording import count, day, first_upper, month, parse_day, percent

SMALLEST_RATIO, LARGEST_RATIO, UNKNOWN_RATIO = 0.5, 3.2, 4 / 3
LABELS_IN_CAPTION = 3
IN_SIGHT = 4  # pictures that are there before anybody scrolls, on any screen
LEAST_UNDER_HEADING = 5
NO_CATEGORY = "Other"


@dataclass(frozen=True, slots=True)
class Facet:
    """A label at the side: `state` is "", "on" or "not"; `url` leads to the next of the three."""

    name: str
    count: str
    state: str
    url: str
    hint: str
    css: str


@dataclass(frozen=True, slots=True)
class FacetGroup:
    title: str
    facets: list[Facet]


@dataclass(frozen=True, slots=True)
class Facets:
    """Labels with counts under the current filter, grouped by category."""

    groups: list[FacetGroup]
    more_url: str
    are_exact: bool = True

    @classmethod
    def of(
        cls,
        address: Address,
        counts: Sequence[LabelCount],
        style: StyleSheet,
        *,
        limit: int,
        total: int,
    ) -> "Facets":
        chosen = _chosen(address.query)
        groups: dict[str, list[Facet]] = {}
        listed = {entry.name.casefold() for entry in counts}
        for name, (index, negated) in chosen.items():
            if name not in listed:
                text = _label_name(address.query, index)
                facet = _facet(address, text, "", (index, negated), "")
                groups.setdefault("In this search", []).append(facet)
        largest = max(total, max((entry.count for entry in counts), default=0), 1)
        for number, entry in enumerate(counts):
            style.add(f".f{number}", p=entry.count / largest)
            facet = _facet(
                address, entry.name, count(entry.count),
                chosen.get(entry.name.casefold()), f"f{number}",
            )  # fmt: skip
            groups.setdefault(entry.category or NO_CATEGORY, []).append(facet)
        other = groups.pop(NO_CATEGORY, None)
        if other:
            groups["Labels" if not groups else NO_CATEGORY] = other
        more = address.gallery(labels="all") if len(counts) >= limit else ""
        exact = all(entry.is_exact for entry in counts)
        return cls([FacetGroup(title, facets) for title, facets in groups.items()], more, exact)


def _chosen(query: Query) -> dict[str, tuple[int, bool]]:
    """Return which single labels the search names: folded name -> (clause index, excluded)."""
    found = {}
    for index, clause in enumerate(query.clauses):
        term = single_label(clause)
        if term:
            found[term.name.casefold()] = (index, clause.negated)
    return found


def _label_name(query: Query, index: int) -> str:
    term = single_label(query.clauses[index])
    return first_upper(term.name) if term else ""


def _facet(
    address: Address, name: str, number: str, chosen: tuple[int, bool] | None, css: str
) -> Facet:
    if chosen is None:
        return Facet(name, number, "", address.with_text(label_text(name)), "", css)
    index, negated = chosen
    if negated:
        return Facet(name, number, "not", address.without(index), "Excluded. Click to clear.", css)
    return Facet(
        name, number, "on", address.turned(index, name), "Chosen. Click to exclude it.", css
    )


class Tile(NamedTuple):
    """One picture in the grid; `css` is the class that carries its ratio and colour.

    It says nothing of the search that shows it, so that its HTML can be used again.
    """

    id: str
    css: str
    name: str
    status: str
    source: str
    sources: str
    sizes: str
    width: int
    height: int
    labels: tuple[tuple[str, str], ...]
    reason: str
    first: bool = False
    trash: str = ""  # where in the trash it lies: others may have its id


@dataclass(frozen=True, slots=True)
class Section:
    """A run of tiles under one heading; `key` tells whether two sections are the same day."""

    key: str
    heading: str
    tiles: list[Tile]


@dataclass(frozen=True, slots=True)
class Results:
    """The grid of one page, or what to do when it is empty.

    `asked` is what the address of a picture says of the search that it was opened from.
    """

    sections: list[Section]
    next_url: str
    waiting: int
    empty: Empty | None
    asked: str = ""
    url: str = "/"
    first_url: str = ""
    failed_only: bool = False

    @classmethod
    def of(
        cls,
        address: Address,
        page: Page,
        urls: MediaUrls,
        style: StyleSheet,
        today: date,
        cursor: str | None = None,
        empty: Empty | None = None,
    ) -> "Results":
        threshold = DEFAULT_MIN if address.min is None else address.min
        tiles = [
            _tile(record, threshold, urls, style, first=place < IN_SIGHT)
            for place, record in enumerate(page.images)
        ]
        next_url = address.gallery(cursor=page.next) if page.next else ""
        waiting = sum(tile.status == "pending" for tile in tiles)
        sections = _sections(address.sort, page.images, tiles, today)
        first_url = address.gallery()
        here = address.gallery(cursor=cursor) if cursor else first_url
        failed_only = address.query.text.strip().casefold() == "is:failed" and not cursor
        return cls(
            sections,
            next_url,
            waiting,
            empty,
            address.asked,
            here,
            first_url if cursor else "",
            failed_only,
        )


def telling_labels(
    record: ImageRecord, threshold: float, most: int | None = None
) -> list[tuple[str, str]]:
    """Return labels at or above the threshold as name and percent, surest first.

    Those that another one implies are left out: "Cat" says more than the Animal it is.
    """
    implied = record.implied
    shown = [label for label in record.labels if label[1] >= threshold]
    telling = [
        (name, value)
        for name, value in shown
        if name not in implied or not says_less(value, implied[name], threshold)
    ]
    return [(name, percent(value)) for name, value in (telling or shown)[:most]]


def _tile(
    record: ImageRecord, threshold: float, urls: MediaUrls, style: StyleSheet, *, first: bool
) -> Tile:
    css = f"t-{record.id}"
    width, height = record.width or 0, record.height or 0
    ratio = width / height if width and height else UNKNOWN_RATIO
    ratio = min(max(ratio, SMALLEST_RATIO), LARGEST_RATIO)
    style.add(f".{css}", r=ratio, c=record.color)
    small, large = urls.thumbnail(record, 320), urls.thumbnail(record, 1280)
    return Tile(
        record.id,
        css,
        record.name,
        record.status,
        source=small or large or "",
        sources=f"{small} 320w, {large} 1280w" if small and large else "",
        sizes=f"(max-width: 900px) {int(ratio * 120)}px, {int(ratio * 190)}px",
        width=int(ratio * 240),
        height=240,
        labels=tuple(telling_labels(record, threshold, LABELS_IN_CAPTION)),
        reason=record.error_message or "",
        first=first,
        trash=trash_stamp(record.trash),
    )


def _sections(
    sort: str, records: Sequence[ImageRecord], tiles: list[Tile], today: date
) -> list[Section]:
    """Group tiles by day, or by month where days hold few pictures each; else one run."""
    if not tiles:
        return []
    days = [_day_of(sort, record) for record in records]
    if sort not in ("newest", "oldest", "taken"):
        return [Section("all", "", tiles)]
    headings = _headings(days, today)
    sections: list[Section] = []
    for (key, heading), tile in zip(headings, tiles, strict=True):
        if not sections or sections[-1].key != key:
            sections.append(Section(key, heading, []))
        sections[-1].tiles.append(tile)
    return sections


def _day_of(sort: str, record: ImageRecord) -> date | None:
    if sort == "taken":
        return parse_day(record.taken_at or "")
    return record.uploaded_at.astimezone(UTC).date() if record.uploaded_at else None


def _headings(days: list[date | None], today: date) -> list[tuple[str, str]]:
    """Choose the finest headings that still have some pictures each: days, months, years."""
    ways: list[Callable[[date], tuple[str, str]]] = [
        lambda moment: (moment.isoformat(), day(moment, today)),
        lambda moment: (f"{moment:%Y-%m}", month(moment)),
        lambda moment: (f"{moment.year}", f"{moment.year}"),
    ]
    for way in ways:
        found = [way(moment) if moment else ("none", "No date") for moment in days]
        if len(set(found)) == 1 or len(found) >= LEAST_UNDER_HEADING * len(set(found)):
            return found
    return [("all", "") for _ in days]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake in the address: a sentence, and the text split around the place it means."""

    sentence: str
    before: str = ""
    place: str = ""
    after: str = ""

    WINDOW: ClassVar[int] = 40

    @classmethod
    def at(cls, sentence: str, text: str, position: int) -> "Mistake":
        start, end = max(0, position - cls.WINDOW), position + 1 + cls.WINDOW
        before = ("…" if start else "") + text[start:position]
        after = text[position + 1 : end] + ("…" if len(text) > end else "")
        return cls(sentence, before, text[position : position + 1], after)


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence about what was just done, with one button that posts somewhere."""

    text: str
    button: str = ""
    action: str = ""
    link: str = ""
    link_text: str = ""


def now_utc() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)
