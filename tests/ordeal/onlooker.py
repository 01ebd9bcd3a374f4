"""Looks at pages, one after the other, until its input ends; says how long each answer took.

    python tests/ordeal/onlooker.py http://127.0.0.1:8000

A process of its own: in that of the senders it would wait for their threads, and not for the
server. No address comes twice: an answer is kept until somebody commits, and is made here each
time.
"""

import json
import sys
import threading
import time
from urllib.request import urlopen

QUESTIONS = ("/?", "/api/images?", "/?q=dog&min=50&")
PAUSE = 0.05  # seconds between two


def look(address: str, ended: threading.Event) -> tuple[list[float], list[float], list[str]]:
    """Return the seconds of each answer, those the server speaks of, and what went wrong."""
    seconds: list[float] = []
    at_server: list[float] = []
    wrong: list[str] = []
    while not ended.is_set():
        path = f"{QUESTIONS[len(seconds) % len(QUESTIONS)]}number={len(seconds)}"
        began = time.perf_counter()
        try:
            with urlopen(address + path, timeout=60) as answer:  # noqa: S310 - our own address
                answer.read()
                told = answer.headers.get("Server-Timing", "")
                at_server += [float(told.partition("dur=")[2]) / 1000] if told else []
        except OSError as error:
            wrong.append(f"{path}: {error}")
        seconds.append(time.perf_counter() - began)
        ended.wait(PAUSE)
    return seconds, at_server, wrong


def main() -> None:
    """Look until told to stop, which is the end of the input."""
    ended = threading.Event()

    def await_end() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=await_end, daemon=True).start()
    _say("begun")
    _say(json.dumps(look(sys.argv[1], ended)))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
