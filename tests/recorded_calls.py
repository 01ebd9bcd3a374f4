"""Listens to every call of boto3 that the product makes in any test, by botocore's own events.

Whose call it is, is seen by who stands in the stack: code of `webapp/` is the web function,
code of `tagger/` the tagger. Calls of the tests themselves, and of commands on one machine, are
nobody's. A call that the template does not allow fails the test in which it was made.
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import botocore

from tests.rights import EXPECTED, OF_THE_CODE, Row, rights_of_call

ROOT = str(Path(__file__).resolve().parent.parent) + os.sep
FUNCTIONS = {f"{ROOT}webapp{os.sep}": "web", f"{ROOT}tagger{os.sep}": "tagger"}
_COMMANDS = f"{ROOT}cli{os.sep}"

_lock = threading.Lock()
_seen: dict[str, set[Row]] = {name: set() for name in EXPECTED}
_refused: list[str] = []


def start() -> None:
    """Listen to all sessions that botocore makes from now on."""
    botocore.register_initializer(_listen)


def _listen(session: Any) -> None:
    session.register("before-parameter-build.*.*", _heard)


def _heard(params: dict[str, Any], model: Any, **_: Any) -> None:
    function = calling_function()
    if function is None:
        return
    service = model.service_model.endpoint_prefix
    service = "sqs" if service.endswith("queue") else service
    rows = set(rights_of_call(service, model.name, params))
    with _lock:
        _seen[function] |= rows
        for action, place in sorted(rows - EXPECTED[function]):
            _refused.append(f"{function}: {action} on {place} ({model.name})")


def calling_function() -> str | None:
    """Return which function's code stands in the stack of this thread."""
    found = None
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(_COMMANDS):
            return None
        if found is None:
            found = next((who for path, who in FUNCTIONS.items() if name.startswith(path)), None)
        frame = frame.f_back  # type: ignore[assignment]
    return found


@contextmanager
def nothing_forbidden() -> Iterator[None]:
    """Fail where the product calls, in between, what its role does not allow."""
    with _lock:
        begin = len(_refused)
    yield
    with _lock:
        refused = sorted(set(_refused[begin:]))
        del _refused[begin:]
    assert not refused, f"template.yaml does not allow: {'; '.join(refused)}"


def seen() -> dict[str, set[Row]]:
    """Return the rights that the calls of this process have needed so far."""
    with _lock:
        return {name: set(rows) for name, rows in _seen.items()}


def learn(rows_of: dict[str, list[list[str]]]) -> None:
    """Take in what another process of the same run has seen."""
    with _lock:
        for name, rows in rows_of.items():
            _seen[name] |= {(action, place) for action, place in rows}


def told() -> dict[str, list[list[str]]]:
    """Return what was seen so far, as it goes to another process."""
    return {
        name: sorted([action, place] for action, place in rows) for name, rows in seen().items()
    }


def unused() -> list[str]:
    """Return the rights that no call has needed, though the code is said to need them."""
    rows_of = seen()
    return [
        f"{name}: {action} on {place}"
        for name, expected in OF_THE_CODE.items()
        for action, place in sorted(expected - rows_of[name])
    ]
