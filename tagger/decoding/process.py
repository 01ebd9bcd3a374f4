"""One process that opens pictures, as the tagger sees it: ask it, and end it."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import BinaryIO

from tagger.decoding import wire
from tagger.decoding.budget import Budget
from tagger.errors import PictureError
from tagger.imaging import Limits, Opened

# -P: a folder named tagger where the person happens to stand is not ours.
PROGRAM = ("-P", "-m", "tagger.decoding.child")
# What such a process may know of our environment: no keys, no addresses.
_HANDED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "SYSTEMROOT", "LD_LIBRARY_PATH")
_COPY_BYTES = 1024 * 1024
# Imports, on a machine that has much else to do.
_START_SECONDS = 30.0
# After so many pictures a process has earned its rest: what decoders leak goes with it.
_MOST_PICTURES = 1000


class NeverBeganError(Exception):
    """It could not be started."""


class TooSlowError(Exception):
    """It did not answer in time."""


class EndedError(Exception):
    """It ended in the middle; `status` is how, as subprocess has it."""

    def __init__(self, status: int) -> None:
        super().__init__(f"The process that opens pictures ended ({status}).")
        self.status = status


class Process:
    """A running `tagger.decoding.child`; once it is not `well`, it can only be ended."""

    def __init__(self) -> None:
        """Start it. Raises OSError where that is not possible here."""
        self.well = True
        self._begun = False
        self._opened = 0
        ours, theirs = socket.socketpair()
        with contextlib.ExitStack() as undo, theirs:
            undo.enter_context(ours)
            self._process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 - our own
                [sys.executable, *PROGRAM],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env=_environment(),
                process_group=0,  # Ctrl+C is for who started us
            )
            undo.pop_all()
        self._socket = ours

    def open(
        self, file: BinaryIO, limits: Limits, budget: Budget, memory: int, short_side: int
    ) -> Opened:
        """Have it read a picture with so many bytes of memory.

        Raises PictureError and StoreUnavailableError as `open_here` does, NeverBeganError,
        TooSlowError and EndedError.
        """
        self.well = False
        self.await_beginning()
        request = {
            "limits": asdict(replace(limits, memory=memory)),
            "cpu_seconds": budget.cpu_seconds,
            "short_side": short_side,
        }
        self._socket.settimeout(budget.seconds)
        try:
            with _descriptor(file) as descriptor:
                wire.send(self._socket, request, fd=descriptor)
                message, blobs = wire.receive(self._socket, budget.seconds)
            opened = wire.opened_of(message, blobs)
        except TimeoutError as error:
            raise TooSlowError from error
        except (OSError, wire.WireError) as error:
            raise EndedError(self._status()) from error
        except PictureError as error:
            self.well = error.code != "out_of_memory"
            raise
        self._opened += 1
        self.well = self._opened < _MOST_PICTURES
        return opened

    def await_beginning(self) -> None:
        """Wait until it can be asked. Raises NeverBeganError."""
        if not self._begun:
            try:
                wire.receive(self._socket, _START_SECONDS)
            except (OSError, wire.WireError) as error:
                raise NeverBeganError(f"it ended with {self._status()}") from error
            self._begun = True

    def kill(self) -> None:
        """End it in the middle; who waits for it sees that, and closes it."""
        self._process.kill()

    def close(self) -> None:
        """End it, whatever it does."""
        self._socket.close()
        self._process.kill()
        self._process.wait()

    def __del__(self) -> None:
        """Leave no process behind where nobody has ended it."""
        if hasattr(self, "_process"):
            self.close()

    def _status(self) -> int:
        """Return how it ended; what still runs has said what makes no sense, and is ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(1)
        self._process.kill()
        return self._process.wait()


@contextlib.contextmanager
def _descriptor(file: BinaryIO) -> Iterator[int]:
    """Yield a file descriptor with the content of a file that may have none of its own."""
    file.seek(0)
    try:
        descriptor = file.fileno()
    except OSError:
        with tempfile.TemporaryFile() as copy:
            while part := file.read(_COPY_BYTES):
                copy.write(part)
            copy.flush()
            yield copy.fileno()
    else:
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor


def _environment() -> dict[str, str]:
    known = {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
    # One thread of linear algebra: nothing here needs more, and each takes memory.
    return known | {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
