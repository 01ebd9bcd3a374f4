"""People's corrections of labels, kept apart from what the machine saw."""

import unicodedata
from collections.abc import Iterable

from catalog.document import Document, Edit, fold_name
from catalog.errors import DocumentError

MAX_NAME = 100
MAX_NAMES = 100
MAX_EDITS = 1000

# Control characters, halves of surrogate pairs, line and paragraph separators, private use.
_REFUSED = ("Cc", "Cs", "Zl", "Zp")
# They turn the direction of the text around them.
_TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def clean_names(names: Iterable[str]) -> list[str]:
    """Return label names as they are stored: composed, single spaces, each once.

    Raises DocumentError with a sentence for a name that cannot be one, or too many.
    """
    cleaned: dict[str, str] = {}
    for name in names:
        clean = _clean(name)
        cleaned.setdefault(fold_name(clean), clean)
    if len(cleaned) > MAX_NAMES:
        raise DocumentError(f"At most {MAX_NAMES} labels can be changed at once.")
    return list(cleaned.values())


def apply_edits(document: Document, add: list[str], remove: list[str], *, by: str, at: str) -> None:
    """Add and reject labels by name, in any letter case; both take back their opposite.

    `by` says who, `at` when (UTC, with Z). A rejection of a label that nobody sees changes
    nothing. Raises DocumentError where a name stands in both lists, or there are too many edits.
    """
    both = {fold_name(name) for name in add} & {fold_name(name) for name in remove}
    if both:
        raise DocumentError("A label cannot be added and removed at once.")
    machine = {fold_name(label.name): label.name for label in document.labels}
    added = {fold_name(edit.name): edit for edit in document.added}
    removed = {fold_name(edit.name): edit for edit in document.removed}
    for name in add:
        folded = fold_name(name)
        taken_back = removed.pop(folded, None) is not None
        if not (taken_back and folded in machine):
            added.setdefault(folded, Edit(name, by, at))
    for name in remove:
        folded = fold_name(name)
        added.pop(folded, None)
        if folded in machine:
            removed.setdefault(folded, Edit(machine[folded], by, at))
    if len(added) > MAX_EDITS or len(removed) > MAX_EDITS:
        raise DocumentError(f"A picture can have at most {MAX_EDITS:,} corrections.")
    document.added, document.removed = list(added.values()), list(removed.values())


def _clean(name: str) -> str:
    clean = " ".join(unicodedata.normalize("NFC", name).split())
    if not clean:
        raise DocumentError("A label needs a name.")
    if len(clean) > MAX_NAME:
        raise DocumentError(f"The name of a label has at most {MAX_NAME} characters.")
    if any(unicodedata.category(c) in _REFUSED or c in _TURNING for c in clean):
        raise DocumentError("The name of a label cannot hold control characters.")
    return clean
