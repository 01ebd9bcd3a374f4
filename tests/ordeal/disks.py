"""Disks that are full, or can only be read: real small ones, or played where none may be made."""

import contextlib
import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

SIZE = 64 << 20
# A file of this name beside a library tells quick.py what to play: the name of an errno.
PLAYED = "disk-trouble"


class Disk(Protocol):
    """The disk that a library lies on."""

    @property
    def library(self) -> Path:
        """The folder for the library."""
        ...

    def fill(self) -> None:
        """Leave not a byte free."""
        ...

    def make_read_only(self) -> None:
        """Let nothing be changed."""
        ...

    def mend(self) -> None:
        """Be an ordinary disk again."""
        ...


class SmallDisk:
    """A file system in memory; needs the right to mount."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self.library = place / "library"
        self._filler = place / "filler"
        self._bound = False

    def fill(self) -> None:
        """Write a file until there is no space for more."""
        with self._filler.open("wb", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(size))

    def make_read_only(self) -> None:
        """Lay the library over itself, read-only: what is opened from now on cannot be written."""
        _mount("--bind", str(self.library), str(self.library))
        self._bound = True
        _mount("-o", "remount,bind,ro", str(self.library))

    def mend(self) -> None:
        """Free the space, take away the read-only layer."""
        self._filler.unlink(missing_ok=True)
        if self._bound:
            subprocess.run([*_as_root(), "umount", "-l", str(self.library)], check=True)
            self._bound = False


class PlayedDisk:
    """Where nothing may be mounted, the store of quick.py is told to fail as on such a disk."""

    def __init__(self, place: Path) -> None:
        self.library = place / "library"
        self._told = place / PLAYED

    def fill(self) -> None:
        """Have no space."""
        self._told.write_text("ENOSPC")

    def make_read_only(self) -> None:
        """Permit no change."""
        self._told.write_text("EROFS")

    def mend(self) -> None:
        """Stop playing."""
        self._told.unlink(missing_ok=True)


@contextlib.contextmanager
def small_disk(place: Path) -> Iterator[Disk]:
    """Give a disk of its own for a library, at a folder that is there."""
    try:
        _mount("-t", "tmpfs", "-o", f"size={SIZE},mode=777", "tmpfs", str(place))
    except (OSError, subprocess.CalledProcessError):
        yield PlayedDisk(place)
        return
    disk = SmallDisk(place)
    try:
        yield disk
    finally:
        disk.mend()
        subprocess.run([*_as_root(), "umount", "-l", str(place)], check=True)


def play(library: Path) -> None:
    """Raise what the disk of this library is said to, if anything."""
    with contextlib.suppress(FileNotFoundError):
        name = library.with_name(PLAYED).read_text()
        if name:
            number = getattr(errno, name)
            raise OSError(number, os.strerror(number), str(library))


def _mount(*arguments: str) -> None:
    subprocess.run([*_as_root(), "mount", *arguments], check=True, capture_output=True)


def _as_root() -> list[str]:
    if os.geteuid() == 0:
        return []
    return ["sudo", "-n"] if shutil.which("sudo") else []
