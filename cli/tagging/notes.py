"""Notes of which pictures are in work, so that one that takes the process with it is found out.

A note holds how often its picture was begun, and its key. It goes when the picture has its answer;
one that is there when the next run begins tells of a picture at which a process ended.
"""

import contextlib
import os
from pathlib import Path

# A picture that has ended so many processes is left alone unless a person insists.
MOST_BEGINNINGS = 2


class Notes:
    """The notes in one folder; safe for the threads of one process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._left = self._read()

    def beginnings(self, key: str) -> int:
        """Return in how many earlier runs the process ended while this picture was in work."""
        return self._left[key][0] if key in self._left else 0

    def begin(self, slot: str, key: str) -> None:
        """Note that a picture is in work. Where that cannot be written, the work goes on."""
        path = self._path(slot, key)
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{self.beginnings(key) + 1} {key}", "utf-8")

    def end(self, slot: str, key: str) -> None:
        """Forget a picture that has its answer."""
        with contextlib.suppress(OSError):
            self._path(slot, key).unlink(missing_ok=True)

    def _path(self, slot: str, key: str) -> Path:
        if key in self._left:
            return self._left[key][1]
        return self._folder / f"{os.getpid()}-{slot}"

    def _read(self) -> dict[str, tuple[int, Path]]:
        found = {}
        for path in sorted(self._folder.glob("*-*")):
            with contextlib.suppress(OSError, ValueError):
                number, _, key = path.read_text("utf-8").partition(" ")
                found[key] = int(number), path
        return found
