"""Taglight as it is, but for a recogniser that sees the same on every picture, at once or slowly.

    python tests/ordeal/quick.py serve LIBRARY [--port N ...]
    python tests/ordeal/quick.py worker LIBRARY --while-stdin-is-open

`TAGLIGHT_TEST_SECONDS` is how long it looks at each picture, and while there is a file of the name
`TAGLIGHT_TEST_GATE` it looks on. Trials that are about everything else need not wait for the real
one.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import cli.serve
import cli.worker
from catalog.storage.temporary import TemporaryFile
from cli.main import app
from tests.fakes import ToldRecognizer
from tests.ordeal import disks


class Timed:
    """The app, which says with each answer how many milliseconds it took until that began."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        began = time.perf_counter()

        async def timed(message: Any) -> None:
            if message["type"] == "http.response.start":
                took = f"app;dur={(time.perf_counter() - began) * 1000:.3f}"
                message["headers"] = [*message["headers"], (b"server-timing", took.encode())]
            await send(message)

        await self._app(scope, receive, timed)


def _serve(arguments: list[str]) -> None:
    compose = cli.serve.compose
    cli.serve.compose = lambda *parts: Timed(compose(*parts))
    cli.serve.worker_command = lambda library: [
        sys.executable, "-P", __file__, "worker", library, "--while-stdin-is-open"
    ]  # fmt: skip
    app(["serve", *arguments])


def _work(arguments: list[str]) -> None:
    recognizer = ToldRecognizer()
    seconds = float(os.environ.get("TAGLIGHT_TEST_SECONDS", "0"))
    gate = Path(os.environ.get("TAGLIGHT_TEST_GATE", "nothing is in the way"))

    def look() -> None:
        time.sleep(seconds)
        while gate.exists():
            time.sleep(0.02)

    recognizer.before = look
    cli.worker.recognizer_of = lambda _: recognizer  # type: ignore[assignment]
    sys.exit(cli.worker.main(arguments))


def _play_disk(library: Path) -> None:
    """Have each write fail as the disk that is played would have it."""
    create = TemporaryFile._create

    def played(file: TemporaryFile) -> tuple[str, BinaryIO]:
        disks.play(library)
        return create(file)

    TemporaryFile._create = played  # type: ignore[method-assign]


if __name__ == "__main__":
    _play_disk(Path(sys.argv[2]))
    {"serve": _serve, "worker": _work}[sys.argv[1]](sys.argv[2:])
