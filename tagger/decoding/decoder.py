"""Has pictures opened by processes that are used again while they are well."""

import contextlib
import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import BinaryIO

from tagger.decoding.budget import Budget
from tagger.decoding.process import (
    EndedError,
    NeverBeganError,
    Process,
    TooSlowError,
)
from tagger.errors import CutOffError, PictureError, out_of_memory
from tagger.imaging import Limits, Opened, open_here
from tagger.imaging.opening import size_of

log = logging.getLogger(__name__)

# Some decoders call a picture damaged when they are short of memory; what is smaller has enough.
_LARGE_BYTES = 256 * 1024


class Decoder:
    """Opens pictures in at most `count` processes at once; threads may share it.

    It is called as `open_here` is. Where no process can be started it does the work itself, and
    says so once: then only the limits on bytes, pixels and layers hold.
    """

    def __init__(
        self,
        count: int = 1,
        *,
        short_side: int = 0,
        rest: Callable[[], None] = lambda: None,
        budget: Budget | None = None,
    ) -> None:
        """Compose it; no process is started before it is needed.

        `short_side` as in `open_here`; `rest` is called before a picture that needs all the
        memory there is, so that others let go of theirs.
        """
        self._count = count
        self._short_side = short_side
        self._rest = rest
        self._budget = budget or Budget.for_processes(count)
        self._turn = threading.Condition()
        self._idle: list[Process] = []
        self._busy = 0
        self._at_work: list[Process] = []
        self._cut_off = False
        self._alone = False
        self._told = False

    def __enter__(self) -> "Decoder":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __call__(self, file: BinaryIO, limits: Limits) -> Opened:
        """Read a picture. Raises PictureError, StoreUnavailableError and CutOffError."""
        size = size_of(file)
        limits.check_bytes(size)
        began = time.monotonic()
        try:
            try:
                return self._open(file, limits, alone=False)
            except EndedError as error:
                self._check_cut_off()
                if error.status == -signal.SIGXCPU:
                    raise
                log.info("%s It is tried once more.", error)
            except PictureError as error:
                short = error.code == "damaged" and size > _LARGE_BYTES
                if error.code != "out_of_memory" and not short:
                    raise
            if time.monotonic() - began > self._budget.seconds:
                raise _too_slow()
            return self._open(file, limits, alone=True)
        except TooSlowError as error:
            raise _too_slow() from error
        except EndedError as error:
            self._check_cut_off()
            log.warning("%s", error)
            raise _fatal(error.status) from error
        except (NeverBeganError, OSError) as error:
            self._check_cut_off()
            self._tell(error)
            return open_here(file, limits, self._short_side)

    def prepare(self) -> None:
        """Start a process and wait until it can be asked, before the first picture needs it."""
        with (
            contextlib.suppress(
                OSError, NeverBeganError, CutOffError
            ),  # said again with the first picture
            self._process(alone=False) as process,
        ):
            process.await_beginning()

    def close(self) -> None:
        """End the processes; one that is at work is ended by who waits for it."""
        with self._turn:
            idle, self._idle = self._idle, []
        for process in idle:
            process.close()

    def cut_off(self) -> None:
        """End the processes at work, for good: who waits for one gets CutOffError."""
        with self._turn:
            self._cut_off = True
            for process in self._at_work:
                process.kill()

    def _check_cut_off(self) -> None:
        if self._cut_off:
            raise CutOffError("We end in the middle of a picture.")

    def _open(self, file: BinaryIO, limits: Limits, *, alone: bool) -> Opened:
        memory = self._budget.alone if alone else self._budget.beside_others
        with self._process(alone=alone) as process:
            return process.open(file, limits, self._budget, memory, self._short_side)

    @contextlib.contextmanager
    def _process(self, *, alone: bool) -> Iterator[Process]:
        """Yield a process when it is our turn; it is kept for the next one if it is well."""
        process: Process | None = None
        self._await_turn(alone=alone)
        try:
            if alone:
                self.close()
                self._rest()
            else:
                with self._turn:
                    process = self._idle.pop() if self._idle else None
            process = process or Process()
            with self._turn:
                self._check_cut_off()
                self._at_work.append(process)
            yield process
        finally:
            keep = process is not None and process.well and not alone
            if process is not None and not keep:
                process.close()
            with self._turn:
                if process in self._at_work:
                    self._at_work.remove(process)
                if process is not None and keep:
                    self._idle.append(process)
                self._busy -= 1
                self._alone = self._alone and not alone
                self._turn.notify_all()

    def _await_turn(self, *, alone: bool) -> None:
        with self._turn:
            self._turn.wait_for(lambda: not self._alone and (alone or self._busy < self._count))
            if alone:
                self._alone = True
                self._turn.wait_for(lambda: self._busy == 0)
            self._busy += 1

    def _tell(self, error: Exception) -> None:
        if not self._told:
            self._told = True
            log.warning(
                "No process can be started to open pictures in (%s): they are opened in this "
                "one, without limits on memory and time.",
                error,
            )


def _fatal(status: int) -> PictureError:
    """Return what to say of a picture that has ended the process twice."""
    if status == -signal.SIGXCPU:
        return _too_slow()
    if status in (-signal.SIGKILL, -signal.SIGABRT):
        return out_of_memory()
    return PictureError(
        "damaged",
        "Could not read this picture: it is damaged in a way that ended the program reading it.",
    )


def _too_slow() -> PictureError:
    return PictureError(
        "too_slow", "Reading this picture took too long, so it was stopped. You can try again."
    )
