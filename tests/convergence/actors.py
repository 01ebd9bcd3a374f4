"""Work that moves only when it is told to, and stands still before each of its operations.

An actor has a thread of its own, but only one ever runs: so who comes between whom, and where a
process ends, is the test's decision, and the same decisions lead to the same end.
"""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, TypeVar

from sqlalchemy import Connection

from catalog.database import Database
from catalog.keys import METADATA, UPLOADS
from catalog.storage import ObjectInfo, ObjectStore
from catalog.storage.changes import EventName, ObjectChange
from tests.fakes import Stopped

# Nothing waits for anything outside: who does not come back by then waits for itself.
STUCK_SECONDS = 60.0

_TRASHED = re.compile("trash/[^/]+/")

T = TypeVar("T")
_here = threading.local()


class Actor:
    """One piece of work, which `step` moves to its next operation and `kill` ends."""

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        self.name = name
        self.error: BaseException | None = None
        self.finished = False
        self.ended = False
        self._work = work
        self._killed = False
        self._go = threading.Semaphore(0)
        self._stands = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def step(self) -> None:
        """Do the next operation and all up to the one after it."""
        self._go.release()
        assert self._stands.acquire(timeout=STUCK_SECONDS), f"{self.name} is stuck"
        if self.ended:
            self._thread.join()

    def run(self) -> None:
        """Go on to the end."""
        while not self.ended:
            self.step()

    def kill(self) -> None:
        """End as a process does that is killed: no operation follows, not even to clear up."""
        self._killed = True
        self.run()

    def stand(self) -> None:
        """Wait to be told to go on; called before each operation."""
        if self._killed:
            raise Stopped
        self._stands.release()
        self._go.acquire()
        if self._killed:
            raise Stopped

    def _run(self) -> None:
        _here.actor = self
        self._go.acquire()
        try:
            if not self._killed:
                self._work()
                self.finished = True
        except Stopped:
            pass
        except BaseException as error:
            self.error = error
        finally:
            self.ended = True
            self._stands.release()


class Story:
    """What was done to a library, operation by operation, and by whom.

    Names of folders of the trash are left out: they hold the time, and chance.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []

    def stand(self, operation: str, key: str = "") -> None:
        """Let the actor whose thread this is stand still, if it is one's, before an operation."""
        actor: Actor | None = getattr(_here, "actor", None)
        if actor is not None:
            actor.stand()
        self.tell(operation, key)

    def tell(self, what: str, of: str = "") -> None:
        """Write down what happens, with who does it."""
        actor: Actor | None = getattr(_here, "actor", None)
        name = actor.name if actor else "nobody"
        self.lines.append(f"{name}: {what} {_TRASHED.sub('trash/*/', of)}")


class SteppingDatabase(Database):
    """A catalog before each of whose writes actors stand still."""

    story: Story

    def write(self, work: Callable[[Connection], T]) -> T:
        """Stand still, then write as always."""
        self.story.stand("write")
        return super().write(work)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Stand still, then write as always."""
        self.story.stand("write")
        with super().writing() as connection:
            yield connection


class SteppingStore:
    """An ObjectStore before each of whose operations actors stand still; `tell` gets its events."""

    def __init__(
        self, store: ObjectStore, tell: Callable[[ObjectChange], None], story: Story
    ) -> None:
        self.inner = store
        self._tell = tell
        self._stand = story.stand

    def head(self, key: str) -> ObjectInfo:
        self._stand("head", key)
        return self.inner.head(key)

    def read(self, key: str) -> tuple[bytes, ObjectInfo]:
        self._stand("read", key)
        return self.inner.read(key)

    @contextmanager
    def open(self, key: str) -> Iterator[tuple[BinaryIO, ObjectInfo]]:
        self._stand("open", key)
        with self.inner.open(key) as opened:
            yield opened

    def put(
        self,
        key: str,
        content: bytes | BinaryIO,
        *,
        content_type: str = "application/octet-stream",
        if_match: str | None = None,
        if_none_match: bool = False,
    ) -> ObjectInfo:
        self._stand("put", key)
        info = self.inner.put(
            key,
            content,
            content_type=content_type,
            if_match=if_match,
            if_none_match=if_none_match,
        )
        self._changed("ObjectCreated:Put", info)
        return info

    def copy(self, source: str, target: str, *, if_none_match: bool = True) -> ObjectInfo:
        self._stand("copy", target)
        info = self.inner.copy(source, target, if_none_match=if_none_match)
        self._changed("ObjectCreated:Copy", info)
        return info

    def delete(self, key: str, *, if_match: str | None = None) -> None:
        self._stand("delete", key)
        self.inner.delete(key, if_match=if_match)
        self.deleted(key)

    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:
        self._stand("list", prefix)
        yield from self.inner.list(prefix, after=after)

    def obstacle(self, key: str) -> str:
        return self.inner.obstacle(key)

    def check(self) -> None:
        self.inner.check()

    def deleted(self, key: str) -> None:
        """Tell that an object was removed."""
        if key.startswith((UPLOADS, METADATA)):
            self._tell(ObjectChange("ObjectRemoved:Delete", key))

    def _changed(self, event: EventName, info: ObjectInfo) -> None:
        if info.key.startswith((UPLOADS, METADATA)):
            self._tell(ObjectChange(event, info.key, info.size, info.etag))
