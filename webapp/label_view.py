"""The labels of the picture page: what tells most first, then what that implies.

"Espresso 94 %" needs no "Kitchenware 96 %" above it: a label that another one implies is put
with its like below the others, in few words.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.document import Document, ShownLabel
from catalog.query import label_text
from catalog.records import ImageRecord
from catalog.terms import DEFAULT_MIN, fold
from webapp.addresses import Address
from webapp.rendering import StyleSheet
from webapp.wording import NBSP, percent

PERSON = "person"
# A parent that is surer than its surest child by more than this, in percent, says something new.
NEARLY = 10.0


def says_less(confidence: float, implied: float, threshold: float) -> bool:
    """Tell whether a label adds nothing to one shown that implies it with confidence `implied`."""
    return implied >= max(threshold, confidence - NEARLY)


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One label: its bar, the searches it leads to, and whether a person gave it."""

    group: str
    css: str
    name: str
    url: str
    percent: str
    percent_url: str
    parents: list[tuple[str, str]]
    between: str
    faint: bool
    person: bool
    boxes: int
    note: str


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels at the threshold and over, those below it, and those that people rejected.

    `broader` are labels at the threshold and over that others of them imply.
    """

    rows: list[LabelRow]
    broader: list[LabelRow]
    below: list[LabelRow]
    rejected: list[tuple[str, str]]
    summary: str
    nothing: str
    editable: bool
    edit_url: str
    api_url: str

    @classmethod
    def of(
        cls,
        address: Address,
        record: ImageRecord,
        document: Document | None,
        labels: Sequence[ShownLabel],
        style: StyleSheet,
    ) -> "Labels":
        threshold = DEFAULT_MIN if address.min is None else address.min
        by = {edit.name.casefold(): edit.by for edit in document.added} if document else {}
        parents = {fold(label.name): {fold(name) for name in label.parents} for label in labels}
        rows = [
            _row(index, label, by.get(label.name.casefold(), ""), threshold, parents, style)
            for index, label in enumerate(labels)
        ]
        shown = [row for row in rows if not row.faint]
        broad = _broad(labels, parents, threshold)
        telling = [row for row in shown if fold(row.name) not in broad] or shown
        below = [row for row in rows if row.faint]
        rejected = [(edit.name, edit.by) for edit in document.removed] if document else []
        return cls(
            rows=telling,
            broader=[row for row in shown if row not in telling],
            below=below,
            rejected=rejected,
            summary=_summary(len(shown), len(below), threshold),
            nothing="" if rows else _nothing(record, document),
            editable=record.status != "pending" and not record.trash,
            edit_url=address.action(record.id, "labels"),
            api_url=f"/api/images/{record.id}/labels",
        )


def _row(
    index: int,
    label: ShownLabel,
    by: str,
    threshold: float,
    parents: dict[str, set[str]],
    style: StyleSheet,
) -> LabelRow:
    name = label_text(label.name)
    sure = int(label.confidence)
    style.add(f".l{index}", v=label.confidence)
    path, between = _path(label, parents)
    return LabelRow(
        group=f"l{index}",
        css=f"l{index}",
        name=label.name,
        url=Address.only(name),
        percent=percent(label.confidence),
        percent_url=Address.only(f"{name}>={sure}"),
        parents=[(parent, Address.only(label_text(parent))) for parent in path],
        between=between,
        faint=label.confidence < threshold,
        person=label.source == PERSON,
        boxes=len(label.instances),
        note=f"Added by {by}" if by not in ("", "local", "person") else "Added by hand",
    )


def _broad(
    labels: Sequence[ShownLabel], parents: dict[str, set[str]], threshold: float
) -> set[str]:
    """Return the folded names of what others imply; not what has boxes or comes from a person."""
    implied: dict[str, float] = {}
    for label in labels:
        for name in parents[fold(label.name)] - {fold(label.name)}:
            implied[name] = max(label.confidence, implied.get(name, 0.0))
    return {
        fold(label.name)
        for label in labels
        if label.source != PERSON
        and not label.instances
        and says_less(label.confidence, implied.get(fold(label.name), -1.0), threshold)
    }


def _summary(shown: int, below: int, threshold: float) -> str:
    if not shown and not below:
        return ""
    over = f"{shown} at {threshold:g}{NBSP}% and over"
    return f"{over} · {below} below" if below else over


def _nothing(record: ImageRecord, document: Document | None) -> str:
    """Say why there is no label at all, where that is not said elsewhere on the page."""
    if record.status != "tagged":
        return ""
    if document and document.removed:
        return "No label is left."
    return "Nothing in this picture was recognised."


def _path(label: ShownLabel, parents: dict[str, set[str]]) -> tuple[list[str], str]:
    """Return the parents, broadest first, and what stands between them.

    That is an arrow where each is a kind of the one before it, else a comma.
    """
    names = {fold(name): name for name in label.parents if fold(name) != fold(label.name)}
    above = {name: parents.get(name, set()) & set(names) - {name} for name in names}
    order = sorted(names, key=lambda name: len(above[name]))
    chain = all(set(order[:place]) <= above[name] for place, name in enumerate(order))
    return [names[name] for name in order], " › " if chain else ", "
