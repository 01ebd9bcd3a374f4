"""Clients that send pictures as the page does: a ticket, the bytes, and again what failed."""

import hashlib
import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from tests.pictures import encode, noise

Picture = tuple[str, bytes]
# Statuses after which the page tries again.
PASSING = {408, 425, 429, 500, 502, 503, 504, 507}
SLOW_EVERY = 3  # of these, one is sent in pieces, so that it can be cut off in the middle


def pictures(count: int, seed: int, *, width: int = 48, height: int = 32) -> list[Picture]:
    """Return small pictures, each of its own bytes, with their names."""
    return [
        (f"picture {number}.png", encode(noise(width, height, seed * 100_000 + number), "png"))
        for number in range(count)
    ]


@dataclass
class Told:
    """What the server has acknowledged, and what it answered otherwise."""

    kept: dict[str, str] = field(default_factory=dict)  # key -> SHA-256
    answers: Counter[int] = field(default_factory=Counter)  # by status; 0: no answer
    sentences: set[str] = field(default_factory=set)  # what was said of it
    unkind: list[str] = field(default_factory=list)  # refusals that do not say when to try again
    seconds: list[float] = field(default_factory=list)  # from the ticket to the acknowledgement
    by_client: Counter[int] = field(default_factory=Counter)
    begun: int = 0  # pictures, each counted once
    lock: threading.Lock = field(default_factory=threading.Lock)


class Senders:
    """So many clients who share out pictures among themselves, until all are acknowledged.

    They begin all of them as soon as they can, or those of a `paced` one when it is let (`allow`).
    """

    def __init__(
        self,
        port: int,
        todo: Sequence[Picture],
        clients: int,
        *,
        seed: int = 0,
        patient: bool = True,
        paced: bool = False,
    ) -> None:
        self.told = Told()
        self.stop = threading.Event()
        self._port = port
        self._seed = seed
        self._patient = patient
        self._todo: SimpleQueue[Picture] = SimpleQueue()
        for each in todo:
            self._todo.put(each)
        self._allowed = threading.Semaphore(0 if paced else len(todo))
        self._threads = [
            threading.Thread(target=self._client, args=(number,), daemon=True)
            for number in range(clients)
        ]

    def start(self) -> "Senders":
        """Begin."""
        for thread in self._threads:
            thread.start()
        return self

    def allow(self, count: int) -> None:
        """Let so many more pictures be begun."""
        if count:
            self._allowed.release(count)

    def under_way(self) -> int:
        """Return how many pictures are begun and not acknowledged."""
        with self.told.lock:
            return self.told.begun - sum(self.told.by_client.values())

    @property
    def at_work(self) -> bool:
        """Whether something is still to be sent."""
        return any(thread.is_alive() for thread in self._threads)

    def join(self) -> None:
        """Wait until all is sent."""
        for thread in self._threads:
            thread.join()

    def kept(self) -> dict[str, str]:
        """Return what is acknowledged so far."""
        with self.told.lock:
            return dict(self.told.kept)

    def _client(self, number: int) -> None:
        chance = random.Random(self._seed * 1000 + number)
        while not self.stop.is_set() and not self._todo.empty():
            if not self._allowed.acquire(timeout=0.05):
                continue
            try:
                picture = self._todo.get_nowait()
            except Empty:
                return
            with self.told.lock:
                self.told.begun += 1
            began = time.monotonic()
            while not self.stop.is_set():
                pause = self._once(picture, chance)
                if pause is None:
                    with self.told.lock:
                        self.told.seconds.append(time.monotonic() - began)
                        self.told.by_client[number] += 1
                    break
                if not self._patient:
                    return
                self.stop.wait(min(pause, 1.0) * chance.uniform(0.5, 1.0))

    def _once(self, picture: Picture, chance: random.Random) -> float | None:
        """Try to send a picture; return None when it is acknowledged, else for how long to wait."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            return self._exchange(connection, picture, chance)
        except (OSError, http.client.HTTPException):
            self._count(0)
            return 0.1
        finally:
            connection.close()

    def _exchange(
        self, connection: http.client.HTTPConnection, picture: Picture, chance: random.Random
    ) -> float | None:
        name, data = picture
        sha256 = hashlib.sha256(data).hexdigest()
        file = {"name": name, "size": len(data), "type": "image/png", "sha256": sha256}
        body = json.dumps({"files": [file]})
        connection.request("POST", "/api/uploads", body, {"Content-Type": "application/json"})
        status, answer, pause = self._answer(connection)
        if status != 200:
            return pause
        ticket = answer["uploads"][0]
        if ticket["status"] == "duplicate":
            return self._keep(ticket["key"], sha256)
        assert ticket["status"] == "ready", ticket
        path = "/" + ticket["url"].split("/", 3)[3]
        headers = ticket["headers"] | {"Content-Length": str(len(data))}
        slowly = chance.randrange(SLOW_EVERY) == 0
        connection.request("PUT", path, _pieces(data) if slowly else data, headers)
        status, answer, pause = self._answer(connection)
        if status in (200, 201) or (status == 412 and answer.get("same_content")):
            return self._keep(answer["key"], sha256)
        return pause

    def _answer(self, connection: http.client.HTTPConnection) -> tuple[int, dict, float]:  # type: ignore[type-arg]
        response = connection.getresponse()
        content = response.read()
        self._count(response.status)
        again = response.headers.get("Retry-After", "")
        if response.status in (429, 503, 507) and not again.isdigit():
            self.told.unkind.append(f"{response.status}: {content[:200]!r}")
        answer = json.loads(content)
        if response.status >= 400:
            self.told.sentences.add(answer["detail"])
        return response.status, answer, float(again) if again.isdigit() else 0.1

    def _count(self, status: int) -> None:
        with self.told.lock:
            self.told.answers[status] += 1

    def _keep(self, key: str, sha256: str) -> None:
        with self.told.lock:
            self.told.kept[key] = sha256


def _pieces(data: bytes) -> Iterable[bytes]:
    third = len(data) // 3
    for piece in (data[:third], data[third : 2 * third], data[2 * third :]):
        yield piece
        time.sleep(0.03)
