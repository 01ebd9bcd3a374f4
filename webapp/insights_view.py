"""The insights page: what the library holds, as numbers that lead to the pictures they count."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import Connection

from catalog import reads
from catalog.query import COLORS, label_text, parse
from catalog.terms import DEFAULT_MIN
from webapp.addresses import Address
from webapp.media import MediaUrls
from webapp.wording import NBSP, count, first_upper, month, pictures

LABELS = 24
BANDS = 10
EXAMPLES = 6
MOST = 14  # days or weeks that have room side by side on a phone, each wide enough for a finger
COLUMNS = 12  # months, or years
NAMED = 6  # columns of a chart that have room for what they are called


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart: `share` of the longest in percent, `told` for who cannot see it."""

    name: str
    number: str
    share: float
    url: str
    told: str


@dataclass(frozen=True, slots=True)
class Example:
    """A small picture."""

    url: str
    source: str
    name: str


@dataclass(frozen=True, slots=True)
class Band:
    """How many pictures have the label within one band of confidence, and some of them.

    `up` are these and all that are surer; none for a band that holds nothing.
    """

    bar: Bar
    examples: list[Example]
    up: Bar | None


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars with what they say together; where there are many only every so many-th is named."""

    bars: list[Bar]
    summary: str
    named: int = 1


@dataclass(frozen=True, slots=True)
class Insights:
    """All that the page shows."""

    states: list[Bar]
    labels: Chart
    confidence: Chart
    label: str
    bands: list[Band]
    uploads: Chart
    colors: list[Bar]
    exact: bool

    @classmethod
    def of(cls, conn: Connection, label: str, urls: MediaUrls) -> "Insights":
        """Read it all; `label` is the one that is looked at closely, "" for the most frequent."""
        frequent = reads.label_counts(conn, parse(""), limit=LABELS)
        chosen = label or (frequent[0].name if frequent else "")
        return cls(
            states=_states(conn),
            labels=Chart(
                _bars([(each.name, each.count, label_text(each.name)) for each in frequent]),
                f"At {DEFAULT_MIN:g}{NBSP}% and over, the most frequent first.",
            ),
            confidence=_confidence(conn),
            label=chosen,
            bands=_bands(conn, chosen, urls) if chosen else [],
            uploads=_uploads(conn),
            colors=_colors(conn),
            exact=reads.counts_are_exact(conn, parse("")),
        )


def _count(conn: Connection, text: str) -> int:
    return reads.count(conn, parse(text)).number


def _bars(rows: list[tuple[str, int, str]]) -> list[Bar]:
    """Make bars of (name, number of pictures, search text)."""
    largest = max((number for _, number, _ in rows), default=0) or 1
    return [
        Bar(
            name,
            count(number),
            round(100 * number / largest, 2),
            Address.only(text) if text else "/",
            f"{name}: {pictures(number)}",
        )
        for name, number, text in rows
    ]


def _states(conn: Connection) -> list[Bar]:
    rows = [
        ("pictures", ""),
        ("without a label", "is:unlabelled"),
        ("corrected by people", "is:edited"),
        ("waiting to be tagged", "is:pending"),
        ("failed", "is:failed"),
        ("in the trash", "is:trashed"),
    ]
    found = [(name, _count(conn, text), text) for name, text in rows]
    return _bars([row for row in found if row[1] or not row[2]])


def _confidence(conn: Connection) -> Chart:
    """How many pictures have a label at least so sure: what the slider would leave."""
    width = 100 // BANDS
    rows = [
        (f"{low}{NBSP}%", reads.count(conn, parse(""), min=low).number, low)
        for low in range(0, 100, width)
    ]
    largest = rows[0][1] or 1
    bars = [
        Bar(
            name,
            count(number),
            round(100 * number / largest, 2),
            f"/?min={low}",
            f"At least {name}: {pictures(number)}",
        )
        for name, number, low in rows
    ]
    steps = reads.confidence_histogram(conn, parse(""))
    total = sum(steps)
    sure = sum(steps[round(DEFAULT_MIN * len(steps) / 100) :])
    share = f"{100 * sure // total}{NBSP}%" if total else "none"
    said = f"Of their {count(total)} labels {share} are at {DEFAULT_MIN:g}{NBSP}% or over."
    return Chart(bars, f"Pictures that have a label at least so sure. {said}")


def _bands(conn: Connection, label: str, urls: MediaUrls) -> list[Band]:
    """Look at one label in bands of confidence, the surest first, each with some pictures."""
    name = label_text(label)
    width = 100 // BANDS
    over = [_count(conn, f"{name}>={low}") for low in range(0, 101, width)]
    rows = []
    for band in reversed(range(BANDS)):
        low, high = band * width, (band + 1) * width
        last = high == 100
        # Numbers that are about right can cross each other.
        number = max(0, over[band] - (0 if last else over[band + 1]))
        text = f"{name}>={low}" if last else f"{name}>={low} {name}<{high}"
        rows.append((f"{low} to {high}{NBSP}%", number, text))
    while rows and not rows[-1][1]:  # nothing is that unsure: below what the tagger keeps
        rows.pop()
    lows = range(100 - width, -1, -width)
    up = _bars([(f"from {low}{NBSP}% up", over[low // width], f"{name}>={low}") for low in lows])
    return [
        Band(bar, _examples(conn, text, urls), surer) if number else Band(bar, [], None)
        for bar, surer, (_, number, text) in zip(_bars(rows), up, rows, strict=False)
    ]


def _examples(conn: Connection, text: str, urls: MediaUrls) -> list[Example]:
    query = parse(text)
    found = reads.search(conn, query, limit=EXAMPLES, counted=False).images
    address = Address(query)
    return [
        Example(address.picture(record.id), urls.thumbnail(record, 320) or "", record.name)
        for record in found
    ]


def _uploads(conn: Connection) -> Chart:
    ends = [
        reads.search(conn, parse(""), sort=sort, limit=1, counted=False).images
        for sort in ("oldest", "newest")
    ]
    if not all(ends):
        return Chart([], "No picture has been added yet.")
    first, last = (found[0].uploaded_at.date() for found in ends)
    periods = _periods(first, last)
    weekly = len(periods) > 1 and sorted(periods)[1] - min(periods) == timedelta(days=7)
    rows = []
    for start, (name, written) in periods.items():
        following = next((other for other in periods if other > start), None)
        before = f" before:{periods[following][1]}" if following else ""
        text = f"after:{written}{before}"
        rows.append((name, _count(conn, text), text))
    bars = _bars(rows)
    if weekly:
        bars = [replace(bar, told=f"Week of {bar.told}") for bar in bars]
    span = f"from {_written(first)} to {_written(last)}" if last > first else f"on {_written(last)}"
    said = first_upper(f"{'week by week, ' if weekly else ''}{span}, in UTC.")
    return Chart(bars, said, -(-len(rows) // NAMED))


def _written(moment: date) -> str:
    return f"{moment.day} {month(moment)}"


def _periods(first: date, last: date) -> dict[date, tuple[str, str]]:
    """Cut the time into days, weeks, months or years: start -> (name, as searched)."""
    for step in (1, 7):
        start = first - timedelta(days=first.weekday() if step > 1 else 0)
        number = (last - start).days // step + 1
        if number > MOST:
            continue
        days = [start + timedelta(days=step * each) for each in range(number)]
        return {each: (f"{each.day} {each:%b}", each.isoformat()) for each in days}
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    if months <= COLUMNS:
        starts = [_month(first, each) for each in range(months)]
        return {each: (f"{each:%b %Y}", f"{each:%Y-%m}") for each in starts}
    years = range(max(first.year, last.year - COLUMNS + 1), last.year + 1)
    return {date(year, 1, 1): (str(year), f"{year:04}") for year in years}


def _month(first: date, later: int) -> date:
    number = first.month - 1 + later
    return date(first.year + number // 12, number % 12 + 1, 1)


def _colors(conn: Connection) -> list[Bar]:
    found = [(color.capitalize(), _count(conn, f"color:{color}"), color) for color in COLORS]
    rows = [(name, number, f"color:{color}") for name, number, color in found if number]
    return _bars(sorted(rows, key=lambda row: -row[1]))
