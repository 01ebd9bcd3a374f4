"""The parts of a home on one machine, each looked at without changing anything."""

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from pydantic import ValidationError

from catalog.errors import SettingsError, TaglightError
from catalog.keys import PREFIXES
from catalog.settings import settings_error, tagging_environment
from catalog.storage.folder_reading import OURS
from catalog.storage.paths import TEMPORARY_SUFFIX
from cli.checkup.findings import Finding, counted, well
from cli.tagging.plan import KnownRecognizer
from webapp.settings import WebSettings

# Below this, a few uploads may fill the disk.
LITTLE_SPACE = 1 << 30
SECRET = "secret"  # noqa: S105 - the name of a file
_Usage = Callable[[Path], int]


def free_bytes(path: Path) -> int:
    """Return how many bytes may still be written to the disk of a folder."""
    return shutil.disk_usage(path).free


def check_folder(root: Path, free: _Usage = free_bytes) -> list[Finding]:
    """Look at the library's folder: is it there, may it be written, is there space?"""
    if not root.is_dir():
        what = "is a file" if root.exists() else "is not there"
        return [
            Finding(
                "wrong",
                f"The folder {root} {what}.",
                "A library is a folder; its disk may not be connected, or the path is wrong.",
                f"Give the right path, or make a new library there: taglight serve {root}",
            )
        ]
    missing = [name for name in (*PREFIXES, OURS) if not (root / name).is_dir()]
    found = [_missing_folders(missing)] if missing else []
    closed = [name for name in ("", *PREFIXES, OURS) if not _is_writable(root / name)]
    if closed:
        found.append(
            Finding(
                "wrong",
                "Some folders of the library may not be read and written.",
                "Pictures cannot be added, tagged or deleted there.",
                f"Give this user the right: chmod -R u+rwX {root}",
                keys=[str(root / name) for name in closed],
            )
        )
    try:
        space = free(root)
    except OSError as error:
        silent = Finding(
            "wrong",
            f"The disk of {root} does not answer: {error.strerror}.",
            "Nothing can be read or written there now.",
            "Look whether it is connected and healthy, then run this again.",
        )
        return [*found, silent]
    if space < LITTLE_SPACE:
        found.append(
            Finding(
                "wrong",
                f"Only {_size_text(space)} are free on the disk of the library.",
                "When it is full, pictures can be neither added nor tagged. Nothing is lost.",
                "Free some space; what lies in the library's trash/ may be removed for good.",
            )
        )
    if not found:
        found.append(well(f"The folder can be read and written, {_size_text(space)} are free."))
    return found


def check_settings() -> Finding:
    """Look at the environment."""
    try:
        environment = tagging_environment()
        try:
            WebSettings()
        except ValidationError as error:
            raise settings_error(error) from error
    except SettingsError as error:
        return Finding(
            "wrong", "A setting makes no sense.", str(error), "See docs/settings.md for all."
        )
    return well(
        f"The settings make sense: labels from {environment.min_confidence:g} % up, "
        f"at most {environment.max_labels} for a picture."
    )


def check_recognizer(recognizer: KnownRecognizer) -> Finding:
    """Prepare the recogniser (its weights, their hash, its model) and have it look at a picture."""
    try:
        answer = recognizer.recognize(
            Image.new("RGB", (64, 64), (90, 120, 150)), min_confidence=0, max_labels=1
        )
    except TaglightError as error:
        return Finding(
            "wrong",
            "The recogniser does not work.",
            str(error),
            "Until then pictures wait. Afterwards: taglight tag",
        )
    except Exception as error:
        return Finding(
            "wrong",
            "The recogniser does not work.",
            f"It ended unexpectedly: {error!r}",
            "Install Taglight again with its extra `local` (make setup does).",
        )
    return well(f"The recogniser works: {recognizer.name}, {answer.model_version}.")


def check_journal(ours: Path, *, worked_on: bool) -> Finding:
    """Look at the list of work to do."""
    path = ours / "journal.sqlite"
    if not path.exists():
        return well("There is no list of work to do, so nothing waits.")
    try:
        with contextlib.closing(read_only(path)) as connection:
            sound = connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
            waiting = connection.execute("SELECT count(*) FROM messages").fetchone()[0]
    except sqlite3.Error:
        sound, waiting = False, 0
    if not sound:
        return Finding(
            "wrong",
            f"The list of work to do, {path}, is damaged.",
            "What was to do is found again by comparing files and catalog; nothing is lost.",
            "Nothing: the next taglight serve sets it aside and begins a new one.",
            "Set the damaged list aside.",
        )
    if waiting and not worked_on:
        return Finding(
            "note",
            f"The list of work to do holds {waiting:,}, and taglight serve does not run.",
            "What is to be tagged or indexed waits until it runs again.",
            "taglight serve",
        )
    return well(f"The list of work to do opens; it holds {waiting:,}.")


def check_ours(ours: Path) -> list[Finding]:
    """Look at the secret that signs upload tickets, and at what was set aside as damaged."""
    found = []
    if lies_open(ours):
        found.append(
            Finding(
                "wrong",
                f"Other users of this machine can read {ours / SECRET}.",
                "Who knows it can make upload tickets, and sessions where people sign in.",
                f"chmod 600 {ours / SECRET}",
                "Let only its owner read it.",
            )
        )
    if damaged := sorted(ours.glob("*.damaged-*")):
        size = _size_text(sum(path.stat().st_size for path in damaged))
        found.append(
            Finding(
                "note",
                f"{counted(len(damaged), 'file was', 'files were')} set aside as damaged.",
                f"Others are in their place; these are kept in case they are of use, in {size}.",
                "Remove them.",
                keys=[str(path) for path in damaged],
            )
        )
    return found


def lies_open(ours: Path) -> bool:
    """Tell whether others than its owner may read a library's secret."""
    try:
        return bool((ours / SECRET).stat().st_mode & 0o077)
    except OSError:
        return False


def _missing_folders(missing: list[str]) -> Finding:
    return Finding(
        "wrong",
        "Folders of the library are missing.",
        "A library keeps its pictures in uploads/ and what it knows of them in the others.",
        "taglight serve makes them; if there should be pictures, look whether the path is right.",
        "Make them.",
        missing,
    )


def _is_writable(folder: Path) -> bool:
    if not folder.is_dir():
        return True  # said already
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return False
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".", suffix=TEMPORARY_SUFFIX):
            return True
    except OSError:
        return False


def read_only(path: Path) -> sqlite3.Connection:
    """Open a database file so that nothing in it can change."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10)


def _size_text(size: int) -> str:
    if size < LITTLE_SPACE:
        return f"{size / (1 << 20):,.0f} MB"
    return f"{size / (1 << 30):,.1f} GB"
