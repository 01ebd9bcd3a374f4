"""Looks at a library from outside: is all there that was acknowledged, and all of it whole?"""

import hashlib
import io
import json
from pathlib import Path

from PIL import Image

from catalog.storage.folder import FolderStore
from cli.checkup.comparing import Comparer
from cli.home import open_home

TEMPORARY = ".taglight-tmp"


def temporary_files(library: Path) -> set[Path]:
    """Return the temporary files of writes, finished or not."""
    return set(library.rglob(f".*{TEMPORARY}"))


class Auditor:
    """Remembers which files it has seen whole, so that looking again costs little."""

    def __init__(self, library: Path, sent: set[str]) -> None:
        self._library = library
        self._sent = sent  # SHA-256 of everything that was ever sent
        self._whole: dict[tuple[str, int], str] = {}

    def half(self) -> list[str]:
        """Return the visible files that are not whole."""
        return [str(path) for path in self._visible() if not self._is_whole(path)]

    def missing(self, kept: dict[str, str]) -> list[str]:
        """Return what was acknowledged (key: SHA-256) and is not there as it was sent."""
        return [key for key, sha256 in kept.items() if self._sha256(self._library / key) != sha256]

    def _visible(self) -> list[Path]:
        tops = ("uploads", "metadata", "thumbs", "trash")
        found = (path for top in tops for path in (self._library / top).rglob("*"))
        return [path for path in found if not path.name.startswith(".") and path.is_file()]

    def _sha256(self, path: Path) -> str:
        try:
            return hashlib.sha256(path.read_bytes()).hexdigest()
        except FileNotFoundError:
            return ""

    def _is_whole(self, path: Path) -> bool:
        try:
            mark = (str(path), path.stat().st_mtime_ns)
            if mark in self._whole:
                return True
            content = path.read_bytes()
        except FileNotFoundError:
            return True  # written anew or removed while we looked
        try:
            self._read(path.relative_to(self._library).parts[0], content)
        except (OSError, ValueError):
            return False
        self._whole[mark] = ""
        return True

    def _read(self, top: str, content: bytes) -> None:
        if top == "uploads" and hashlib.sha256(content).hexdigest() not in self._sent:
            raise ValueError
        if top == "metadata":
            json.loads(content)
        if top == "thumbs":
            Image.open(io.BytesIO(content)).load()


def disagreements(library: Path) -> list[str]:
    """Return where pictures, documents, thumbnails and catalog of a stopped library disagree."""
    home = open_home(str(library))
    try:
        found = Comparer(FolderStore(home.store.root), home.database).compare(lambda _: None)
        wrong = [
            f"{name}: {value}"
            for name in found.__slots__
            if name != "pictures" and (value := getattr(found, name))
        ]
        waiting = home.journal.waiting("tag") + home.journal.waiting("index")
        return wrong + ([f"{waiting} messages wait"] if waiting else [])
    finally:
        home.close()
