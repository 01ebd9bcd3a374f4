"""A library with everybody who works on it: people, their tools, the tagger, what compares."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from PIL import Image

from catalog.clock import utc_now
from catalog.errors import (
    DocumentError,
    ImageNotFoundError,
    InvalidKeyError,
    KeyTakenError,
    NotInTrashError,
    ObjectNotFoundError,
    PreconditionFailedError,
    TaglightError,
)
from catalog.indexer import Indexer
from catalog.keys import TRASH, metadata_key, split_trash_key, thumbnail_key, trash_key
from catalog.library import Library
from catalog.storage import ObjectStore
from catalog.storage.changes import ObjectChange, event_body
from catalog.storage.journal import Journal
from cli.reconcile import Reconciler
from tagger.events import parse_events
from tagger.handlers import MAX_ATTEMPTS, PASSING, Handlers
from tagger.pipeline import Tagger
from tests import pictures
from tests.convergence.actors import Actor, SteppingDatabase, SteppingStore, Story
from tests.convergence.dated import DatedStore
from tests.fakes import FakeRecognizer

KEYS = ("uploads/a.png", "uploads/b c+%é.png")
CONTENTS = {
    "red": pictures.encode(Image.new("RGB", (30, 20), "red"), "png"),
    "green": pictures.encode(Image.new("RGB", (20, 30), "green"), "png"),
    "blue": pictures.encode(Image.new("RGB", (24, 24), "blue"), "png"),
    "broken": pictures.text(),
}
# What people are told who come too late, or too early.
REFUSALS = (
    ImageNotFoundError,
    ObjectNotFoundError,
    NotInTrashError,
    PreconditionFailedError,
    DocumentError,
)
# So often a message is received before it is left to the comparison.
CRASHES = MAX_ATTEMPTS - 1
START = utc_now()  # what is being moved into the trash is known by its age


@dataclass
class Event:
    """A message in a queue; `told_by_store` may be lost, what was sent on purpose may not."""

    change: ObjectChange
    told_by_store: bool = True
    received: int = 0


@dataclass
class Owed:
    """What people and other tools have put in and not taken out again: (key, what)."""

    originals: set[tuple[str, bytes]] = field(default_factory=set)
    edits: set[tuple[str, str]] = field(default_factory=set)
    notes: set[tuple[str, str]] = field(default_factory=set)
    labels: set[tuple[str, str]] = field(default_factory=set)


class World:
    """A library in a store and a catalog; what is called by a person's name is what people do.

    Those that take time are actors; what a hand does in the store happens at once, and is
    noticed by an event or not.
    """

    lives = 0  # as a journal whose file was never lost

    def __init__(self, store: ObjectStore, database: SteppingDatabase) -> None:
        self.inner = DatedStore(store, START)
        self.database = database
        self.events: list[Event] = []
        self.past: list[Event] = []
        self.actors: list[Actor] = []
        self.owed = Owed()
        self.asked_again: set[str] = set()
        self.faults: dict[str, int] = {}
        self._held: dict[int, Event] = {}
        # Documents that hands took away: an edit may be in one before it is acknowledged.
        self._overwritten = ""
        self._moment = START
        self.story = database.story = Story()
        self.store = SteppingStore(self.inner, self._told, self.story)
        self.indexer = Indexer(self.store, database, self._send)
        self.recognizer = FakeRecognizer()
        tagger = Tagger(self.store, self.indexer, self.recognizer, clock=self._clock)
        self.handlers = Handlers(self.store, self.indexer, tagger, self._send)
        self.library = Library(self.store, self.indexer, self, clock=self._clock)

    # --- what handlers and people send ---

    def tag_again(self, key: str) -> None:
        """Do what a queue does for Library."""
        self._send(ObjectChange("Taglight:TagAgain", key))

    def send_many(self, queue: str, bodies: list[dict[str, Any]], **_: object) -> int:
        """Do what a journal does for the Reconciler; how many were not there yet."""
        added = 0
        for body in bodies:
            (seen,) = parse_events(body)
            removed = seen.kind == "removed"
            event: Any = "ObjectRemoved:Delete" if removed else "ObjectCreated:Put"
            change = ObjectChange(event, seen.key, etag=seen.etag)
            waiting = [*self.events, *self._held.values()]
            if not any(each.change == change and not each.told_by_store for each in waiting):
                self._send(change)
                added += 1
        return added

    def reconciler(self) -> Reconciler:
        """Return what compares, as it is when the worker begins."""
        return Reconciler(self.store, cast("Journal", self), self.database, self.indexer)

    # --- people, through the pages ---

    def upload(self, key: str, content: str) -> None:
        def work() -> None:
            self.store.put(key, CONTENTS[content], if_none_match=True)
            self.owed.originals.add((key, CONTENTS[content]))
            self.indexer.mark_pending(key, name=f"my {content}.png")

        self._act(f"upload {key}", work)

    def delete(self, key: str) -> None:
        self._act(f"delete {key}", lambda: self.library.delete(key))

    def restore(self, key: str) -> None:
        self._act(f"restore {key}", lambda: self.library.restore(key))

    def retry(self, key: str) -> None:
        """Ask for labels again, which is to do without those of other tools from then on."""

        def work() -> None:
            self.asked_again.add(key)
            self.library.retry(key)

        self._act(f"retry {key}", work)

    def edit(self, key: str, name: str) -> None:
        def work() -> None:
            self.library.edit_labels(key, [name], ["Colour"], by="person")
            if f'"{name}"' not in self._overwritten:
                self.owed.edits.add((key, name))

        self._act(f"edit {key}", work)

    # --- hands and other tools, in the store itself ---

    def put_by_hand(self, key: str, content: str, *, noticed: bool) -> None:
        self._lose_original(key)
        info = self.inner.put(key, CONTENTS[content])
        self.owed.originals.add((key, CONTENTS[content]))
        if noticed:
            self._told(ObjectChange("ObjectCreated:Put", key, info.size, info.etag))

    def remove_by_hand(self, key: str, *, noticed: bool) -> None:
        self._lose_original(key)
        self._remove(key, noticed=noticed)

    def put_document(self, key: str, content: bytes, *, noticed: bool) -> None:
        """Write a document as another tool does, over whatever is there."""
        self._lose_document(key)
        info = self.inner.put(metadata_key(key), content)
        if noticed:
            self._told(ObjectChange("ObjectCreated:Put", info.key, info.size, info.etag))

    def put_labels(self, key: str, label: str, *, noticed: bool) -> None:
        """Write another tool's document with this label."""
        content = json.dumps([{"Name": label, "Confidence": 97.5}]).encode()
        self.put_document(key, content, noticed=noticed)
        self.owed.labels.add((key, label))

    def add_note(self, key: str, note: str, *, noticed: bool) -> None:
        """Add a field of another tool's own to a document, and change nothing else."""
        with suppress(ObjectNotFoundError, ValueError):
            document = json.loads(self.inner.read(metadata_key(key))[0])
            if not isinstance(document, dict):
                return
            document["Notes"] = [*document.get("Notes", []), note]
            info = self.inner.put(metadata_key(key), json.dumps(document).encode())
            self.owed.notes.add((key, note))
            if noticed:
                self._told(ObjectChange("ObjectCreated:Put", info.key, info.size, info.etag))

    def remove_document(self, key: str, *, noticed: bool) -> None:
        self._lose_document(key)
        self._remove(metadata_key(key), noticed=noticed)

    def remove_thumbnail(self, key: str) -> None:
        with suppress(ObjectNotFoundError):
            self.inner.delete(thumbnail_key(key, 320))

    # --- what happens to events and to who handles them ---

    def deliver(self, event: Event) -> None:
        """Begin to handle an event, one of those owed or one that comes once more."""
        if event in self.events:
            self.events.remove(event)
        else:
            self.count("delivered twice or late")
        event.received += 1
        self.story.tell(
            f"{event.change.event} received for the {event.received}.", event.change.key
        )
        actor = self._act(f"handle {event.change.key}", lambda: self._handle(event))
        self._held[id(actor)] = event

    def lose(self, event: Event) -> None:
        """Forget an event that the store told of."""
        self.count("events lost")
        self.story.tell(f"{event.change.event} lost", event.change.key)
        self.events.remove(event)

    def compare(self) -> None:
        """Begin to compare the store with the catalog."""
        self._act("compare", lambda: self.reconciler().once())

    def step(self, actor: Actor, steps: int) -> None:
        """Move an actor on."""
        for _ in range(steps):
            if not actor.ended:
                actor.step()
        self._clear()

    def kill(self, actor: Actor) -> None:
        """End an actor where it stands; its event comes back, if it had one."""
        self.count("killed between two operations")
        self.story.tell("killed", actor.name)
        actor.kill()
        self._clear()

    def may_be_killed(self, actor: Actor) -> bool:
        """Tell whether it may end here: the last delivery of a message has its own answer."""
        event = self._held.get(id(actor))
        return event is None or event.received <= CRASHES

    def settle(self) -> int:
        """Let the dust settle: return how many rounds of comparing and handling that took."""
        for actor in list(self.actors):
            actor.run()
        self._clear()
        reconciler = self.reconciler()
        for rounds in range(1, 20):
            self.drain()
            if not reconciler.once() and not self.events:
                return rounds
        raise AssertionError("the library never comes to rest")

    def count(self, fault: str) -> None:
        """Note that a fault was inflicted."""
        self.faults[fault] = self.faults.get(fault, 0) + 1

    def close(self) -> None:
        """End all that is still under way."""
        for actor in self.actors:
            actor.kill()

    def drain(self) -> None:
        """Handle all events that there are, one after the other."""
        for _ in range(500):
            if not self.events:
                return
            event = self.events.pop(0)
            event.received += 1
            self.story.tell(f"{event.change.event} received", event.change.key)
            self._handle(event)
        raise AssertionError("events beget events without end")

    def _handle(self, event: Event) -> None:
        self.past.append(event)
        body = event_body(event.change)
        try:
            self.handlers.handle_event(body, min(event.received, MAX_ATTEMPTS))
        except KeyTakenError:
            raise
        except PASSING:
            event.received -= 1
            self._owe(event)
        except (InvalidKeyError, ObjectNotFoundError):
            pass

    def _act(self, name: str, work: Callable[[], None]) -> Actor:
        def refusable() -> None:
            with suppress(*REFUSALS):
                work()

        actor = Actor(name, work if name.startswith("handle") else refusable)
        self.actors.append(actor)
        return actor

    def _clear(self) -> None:
        """Forget actors that have ended; the event of one that was killed comes back."""
        for actor in [each for each in self.actors if each.ended]:
            self.actors.remove(actor)
            event = self._held.pop(id(actor), None)
            if actor.error is not None:
                raise AssertionError(f"{actor.name} failed") from actor.error
            if event is not None and not actor.finished:
                self._owe(event)

    def _told(self, change: ObjectChange) -> None:
        self._owe(Event(change))

    def _send(self, change: ObjectChange) -> None:
        self._owe(Event(change, told_by_store=False))

    def _owe(self, event: Event) -> None:
        self.story.tell(
            f"{event.change.event} owed, {event.received} times received", event.change.key
        )
        self.events.append(event)

    def _clock(self) -> datetime:
        self._moment += timedelta(seconds=1)
        return self._moment

    def _remove(self, key: str, *, noticed: bool) -> None:
        with suppress(ObjectNotFoundError):
            self.inner.delete(key)
            if noticed:
                self.store.deleted(key)

    def _lose_original(self, key: str) -> None:
        """A hand writes over the picture, or removes it: it knows what it does."""
        with suppress(ObjectNotFoundError):
            self.owed.originals.discard((key, self.inner.read(key)[0]))

    def _lose_document(self, key: str) -> None:
        """A hand writes over the document, or removes it, with all that it holds."""
        with suppress(ObjectNotFoundError):
            text = self.inner.read(metadata_key(key))[0].decode()
            self._overwritten += text
            for held in (self.owed.edits, self.owed.notes, self.owed.labels):
                held -= {each for each in held if each[0] == key and f'"{each[1]}"' in text}


def copies_of(store: ObjectStore, key: str) -> list[bytes]:
    """Return the contents of an object, in its place and in the trash."""
    found = []
    with suppress(TaglightError):
        found.append(store.read(key)[0])
    for info in store.list(TRASH):
        parts = split_trash_key(info.key)
        if parts and info.key == trash_key(parts[0], key):
            found.append(store.read(info.key)[0])
    return found
