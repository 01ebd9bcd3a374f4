"""Law 3, by chosen cases: who comes between a handler's effects, and what survives.

Whatever else may happen is in tests/integration/test_convergence.py.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from catalog.document import read_document
from catalog.errors import ObjectNotFoundError, PreconditionFailedError
from catalog.keys import metadata_key, thumbnail_key
from catalog.library import Library
from tagger.pipeline import Tagger
from tests import pictures
from tests.fakes import FakeIndex, FakeQueue, FakeRecognizer, MemoryStore, Stopped

KEY = "uploads/a.png"
DOCUMENT = metadata_key(KEY)
CONTENTS = {
    "red": pictures.encode(Image.new("RGB", (30, 20), "red"), "png"),
    "blue": pictures.encode(Image.new("RGB", (20, 30), "blue"), "png"),
    "broken": pictures.text(),
}
FOREIGN = b'[{"Name": "Dune", "Confidence": 97.5}]'


@dataclass
class House:
    """A store whose changes become events; the test delivers them as and when it likes."""

    store: MemoryStore = field(default_factory=MemoryStore)

    def __post_init__(self) -> None:
        self.store.modified = datetime(2026, 1, 1, tzinfo=UTC)
        self.index = FakeIndex(self.store)
        self.recognizer = FakeRecognizer()
        clock = lambda: datetime(2026, 11, 22, tzinfo=UTC)  # noqa: E731
        self.tagger = Tagger(self.store, self.index, self.recognizer, clock=clock)
        self.library = Library(self.store, self.index, FakeQueue(), clock=clock)

    def tag(self) -> None:
        self.tagger.tag(KEY)

    def removed(self) -> None:
        self.tagger.removed(KEY)

    def document_changed(self) -> None:
        """Do what the worker does when a document changes: index, and adopt."""
        self.index.index(KEY)
        with suppress(ObjectNotFoundError):
            if read_document(self.store.read(DOCUMENT)[0]).tagging is None:
                self.tag()

    def deliver(self, event: str, stop_at: int | None = None) -> bool:
        """Handle an event, the process ending before its n-th effect; tell if it came to an end."""
        left = stop_at

        def count(operation: str, key: str) -> None:
            nonlocal left
            if left is not None:
                left -= 1
                if left < 0:
                    raise Stopped

        self.store.before_effect = count
        try:
            getattr(self, event)()
        except Stopped:
            return False
        finally:
            self.store.before_effect = None
        return True

    def change(self, what: str) -> str | None:
        """Change the store as people and other tools do; return the event that follows."""
        if what in CONTENTS:
            self.store.put(KEY, CONTENTS[what])
            return "tag"
        if what == "gone":
            with suppress(ObjectNotFoundError):
                self.store.delete(KEY)
                return "removed"
        if what == "deleted" and KEY in self.store.objects:
            self.library.delete(KEY)
            return "removed"
        return None

    def live(self) -> dict[str, bytes]:
        return {
            key: data
            for key, (data, _) in self.store.objects.items()
            if not key.startswith("trash/")
        }


def interfere(house: House, at: int, what: Callable[[], object]) -> list[str]:
    """Do something before the n-th effect of what is handled next; the list tells whether it was.

    Nothing comes between what is done then.
    """
    came: list[str] = []
    left = at

    def before(operation: str, key: str) -> None:
        nonlocal left
        left -= 1
        if left == -1:
            house.store.before_effect = None
            came.append(key)
            what()

    house.store.before_effect = before
    return came


def expected(content: bytes | None) -> House:
    """Return what one undisturbed handling of the final picture leaves."""
    house = House()
    if content is not None:
        house.store.put(KEY, content)
        house.tag()
    return house


def assert_settled(house: House, like: House) -> None:
    assert house.live() == like.live()
    assert house.index.rows == like.index.rows


STOPS = st.none() | st.integers(0, 6)


def _replace(house: House) -> None:
    house.change("blue")


def _remove(house: House) -> None:
    house.change("gone")


def _delete(house: House) -> None:
    house.change("deleted")


def _second_worker(house: House) -> None:
    house.tag()


def _second_worker_after_replacing(house: House) -> None:
    house.change("blue")
    house.tag()


def _remove_and_put_back(house: House) -> None:
    house.change("gone")
    house.removed()
    house.change("red")
    house.tag()


MEANWHILE = [
    _replace,
    _remove,
    _delete,
    _second_worker,
    _second_worker_after_replacing,
    _remove_and_put_back,
]


@pytest.mark.parametrize("meanwhile", MEANWHILE)
@pytest.mark.parametrize("at", range(6))
@pytest.mark.parametrize("start", ["nothing", "tagged"])
def test_what_others_do_meanwhile_is_seen_before_it_ends(
    meanwhile: Callable[[House], None], at: int, start: str
) -> None:
    house = House()
    house.change("red")
    if start == "tagged":
        house.tag()
        house.change("blue")
        house.change("red")
        house.store.delete(thumbnail_key(KEY, 320))
    interfere(house, at, lambda: meanwhile(house))
    with suppress(PreconditionFailedError):
        house.tag()
    house.store.before_effect = None
    # The event of a removal is still to come; that of a new picture may already be past.
    if KEY not in house.store.objects:
        house.removed()
    content = house.store.objects.get(KEY)
    assert_settled(house, like=expected(content[0] if content else None))


@pytest.mark.parametrize("at", range(6))
def test_a_document_that_turns_to_nonsense_meanwhile_is_shown_as_failed(at: int) -> None:
    house = House()
    house.change("red")
    came = interfere(house, at, lambda: house.store.put(DOCUMENT, b"{no JSON"))
    house.tag()
    if came:
        assert house.store.read(DOCUMENT)[0] == b"{no JSON"
        assert house.index.rows[KEY] == (CONTENTS["red"], b"{no JSON")


@pytest.mark.parametrize("at", range(6))
def test_a_picture_that_comes_back_while_it_is_cleared_away_is_tagged(at: int) -> None:
    house = House()
    house.change("red")
    house.tag()
    house.change("gone")

    def come_back() -> None:
        house.change("red")
        house.tag()

    interfere(house, at, come_back)
    house.removed()
    house.store.before_effect = None
    content = house.store.objects.get(KEY)
    assert_settled(house, like=expected(content[0] if content else None))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_another_tools_labels_survive_any_order(data: st.DataObject) -> None:
    house = House()
    house.change("red")
    house.store.put(DOCUMENT, FOREIGN)
    for _ in range(data.draw(st.integers(0, 5))):
        house.deliver(data.draw(st.sampled_from(["tag", "document_changed"])), data.draw(STOPS))
    house.tag()
    house.document_changed()
    document = read_document(house.store.read(DOCUMENT)[0])
    assert [label.name for label in document.labels] == ["Dune"]
    assert document.tagging is None
    assert len(document.thumbnails) == 2
    assert house.index.rows[KEY][1] == house.store.read(DOCUMENT)[0]
    assert house.recognizer.asked == 0


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_peoples_edits_survive_any_order(data: st.DataObject) -> None:
    house = House()
    house.change("red")
    house.tag()
    house.library.edit_labels(KEY, ["Rex"], ["Colour"], by="person")
    replaced = False
    steps = st.sampled_from(["tag", "removed", "document_changed", "gone", "red", "blue"])
    for _ in range(data.draw(st.integers(0, 8))):
        step = data.draw(steps)
        if step in ("gone", "red", "blue"):
            replaced = replaced or step == "blue"
            # Between a removal and what is put there next, its event is handled.
            if step == "gone" or KEY in house.store.objects:
                house.change(step)
            if step == "gone":
                house.removed()
        else:
            house.deliver(step, data.draw(STOPS))
    if KEY not in house.store.objects:
        house.change("red")
    house.tag()
    kept = edits_in(house.store.read(DOCUMENT)[0])
    trashed = [
        edits_in(content)
        for key, (content, _) in house.store.objects.items()
        if key.startswith("trash/") and key.endswith(".json")
    ]
    # Another picture under the same key may send the edits to the trash, with the document
    # they were made on; they are never gone.
    assert kept == PEOPLES or (replaced and PEOPLES in trashed)


PEOPLES = (["Rex"], ["Colour"])


def edits_in(content: bytes) -> tuple[list[str], list[str]]:
    document = read_document(content)
    return [edit.name for edit in document.added], [edit.name for edit in document.removed]


@pytest.mark.parametrize("first", ["red", "broken"])
@pytest.mark.parametrize("at", range(6))
def test_a_picture_that_comes_back_has_its_own_thumbnails(first: str, at: int) -> None:
    house = House()
    house.change(first)
    house.tag()
    house.change("blue")
    house.deliver("tag", stop_at=at)
    house.change(first)
    house.tag()
    assert_settled(house, like=expected(CONTENTS[first]))
