"""Rows read from a folder by a second process, while this one writes those of the batch before.

A child of our own Python: it takes batches on its standard input and answers with rows, each as
this process writes it. It is a helper only. Where it cannot be started, ends, or meets an error,
it is done without.
"""

import gc
import logging
import marshal
import os
import pickle
import select
import signal
import struct
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, NoReturn, TypeGuard

from catalog.errors import ObjectNotFoundError, TaglightError
from catalog.keys import metadata_key
from catalog.ready_rows import ReadyRow, ReadyRows, ready
from catalog.rows import ImageRow, Stamp
from catalog.sources import read_row
from catalog.storage import ObjectInfo, ObjectStore
from catalog.storage.folder import FolderStore

log = logging.getLogger(__name__)

_LENGTH = struct.Struct("<q")
_FAILED = -1
# Seconds in which the child ends once its input has.
_PATIENCE = 5.0
_START = """import sys; sys.path[:] = {path!r}
from catalog.read_ahead import serve; serve({root!r}, {columns!r})"""


class Batch:
    """Pictures that follow each other, and what the catalog knew of them before."""

    def __init__(
        self, pictures: Sequence[ObjectInfo], before: dict[str, Stamp], resuming: bool
    ) -> None:
        self.pictures, self.before, self.resuming = pictures, before, resuming

    def row(self, store: ObjectStore, picture: ObjectInfo) -> ImageRow | None:
        """Read one picture's row; with `resuming`, None where the catalog has it as it is."""
        known = self.before.get(picture.key)
        if self.resuming and known and _is_current(store, picture, known):
            return None
        return read_row(store, picture, known)

    def cut(self, size: int) -> tuple["Batch", "Batch | None"]:
        """Return the first pictures, and the others if there are any."""
        first, others = self.pictures[:size], self.pictures[size:]
        if not others:
            return self, None
        return (
            Batch(first, self.before, self.resuming),
            Batch(others, self.before, self.resuming),
        )

    def ready_rows(self, store: ObjectStore, columns: Sequence[str]) -> ReadyRows:
        """Read the rows of all pictures, of which those are missing that need not be written."""
        return ready(filter(None, (self.row(store, each) for each in self.pictures)), columns)


class ReadAhead:
    """The child process that reads one batch after the other. Use it in a `with`.

    Its rows have the values of the named columns.
    """

    def __init__(self, root: Path, columns: tuple[str, ...]) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        code = _START.format(path=sys.path, root=str(root), columns=columns)
        try:
            self._child = subprocess.Popen(  # noqa: S603 - our own interpreter and code
                [sys.executable, "-I", "-c", code],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            log.debug("No second process reads documents: %s", error)

    def __enter__(self) -> "ReadAhead":
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def begin(self, batch: Batch) -> None:
        """Let the child read a batch; `rows` gives what it found.

        Several may be begun: the child takes them in even while it waits to be asked for rows.
        """
        if self._child and self._child.stdin:
            pictures = [(info.key, info.size, info.etag, info.modified) for info in batch.pictures]
            try:
                request = pickle.dumps((pictures, batch.before, batch.resuming))
                _send(self._child.stdin, request)
            except OSError:
                self._end()

    def rows(self) -> ReadyRows | None:
        """Return the rows of the batch begun first, None where the child could not tell."""
        if not self._child or not self._child.stdout:
            return None
        try:
            data = _receive(_unbuffered(self._child.stdout))
            return _unpacked(data) if data is not None else None
        except (OSError, EOFError, ValueError, TypeError) as error:
            log.debug("The process that reads documents has ended: %s", error)
            self._end()
            return None

    def is_ready(self) -> bool:
        """Tell whether `rows` will answer at once."""
        if not self._child or not self._child.stdout:
            return True
        poll = select.poll()
        poll.register(self._child.stdout, select.POLLIN)
        return bool(poll.poll(0))

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        for pipe in (child.stdin, child.stdout):
            try:
                if pipe:
                    pipe.close()
            except OSError:
                log.debug("The process that reads documents was gone before.")
        try:
            child.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def pays_off(store: ObjectStore) -> TypeGuard[FolderStore]:
    """Tell whether a second process can read this store, and there is a processor for it."""
    return isinstance(store, FolderStore) and bool(sys.executable) and _processors() > 1


def serve(root: str, columns: tuple[str, ...]) -> NoReturn:
    """Answer batches on standard input until it ends: the whole life of the child."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides, and closes our input
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)  # nearly all that is read is let go without it
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else is said is no answer
    # Requests and answers travel beside the work: neither process waits for the other's pipe.
    requests: SimpleQueue[bytes] = SimpleQueue()
    ready_answers: SimpleQueue[bytes | None] = SimpleQueue()
    Thread(target=_take_requests, args=(requests,), daemon=True).start()
    Thread(target=_send_answers, args=(ready_answers, answers), daemon=True).start()
    store = FolderStore(Path(root))
    while True:
        pictures, *told = pickle.loads(requests.get())  # noqa: S301 - from our own parent
        batch = Batch([ObjectInfo(*picture) for picture in pictures], *told)
        try:
            ready_answers.put(_packed(batch.ready_rows(store, columns)))
        except (TaglightError, ValueError):  # the parent meets it too, and knows what to do
            ready_answers.put(None)


def _take_requests(requests: "SimpleQueue[bytes]") -> None:
    """Take requests in as they come, until the parent needs no more answers, or is gone."""
    with suppress(EOFError, OSError):
        while request := _receive(sys.stdin.buffer):
            requests.put(request)
    os._exit(0)


def _send_answers(ready_answers: "SimpleQueue[bytes | None]", pipe: Any) -> None:
    """Send answers when the parent takes them; None where there is none."""
    with suppress(OSError):
        while True:
            answer = ready_answers.get()
            if answer is None:
                pipe.write(_LENGTH.pack(_FAILED))
                pipe.flush()
            else:
                _send(pipe, answer)
    os._exit(0)


def _is_current(store: ObjectStore, picture: ObjectInfo, known: Stamp) -> bool:
    """Tell whether a row was written from this picture and its document as they are."""
    if known.etag != picture.etag:
        return False
    try:
        return store.head(metadata_key(picture.key)).etag == known.document_etag
    except ObjectNotFoundError:
        return known.document_etag == ""


def _packed(found: ReadyRows) -> bytes:
    """Pack rows as plain tuples, which `marshal` writes and reads faster than pickle objects."""
    content: Any = (list(found.spellings), [tuple(row) for row in found.rows])
    return marshal.dumps(content)


def _unpacked(data: bytes) -> ReadyRows:
    spellings, rows = marshal.loads(data)  # noqa: S302 - from our own child
    make: Any = ReadyRow._make
    return ReadyRows(spellings, list(map(make, rows)))


def _send(pipe: Any, data: bytes) -> None:
    pipe.write(_LENGTH.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def _receive(pipe: Any) -> bytes | None:
    """Receive what was sent; None where the other side failed. Raises EOFError at the end."""
    (size,) = _LENGTH.unpack(_exactly(pipe, _LENGTH.size))
    return None if size == _FAILED else _exactly(pipe, size)


def _exactly(pipe: Any, size: int) -> bytes:
    parts = []
    while size:
        part = pipe.read(size)
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _unbuffered(pipe: Any) -> Any:
    """Return the pipe itself: what a buffer holds already, nobody could wait for."""
    return pipe.raw


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
