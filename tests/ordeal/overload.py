"""More clients than there is room for, some of whom never finish what they have begun."""

import hashlib
import json
import socket
import statistics
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import psutil

from tests.ordeal.senders import Picture, Senders
from tests.ordeal.served import Served

ONLOOKER = (sys.executable, str(Path(__file__).with_name("onlooker.py")))


@dataclass
class Watched:
    """What was seen of a server beside the senders: seconds of each answer, memory in MiB.

    `at_server` are the seconds until each answer began, as the server itself has measured them.
    """

    seconds: list[float] = field(default_factory=list)
    at_server: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    server: float = 0.0
    worker: float = 0.0

    @property
    def p95(self) -> float:
        """In how many seconds 95 of 100 answers came."""
        return p95(self.seconds)


def p95(seconds: list[float]) -> float:
    """Return what 95 of 100 do not exceed."""
    return statistics.quantiles(seconds, n=20)[-1] if len(seconds) > 1 else 0.0


@contextmanager
def watching(served: Served) -> Iterator[Watched]:
    """Look at pages, one after the other, and at the memory while the block runs."""
    watched, stop = Watched(), threading.Event()
    weighing = threading.Thread(target=_weigh, args=(served, watched, stop), daemon=True)
    onlooker = subprocess.Popen(
        [*ONLOOKER, served.address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with onlooker:
        assert onlooker.stdout is not None
        onlooker.stdout.readline()  # it has begun
        weighing.start()
        try:
            yield watched
        finally:
            stop.set()
            weighing.join()
            answered = json.loads(onlooker.communicate()[0])
            watched.seconds, watched.at_server, watched.wrong = answered


def _weigh(served: Served, watched: Watched, stop: threading.Event) -> None:
    while not stop.wait(0.2):
        try:
            server = psutil.Process(served.pid)
            below = server.children(recursive=True)
            watched.server = max(watched.server, server.memory_info().rss / 2**20)
            watched.worker = max(
                watched.worker, sum(each.memory_info().rss for each in below) / 2**20
            )
        except psutil.NoSuchProcess:
            continue  # one has ended while we looked


class Sleepers:
    """Senders who ask for a ticket, send half of the bytes, and then nothing more."""

    def __init__(self, served: Served, pictures: list[Picture]) -> None:
        self.sha256 = {hashlib.sha256(data).hexdigest() for _, data in pictures}
        self._sockets = [self._begin(served, picture) for picture in pictures]

    def are_gone(self) -> bool:
        """Tell whether the server has ended all these connections."""
        return all(map(_is_ended, self._sockets))

    def __enter__(self) -> "Sleepers":
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._sockets:
            each.close()

    @staticmethod
    def _begin(served: Served, picture: Picture) -> socket.socket:
        ticket = ask_ticket(served, picture)
        _, data = picture
        path = "/" + ticket["url"].split("/", 3)[3]
        headers = ticket["headers"] | {"Host": "127.0.0.1", "Content-Length": str(len(data))}
        lines = [f"PUT {path} HTTP/1.1", *(f"{name}: {each}" for name, each in headers.items())]
        connection = socket.create_connection(("127.0.0.1", served.port), timeout=30)
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + data[: len(data) // 2])
        connection.setblocking(False)
        return connection


def ask_ticket(served: Served, picture: Picture) -> dict[str, Any]:
    """Return a ticket for one picture."""
    name, data = picture
    file = {
        "name": name,
        "size": len(data),
        "type": "image/png",
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    request = Request(  # noqa: S310 - our own address
        served.address + "/api/uploads",
        json.dumps({"files": [file]}).encode(),
        {"Content-Type": "application/json"},
    )
    with urlopen(request, timeout=60) as answer:  # noqa: S310
        ticket: dict[str, Any] = json.load(answer)["uploads"][0]
    return ticket


def fairness(senders: Senders, clients: int) -> float:
    """Return how many pictures the slowest client got rid of, as a part of the quickest one's."""
    counts = [senders.told.by_client[number] for number in range(clients)]
    return min(counts) / max(counts)


def _is_ended(connection: socket.socket) -> bool:
    try:
        while connection.recv(65536):
            pass
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
