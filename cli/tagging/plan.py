"""What there is to tag, before anything is tagged."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from catalog.document import Document
from catalog.documents_io import document_of
from catalog.errors import DocumentError, TaglightError
from catalog.records import ImageRecord
from catalog.storage import ObjectStore
from tagger.pipeline import TaggingSettings
from tagger.recognizers import Recognizer


class KnownRecognizer(Recognizer, Protocol):
    """A recogniser that tells the version of its model without looking at a picture."""

    @property
    def model_version(self) -> str:
        """What the labels depend on, as documents hold it."""
        ...


class Todo(NamedTuple):
    """A picture to be tagged; `again` though it has an answer; `calls` the recogniser for it."""

    key: str
    again: bool
    calls: bool


@dataclass(slots=True)
class Plan:
    """How many pictures there are of each kind, and those to be tagged."""

    pictures: int = 0
    trashed: int = 0
    new: int = 0  # without a document
    changed: int = 0  # their document is about other bytes
    foreign_new: int = 0  # another tool's document, whose picture was not measured yet
    failed: int = 0
    foreign: int = 0
    same: int = 0  # tagged by the same recogniser with the same settings
    other: int = 0  # tagged by another recogniser, or with other settings
    tagged: int = 0  # tagged, without having asked by whom
    todo: list[Todo] = field(default_factory=list)

    @property
    def calls(self) -> int:
        """How often the recogniser will be called, at most."""
        return sum(each.calls for each in self.todo)


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
            plan.todo.append(Todo(record.key, again=False, calls=True))
        elif is_about_other_bytes(record):
            plan.changed += 1
            plan.todo.append(Todo(record.key, again=False, calls=True))
        elif record.status == "failed":
            plan.failed += 1
            if self._retag:
                plan.todo.append(Todo(record.key, again=True, calls=True))
        elif record.width is None:
            plan.foreign_new += 1
            again = self._retag and self._force
            plan.todo.append(Todo(record.key, again=again, calls=again))
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
            plan.todo.append(Todo(key, again=True, calls=True))

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


def is_about_other_bytes(record: ImageRecord) -> bool:
    """Tell whether the document is about another picture than the one that is there now.

    A folder's ETag is the SHA-256 of the bytes. In a bucket, that of other bytes is not kept.
    """
    if len(record.etag) != 64:
        return record.status == "tagged" and record.width is not None and not record.sha256
    return bool(record.sha256) and record.sha256.lower() != record.etag


def plan_lines(plan: Plan, orphans: int, *, retag: bool, force: bool, by: str) -> list[str]:
    """Return the plan as a table for people; `by` names recogniser and settings."""
    kept = "tagged again (--force)" if force else "left as they are; --force tags them again"
    failed = "tried again (--retag)" if retag else "left as they are; --retag tries them again"
    rows = [
        (plan.pictures, "pictures", ""),
        (plan.new, "without a document", "will be tagged"),
        (plan.changed, "changed since they were tagged", "will be tagged"),
        (plan.foreign_new, "with another tool's document", "will be measured; its labels stay"),
        (plan.failed, "failed before", failed),
        (plan.tagged, "tagged", "left as they are; --retag tags again what would change"),
        (plan.other, "tagged by another recogniser or other settings", "will be tagged again"),
        (plan.same, "tagged by this recogniser with these settings", kept),
        (plan.foreign, "labelled by another tool", kept),
        (plan.trashed, "in the trash", "left as they are"),
        (orphans, "documents without a picture", "left as they are; see taglight doctor"),
    ]
    if force and retag:
        rows[3] = (plan.foreign_new, "with another tool's document", "will be tagged (--force)")
    shown = [row for row in rows if row[0] or row[1] == "pictures"]
    width = max(len(f"{count:,}") for count, _, _ in shown)
    lines = [
        f"  {count:>{width},}  {what}{': ' if what_then else ''}{what_then}"
        for count, what, what_then in shown
    ]
    return [*lines, f"Recogniser calls to be made: {plan.calls:,} ({by})."]
