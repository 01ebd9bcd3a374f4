"""What there is to tag, before anything is tagged."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from catalog.document import Document
from catalog.documents_io import document_of
from catalog.errors import DocumentError, TaglightError
from catalog.keys import file_name
from catalog.records import ImageRecord
from catalog.storage import ObjectStore
from cli.tagging.todo import Todo, TodoList
from tagger.pipeline import TaggingSettings
from tagger.recognizers import Recognizer
from webapp.picture_types import TYPE_OF_EXTENSION

# Why pictures fail that were never going to be read.
_UNSUPPORTED = ("unsupported", "not_a_picture", "empty")


class KnownRecognizer(Recognizer, Protocol):
    """A recogniser that tells the version of its model without looking at a picture."""

    @property
    def model_version(self) -> str:
        """What the labels depend on, as documents hold it."""
        ...


@dataclass(slots=True)
class Plan:
    """How many pictures there are of each kind, and those to be tagged."""

    pictures: int = 0
    trashed: int = 0
    new: int = 0  # without a document
    unsupported: int = 0  # of these, no pictures by their names: they get their reason
    changed: int = 0  # their document is about other bytes
    foreign_new: int = 0  # another tool's document, whose picture was not measured yet
    failed: int = 0
    failed_unsupported: int = 0  # of these, because they are no pictures, or none that we read
    foreign: int = 0
    same: int = 0  # tagged by the same recogniser with the same settings
    other: int = 0  # tagged by another recogniser, or with other settings
    tagged: int = 0  # tagged, without having asked by whom
    todo: TodoList = field(default_factory=TodoList)
    calling: int = 0  # of `todo`, those for which the recogniser may be called

    @property
    def calls(self) -> int:
        """How often the recogniser will be called, at most; for what is no picture it is not."""
        return self.calling - self.unsupported

    def add(self, todo: Todo) -> None:
        """Add a picture to what is to be done."""
        self.todo.append(todo)
        self.calling += todo.calls


class Planner:
    """Sorts pictures into what is to do and what is left as it is."""

    def __init__(
        self,
        store: ObjectStore,
        recognizer: KnownRecognizer,
        settings: TaggingSettings,
        *,
        retag: bool,
        force: bool,
    ) -> None:
        self._store = store
        self._recognizer = recognizer
        self._settings = settings
        self._retag = retag
        self._force = force

    def plan(self, records: Iterable[ImageRecord], advance: Callable[[int], None]) -> Plan:
        """Look at all these pictures; `advance` is told of each."""
        plan = Plan()
        for record in records:
            if record.trash:
                plan.trashed += 1
            else:
                plan.pictures += 1
                self._sort(plan, record)
            advance(1)
        return plan

    def _sort(self, plan: Plan, record: ImageRecord) -> None:
        if record.status == "pending":
            plan.new += 1
            plan.unsupported += not _may_be_read(record.key)
            plan.add(Todo(record.key, again=False, calls=True))
        elif is_about_other_bytes(record):
            plan.changed += 1
            plan.add(Todo(record.key, again=False, calls=True))
        elif record.status == "failed":
            plan.failed += 1
            plan.failed_unsupported += record.error_code in _UNSUPPORTED
            if self._retag:
                plan.add(Todo(record.key, again=True, calls=True))
        elif record.width is None:
            plan.foreign_new += 1
            again = self._retag and self._force
            plan.add(Todo(record.key, again=again, calls=again))
        elif self._retag:
            self._sort_tagged(plan, record.key)
        else:
            plan.tagged += 1

    def _sort_tagged(self, plan: Plan, key: str) -> None:
        """Sort a tagged picture by what its document says of how its labels came about."""
        document = self._document(key)
        if document is None or document.tagging is None:
            plan.foreign += 1
            wanted = self._force
        elif self._is_same(document):
            plan.same += 1
            wanted = self._force
        else:
            plan.other += 1
            wanted = True
        if wanted:
            plan.add(Todo(key, again=True, calls=True))

    def _is_same(self, document: Document) -> bool:
        tagging = document.tagging
        if tagging is None or self._recognizer.model_version not in (
            "",  # not known before it answers
            document.label_model_version,
        ):
            return False
        return (
            tagging.recognizer,
            tagging.min_confidence,
            tagging.max_labels,
        ) == (
            self._recognizer.name,
            self._settings.min_confidence,
            self._settings.max_labels,
        )

    def _document(self, key: str) -> Document | None:
        try:
            found = document_of(self._store, key)
        except (DocumentError, TaglightError):
            return None  # changed since the catalog was compared: the next run sees it
        return found[0] if found else None


def _may_be_read(key: str) -> bool:
    """Tell whether a file may be a picture that we read, as far as its name tells."""
    stem, _, extension = file_name(key).rpartition(".")
    return not stem or extension.lower() in TYPE_OF_EXTENSION


def is_about_other_bytes(record: ImageRecord) -> bool:
    """Tell whether the document is about another picture than the one that is there now.

    The SHA-256 of other bytes is not kept; a folder's ETag is that of these.
    """
    if len(record.etag) != 64:
        return record.status == "tagged" and record.width is not None and not record.sha256
    return record.sha256 != record.etag


def plan_lines(
    plan: Plan, orphans: int, *, retag: bool, force: bool, by: str, price: float | None = None
) -> list[str]:
    """Return the plan as a table for people; `by` names recogniser and settings.

    `price` is what a thousand calls cost, in whatever money.
    """
    kept = "tagged again (--force)" if force else "left as they are; --force tags them again"
    failed = "tried again (--retag)" if retag else "left as they are; --retag tries them again"
    rows = [
        (plan.pictures, "pictures", ""),
        (plan.new, "without a document", "will be tagged"),
        (plan.unsupported, "of these no pictures by their names", "will be told why"),
        (plan.changed, "changed since they were tagged", "will be tagged"),
        (plan.foreign_new, "with another tool's document", "will be measured; its labels stay"),
        (plan.failed, "failed before", failed),
        (plan.failed_unsupported, "of these no pictures, or of a format that is not read", ""),
        (plan.tagged, "tagged", "left as they are; --retag tags again what would change"),
        (plan.other, "tagged by another recogniser or other settings", "will be tagged again"),
        (plan.same, "tagged by this recogniser with these settings", kept),
        (plan.foreign, "labelled by another tool", kept),
        (plan.trashed, "in the trash", "left as they are"),
        (orphans, "documents without a picture", "left as they are; see taglight doctor"),
    ]
    if force and retag:
        rows[4] = (plan.foreign_new, "with another tool's document", "will be tagged (--force)")
    shown = [row for row in rows if row[0] or row[1] == "pictures"]
    width = max(len(f"{count:,}") for count, _, _ in shown)
    lines = [
        f"  {count:>{width},}  {what}{': ' if what_then else ''}{what_then}"
        for count, what, what_then in shown
    ]
    lines.append(f"Recogniser calls to be made: {plan.calls:,} at most ({by}).")
    if price is not None:
        cost = plan.calls * price / 1000
        lines.append(f"At {price:g} for a thousand calls that costs {cost:,.2f} at most.")
    return lines
