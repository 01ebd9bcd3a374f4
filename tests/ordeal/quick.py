"""Taglight as it is, but for a recogniser that sees the same on every picture, at once or slowly.

    python tests/ordeal/quick.py serve LIBRARY [--port N ...]
    python tests/ordeal/quick.py worker LIBRARY --while-stdin-is-open

`TAGLIGHT_TEST_SECONDS` is how long it looks at each picture. Trials that are about everything
else need not wait for the real one.
"""

import os
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import cli.serve
import cli.worker
from cli.main import app
from tests.fakes import ToldRecognizer


def _serve(arguments: list[str]) -> None:
    cli.serve.worker_command = lambda library: [
        sys.executable, "-P", __file__, "worker", library, "--while-stdin-is-open"
    ]  # fmt: skip
    app(["serve", *arguments])


def _work(arguments: list[str]) -> None:
    recognizer = ToldRecognizer()
    seconds = float(os.environ.get("TAGLIGHT_TEST_SECONDS", "0"))
    recognizer.before = lambda: time.sleep(seconds)
    cli.worker.recognizer_of = lambda _: recognizer  # type: ignore[assignment]
    sys.exit(cli.worker.main(arguments))


if __name__ == "__main__":
    {"serve": _serve, "worker": _work}[sys.argv[1]](sys.argv[2:])
