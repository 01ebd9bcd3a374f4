"""How the worker hears that it is to end: from a signal, or because who started it is gone."""

import contextlib
import os
import select
import signal
import threading
from collections.abc import Callable
from typing import BinaryIO

_BYTES = 1024


def heard(end: Callable[[], None], *, input: BinaryIO | None = None) -> None:
    """Call `end` in a thread of its own on SIGTERM and SIGINT, and when this input ends.

    A handler would run in the main thread, between any two of its steps: it may hold the very lock
    that `end` wants, or be long in coming back from a library. So the signal is a byte in a pipe.
    """
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    signal.set_wakeup_fd(theirs, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    listened = [ours, *([input.fileno()] if input else [])]

    def listen() -> None:
        with contextlib.suppress(OSError):
            while ours not in (ready := select.select(listened, [], [])[0]):
                if not os.read(ready[0], _BYTES):
                    break
        end()

    threading.Thread(target=listen, name="ending", daemon=True).start()
