"""The pictures to be tagged, kept in a file: a plan takes the same memory for any library."""

import json
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

_IN_MEMORY_BYTES = 256 * 1024


class Todo(NamedTuple):
    """A picture to be tagged; `again` though it has an answer; `calls` the recogniser for it."""

    key: str
    again: bool
    calls: bool


class Todos(Protocol):
    """Pictures to be tagged, of which there are so many."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Todo]: ...


class TodoList:
    """Pictures in the order in which they were added; it may be gone through more than once."""

    def __init__(self, todo: Iterable[Todo] = ()) -> None:
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115 - lives as we do
        weakref.finalize(self, self._file.close)
        self._count = 0
        for each in todo:
            self.append(each)

    def append(self, todo: Todo) -> None:
        """Add one at the end."""
        self._file.seek(0, 2)
        self._file.write(json.dumps(todo).encode() + b"\n")
        self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Todo]:
        place = 0
        for _ in range(self._count):
            self._file.seek(place)
            line = self._file.readline()
            place = self._file.tell()
            yield Todo(*json.loads(line))
