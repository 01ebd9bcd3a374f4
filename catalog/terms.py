"""What a search term means, in one place for SQL (search_sql.py) and arrays (columns.py)."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from catalog.document import fold_name
from catalog.keys import file_name
from catalog.query import COLORS, LabelTerm, Query

# What is shown where no minimum confidence is given, in percent.
DEFAULT_MIN = 70.0
# A colour counts from this share of the pixels on, in percent.
MIN_COLOR_PERCENT = 10.0

# No text in an index is longer, in bytes: Aurora DSQL takes 1 KiB for all columns of a key.
MOST_INDEXED = 800
# So much of a longer label is kept before the hash that stands for the whole.
_LABEL_START = MOST_INDEXED - 65

# The same few hundred names come again and again: so many are remembered as they are compared.
_REMEMBERED = 4096
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FORMATS = {"jpg": "jpeg", "jpe": "jpeg", "jfif": "jpeg", "pjpeg": "jpeg", "tif": "tiff"}
_FORMATS |= {"heif": "heic", "x-ms-bmp": "bmp", "x-png": "png", "hif": "heic"}
_COLOR_NAMES = {"gray": "grey"}
_SURROGATES = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """Return text that every engine can store: NUL and lone surrogates are replaced."""
    if "\x00" not in text and (text.isascii() or not _SURROGATES.search(text)):
        return text
    return _SURROGATES.sub("\ufffd", text.replace("\x00", "\ufffd"))


@lru_cache(maxsize=_REMEMBERED)
def fold(name: str) -> str:
    """Return what all spellings of a name have in common, whatever the letter case."""
    return fold_name(clean(name))


def indexed(text: str) -> str:
    """Return the start of a text, as much of it as an index holds."""
    if len(text) * 4 <= MOST_INDEXED:
        return text
    return text.encode("utf-8", "replace")[:MOST_INDEXED].decode("utf-8", "ignore")


def indexed_label(folded: str) -> str:
    """Return what a folded label name is stored and found by; a long one ends in its hash."""
    if len(folded) * 4 <= MOST_INDEXED:
        return folded
    data = folded.encode("utf-8", "replace")
    if len(data) <= MOST_INDEXED:
        return folded
    start = data[:_LABEL_START].decode("utf-8", "ignore")
    return f"{start}#{hashlib.sha256(data).hexdigest()}"


def microseconds(moment: datetime) -> int:
    """Return a moment as microseconds since 1970, UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(microseconds: int) -> datetime:
    """Return the UTC moment of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)


def format_name(content_type: str, key: str = "") -> str:
    """Return the format a content type stands for, else the one that the file name says."""
    kind, _, name = content_type.lower().partition(";")[0].strip().partition("/")
    if kind != "image" or not name:
        name = file_name(key).rpartition(".")[2].lower()
    return _FORMATS.get(name, name)


def searched_format(name: str) -> str:
    """Return the format that `type:name` looks for."""
    return _FORMATS.get(name.lower(), name.lower())


def color_bit(name: str) -> int:
    """Return the bit of a simplified colour, 0 for one that is not searched by."""
    name = name.lower()
    name = _COLOR_NAMES.get(name, name)
    return 1 << COLORS.index(name) if name in COLORS else 0


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a confidence must keep to, in percent; None means no bound on that side."""

    low: float | None
    low_open: bool
    high: float | None
    high_open: bool


def bounds(term: LabelTerm, threshold: float) -> Bounds:
    """Return a label term's bounds: its own, else at least the threshold."""
    if term.low is None and term.high is None:
        return Bounds(threshold, False, None, False)
    return Bounds(term.low, term.low_open, term.high, term.high_open)


def threshold(minimum: float | None) -> float:
    """Return the threshold of label terms and of what is shown, in percent."""
    return DEFAULT_MIN if minimum is None else minimum


def surest_needed(query: Query, minimum: float | None) -> float | None:
    """Return what the surest label of a picture must reach, or None where nothing is asked."""
    if minimum is None or minimum <= 0 or query.has_label_term or query.has_state_term:
        return None
    return minimum


def shows_trash(query: Query) -> bool:
    """Tell whether pictures in the trash may be part of the answer."""
    return any(
        getattr(atom, "state", "") == "trashed"
        for clause in query.clauses
        if not clause.negated
        for atom in clause.atoms
    )


def positive_label_terms(query: Query) -> list[LabelTerm]:
    """Return the label terms that are asked for, not excluded."""
    return [
        atom
        for clause in query.clauses
        if not clause.negated
        for atom in clause.atoms
        if isinstance(atom, LabelTerm)
    ]


def after_prefix(prefix: str) -> str | None:
    """Return the first text after all that begin with `prefix`, None where there is none."""
    while prefix:
        last = ord(prefix[-1]) + 1
        if last == 0xD800:
            last = 0xE000
        if last <= 0x10FFFF:
            return prefix[:-1] + chr(last)
        prefix = prefix[:-1]
    return None
