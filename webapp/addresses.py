"""The address bar is the interface: one search as a URL, and the URLs that lead on from it."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, urlencode

from catalog.keys import trash_stamp
from catalog.query import Clause, LabelTerm, Query, label_text

if TYPE_CHECKING:
    from catalog.records import ImageRecord

SORTS = {
    "newest": "Newest",
    "oldest": "Oldest",
    "taken": "Date taken",
    "name": "Name",
    "confidence": "Surest",
}
DEFAULT_SORT = "newest"


def number(value: float) -> str:
    """Write a bound as short as it goes: 70, 62.5."""
    return f"{value:g}"


@dataclass(frozen=True, slots=True)
class Address:
    """A search: its text, the slider in percent (None where it was not moved) and the order."""

    query: Query
    min: float | None = None
    sort: str = DEFAULT_SORT

    def gallery(self, text: str | None = None, **extra: str) -> str:
        """Return the gallery's URL for this search, with another text where one is given."""
        return self._url("/", self.query.text if text is None else text, extra)

    def gallery_at(self, low: float | None) -> str:
        """Return the gallery's URL for this search with the slider at `low` percent."""
        return Address(self.query, low, self.sort).gallery()

    @property
    def asked(self) -> str:
        """Return what stands behind a picture's path where it is opened from this search."""
        return self._url("", self.query.text, {})

    def picture(self, image_id: str, **extra: str) -> str:
        """Return the URL of one picture, opened from this search."""
        return self._url(f"/images/{quote(image_id, safe='')}", self.query.text, extra)

    def picture_of(self, record: "ImageRecord") -> str:
        """Return the URL of one picture: of just this one, where it lies in the trash."""
        if record.trash:
            return self.picture(record.id, trash=trash_stamp(record.trash))
        return self.picture(record.id)

    def action(self, image_id: str, verb: str, **extra: str) -> str:
        """Return where a form posts to act on one picture and come back to this search."""
        return self._url(f"/images/{quote(image_id, safe='')}/{verb}", self.query.text, extra)

    @staticmethod
    def original(record: "ImageRecord", *, saved: bool = False) -> str:
        """Return where the original bytes are found, however long a page has been open."""
        asked = {"trash": trash_stamp(record.trash)} if record.trash else {}
        if saved:
            asked["download"] = "1"
        path = f"/images/{quote(record.id, safe='')}/original"
        return f"{path}?{urlencode(asked)}" if asked else path

    def with_text(self, clause: str) -> str:
        """Return the gallery's URL with one more clause; each label at the side asks for one."""
        text, added = self.query.text.strip(), clause.strip()
        longer = self.query.with_clause(added)
        if not text or longer == text:
            return self.gallery(longer)
        rest = _encoded("", self.min, self.sort)
        return f"/?q={_quoted(text)}+{_quoted(added)}{rest and '&'}{rest}"

    @staticmethod
    def only(text: str) -> str:
        """Return the gallery's URL for another text alone, in the usual order."""
        return "/?" + urlencode({"q": text})

    def without(self, index: int) -> str:
        """Return the gallery's URL with one clause taken away."""
        return self.gallery(self.query.without(index))

    def turned(self, index: int, label: str) -> str:
        """Return the gallery's URL with one clause replaced by the exclusion of a label."""
        rest = self.query.without(index)
        return self.gallery(f"{rest} -{label_text(label)}".strip())

    def bounded(self, index: int, low: float | None, place: int = 0) -> str:
        """Return the gallery's URL with a label's own threshold changed, or (None) taken away.

        `place` is the label's among those of which its clause wants any. Raises IndexError for
        one that is not there, ValueError for one without a threshold to change.
        """
        return self.gallery(self.bounded_text(index, low, place))

    def bounded_text(self, index: int, low: float | None, place: int = 0) -> str:
        """Return the search with a label's own threshold changed, as bounded() does."""
        clause = self.query.clauses[index]
        terms = list(labels_of(clause))
        term = terms[place]
        if not has_threshold(term):
            raise ValueError(f"Clause {index} has no threshold of its own to change.")
        terms[place] = replace(term, low=low)
        changed = ("-" if clause.negated else "") + "|".join(map(_written, terms))
        text = self.query.text
        return f"{text[: clause.start]}{changed}{text[clause.end :]}"

    def _url(self, path: str, text: str, extra: dict[str, str]) -> str:
        parts = [_encoded(text, self.min, self.sort), urlencode(extra) if extra else ""]
        asked = "&".join(filter(None, parts))
        return f"{path}?{asked}" if asked else path


@lru_cache(maxsize=4000)
def _quoted(text: str) -> str:
    return quote_plus(text)


@lru_cache(maxsize=1000)
def _encoded(text: str, low: float | None, sort: str) -> str:
    """Return a search as it stands in addresses; a page of sixty pictures asks sixty times."""
    pairs = {"q": text} if text else {}
    if low is not None:
        pairs["min"] = number(low)
    if sort != DEFAULT_SORT:
        pairs["sort"] = sort
    return urlencode(pairs)


def labels_of(clause: Clause) -> tuple[LabelTerm, ...]:
    """Return the labels of a clause that is about labels alone, else ()."""
    labels = tuple(atom for atom in clause.atoms if isinstance(atom, LabelTerm))
    return labels if len(labels) == len(clause.atoms) else ()


def has_threshold(term: LabelTerm) -> bool:
    """Tell whether a label, named in full, has a least confidence that can be changed."""
    return not term.prefix and term.high is None


def _written(term: LabelTerm) -> str:
    """Write a label as it stands in a search."""
    name = label_text(term.name) + ("*" if term.prefix else "")
    if term.low is not None and term.high is not None:
        return f"{name}:{number(term.low)}..{number(term.high)}"
    if term.low is not None:
        return f"{name}{'>' if term.low_open else '>='}{number(term.low)}"
    if term.high is not None:
        return f"{name}{'<' if term.high_open else '<='}{number(term.high)}"
    return name


def single_label(clause: Clause) -> LabelTerm | None:
    """Return the label of a clause that is about one whole label name, else None."""
    if len(clause.atoms) != 1:
        return None
    atom = clause.atoms[0]
    return atom if isinstance(atom, LabelTerm) and not atom.prefix else None
