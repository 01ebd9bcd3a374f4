"""The process that opens pictures: `python -m tagger.decoding.child`, its socket as its input.

It ends when its socket does, keeps nothing of what it has seen, writes no files, and takes no more
memory and time than it was told with each picture.
"""

import contextlib
import os
import resource
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any

from tagger.decoding import wire
from tagger.errors import PictureError, out_of_memory
from tagger.imaging import Limits, open_here
from tagger.imaging.opening import prepare_decoders

_MEASURES_DATA = sys.platform == "linux"
_THREAD_BYTES = 256 * 1024


def main() -> None:
    """Answer until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for who started us
    peer = socket.socket(fileno=os.dup(0))
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    prepare_decoders()
    _end_with(os.getppid())
    held = _data_bytes()
    with contextlib.suppress(wire.WireError, OSError):
        wire.send(peer, {"ready": True})
        while True:
            request, descriptor = wire.receive_with_file(peer)
            with os.fdopen(descriptor, "rb") as file:
                message, blobs = _answer(request, file, held)
            wire.send(peer, message, *blobs)


def _answer(request: wire.Message, file: Any, held: int) -> tuple[wire.Message, list[bytes]]:
    """Read one picture; `held` are the bytes that this process has for itself."""
    limits = Limits(**request["limits"])
    if _MEASURES_DATA:
        _limit(resource.RLIMIT_DATA, held + limits.memory)
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    _limit(resource.RLIMIT_CPU, int(used) + 1 + int(request["cpu_seconds"]))
    try:
        opened = open_here(file, limits, int(request["short_side"]))
        return wire.answer_of(opened)
    except PictureError as error:
        return {"error": error.code, "sentence": error.message}, []
    except MemoryError:
        short = out_of_memory()
        return {"error": short.code, "sentence": short.message}, []
    except Exception as error:  # StoreUnavailableError, and what nobody thought of
        return {"trouble": str(error)}, []


def _limit(what: int, most: int) -> None:
    """Set a limit; one that was set lower from outside stays."""
    _, hard = resource.getrlimit(what)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(
            what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard)
        )


def _data_bytes() -> int:
    """Return what RLIMIT_DATA counts: all that this process has asked for, touched or not."""
    if not _MEASURES_DATA:
        return 0
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData"))


def _end_with(parent: int) -> None:
    """End when the process that started us does, also in the middle of a picture."""

    def look() -> None:
        pause = threading.Event()
        while os.getppid() == parent:
            pause.wait(1)
        os._exit(1)

    threading.stack_size(_THREAD_BYTES)
    threading.Thread(target=look, daemon=True).start()
    threading.stack_size(0)


if __name__ == "__main__":
    main()
