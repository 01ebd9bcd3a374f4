"""Rows read from a folder by a second process, while this one writes those of the batch before.

A child of our own Python: it takes batches on its standard input and answers with rows. It is a
helper only. Where it cannot be started, ends, or meets an error, it is done without.
"""

import gc
import logging
import marshal
import os
import pickle
import signal
import struct
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeGuard

from catalog.errors import ObjectNotFoundError, TaglightError
from catalog.keys import metadata_key
from catalog.rows import Entry, ImageRow, Stamp
from catalog.sources import read_row
from catalog.storage import ObjectInfo, ObjectStore
from catalog.storage.folder import FolderStore

log = logging.getLogger(__name__)

_LENGTH = struct.Struct("<q")
_FAILED = -1
# Seconds in which the child ends once its input has.
_PATIENCE = 5.0
_START = "import sys; sys.path[:] = {path!r}; from catalog.read_ahead import serve; serve({root!r})"


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


class ReadAhead:
    """The child process that reads one batch at a time. Use it in a `with`."""

    def __init__(self, root: Path) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        code = _START.format(path=sys.path, root=str(root))
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
        """Let the child read a batch; `rows` gives what it found."""
        if self._child and self._child.stdin:
            try:
                _send(
                    self._child.stdin, pickle.dumps((batch.pictures, batch.before, batch.resuming))
                )
            except OSError:
                self._end()

    def rows(self) -> list[ImageRow] | None:
        """Return the rows of the batch begun last, None where the child could not tell."""
        if not self._child or not self._child.stdout:
            return None
        try:
            data = _receive(self._child.stdout)
            return _unpacked(data) if data is not None else None
        except (OSError, EOFError, ValueError, TypeError) as error:
            log.debug("The process that reads documents has ended: %s", error)
            self._end()
            return None

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


def serve(root: str) -> None:
    """Answer batches on standard input until it ends: the whole life of the child."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides, and closes our input
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)  # nearly all that is read is let go without it
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else is said is no answer
    store = FolderStore(Path(root))
    try:
        while (request := _receive(sys.stdin.buffer)) is not None:
            batch = Batch(*pickle.loads(request))  # noqa: S301 - from our own parent
            try:
                _send(answers, _packed(batch.row(store, each) for each in batch.pictures))
            except (TaglightError, ValueError):  # the parent meets it too, and knows what to do
                answers.write(_LENGTH.pack(_FAILED))
                answers.flush()
    except (EOFError, BrokenPipeError):
        os._exit(0)  # the parent is gone, or in no need of the answer
    finally:
        store.close()


def _is_current(store: ObjectStore, picture: ObjectInfo, known: Stamp) -> bool:
    """Tell whether a row was written from this picture and its document as they are."""
    if known.etag != picture.etag:
        return False
    try:
        return store.head(metadata_key(picture.key)).etag == known.document_etag
    except ObjectNotFoundError:
        return known.document_etag == ""


def _packed(rows: Iterable[ImageRow | None]) -> bytes:
    """Pack rows as plain tuples, which `marshal` writes and reads faster than pickle objects."""
    found = [row for row in rows if row]
    names = tuple(found[0].values) if found else ()
    content = [
        (tuple([row.values[name] for name in names]), [tuple(entry) for entry in row.entries])
        for row in found
    ]
    return marshal.dumps((names, content))


def _unpacked(data: bytes) -> list[ImageRow]:
    names, content = marshal.loads(data)  # noqa: S302 - from our own child
    make: Any = Entry._make
    return [
        ImageRow(dict(zip(names, values, strict=True)), list(map(make, entries)))
        for values, entries in content
    ]


def _send(pipe: Any, data: bytes) -> None:
    pipe.write(_LENGTH.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def _receive(pipe: Any) -> bytes | None:
    """Receive what was sent; None where the other side failed. Raises EOFError at the end."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (size,) = _LENGTH.unpack(head)
    if size == _FAILED:
        return None
    data: bytes = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
