"""Mends what a checkup has found. Nothing is thrown away: it moves to the trash, or is derived."""

import secrets
from collections.abc import Sequence
from pathlib import Path

from catalog.clock import utc_now
from catalog.errors import (
    KeyTakenError,
    ObjectNotFoundError,
    PreconditionFailedError,
    TaglightError,
)
from catalog.keys import trash_folder, trash_key
from catalog.storage import ObjectStore
from cli.checkup.comparing import Comparison
from cli.checkup.documents import is_there, subject_of
from cli.checkup.judging import is_suspicious
from cli.checkup.machine import SECRET, lies_open
from cli.home import Home
from cli.step import bring_in_step
from cli.tag import alone, run_todo, usual_jobs
from cli.tagging.plan import KnownRecognizer
from cli.tagging.todo import Todo


def keep_secret(ours: Path) -> None:
    """Let only its owner read the secret of a library."""
    if lies_open(ours):
        (ours / SECRET).chmod(0o600)


def put_away(store: ObjectStore, found: Comparison) -> None:
    """Move what has no picture into one new folder of the trash, unless too much is lone."""
    if is_suspicious(found):
        return
    folder = trash_folder(utc_now(), secrets.token_hex(4))
    for key in found.lone_thumbnails:
        _move(store, key, trash_key(folder, key))
    for key in found.lone_documents:
        picture = subject_of(store, key)
        if picture is None or not is_there(store, picture):
            _move(store, key, trash_key(folder, key))


def tag_lacking(
    home: Home, found: Comparison, recognizer: KnownRecognizer, *, worked_on: bool
) -> bool:
    """Tag what has no sound document, and make thumbnails; tell whether it was stopped.

    Raises TaglightError where nothing more can be tagged now.
    """
    plain: Sequence[str] = () if worked_on else (*found.waiting, *found.changed)
    todo = [Todo(key, again=False, calls=True) for key in plain]
    todo += [Todo(key, again=False, calls=False) for key in found.without_thumbnails]
    todo += [Todo(key, again=True, calls=True) for key in found.unreadable]
    if not todo:
        return False
    with alone(home):
        outcome, stopped = run_todo(home, todo, recognizer, jobs=usual_jobs())
    if outcome.trouble:
        raise TaglightError(outcome.trouble)
    return stopped


def tidy(home: Home) -> None:
    """Remove the leftovers of interrupted writes, and bring the catalog in step."""
    if home.folder:
        home.folder.remove_abandoned_temporary_files()
    bring_in_step(home)


def _move(store: ObjectStore, key: str, target: str) -> None:
    """Move an object, unless it changes meanwhile: then the next checkup sees it as it is."""
    try:
        copied = store.copy(key, target)
        store.delete(key, if_match=copied.etag)
    except (ObjectNotFoundError, KeyTakenError, PreconditionFailedError):
        return
