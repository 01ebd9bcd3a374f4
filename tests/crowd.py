"""Many who write and read one catalog at once, and what must hold whatever they do.

Used by the contract suite for moments, and by `python -m benchmarks.stress` for minutes.
"""

import json
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from catalog import reads
from catalog.database import Database
from catalog.indexer import Indexer
from catalog.query import parse
from tests.memory_store import MemoryStore

LABEL = "Dog"
# A document's version is its label's confidence: so many thousandths of a percent over 10.
_FIRST, _VERSIONS = 10.0, 1000
_EVERYTHING = parse("dog>=0")


def run(*works: Callable[[], None]) -> list[BaseException]:
    """Do works at once, each in a thread of its own; return what they raised."""
    errors: list[BaseException] = []

    def safely(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=safely, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


@dataclass
class Outcome:
    """What came of it: `torn` are answers that contradict themselves."""

    writes: int = 0
    reads: int = 0
    errors: list[BaseException] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


class Crowd:
    """Writers who meet at the same few pictures, and readers who look at all of them."""

    def __init__(self, database: Database, pictures: int = 30) -> None:
        self.database, self.store = database, MemoryStore()
        self.indexer = Indexer(self.store, database)
        self.keys = [f"{number:03}" for number in range(pictures)]
        self.outcome = Outcome()
        self._versions = dict.fromkeys(self.keys, 0)
        self._lock = threading.Lock()
        for key in self.keys:
            self._put(key)
        self.indexer.reindex()

    def gather(self, enough: Callable[[int], bool], writers: int = 8, readers: int = 8) -> Outcome:
        """Write and read at once until each writer, told how much it has done, has enough."""
        done = threading.Event()

        def write_all() -> None:
            works = [lambda seed=seed: self._write(seed, enough) for seed in range(writers)]
            self.outcome.errors += run(*works)
            done.set()

        self.outcome.errors += run(write_all, *[lambda: self._read(done)] * readers)
        self.outcome.lost = self._lost()
        return self.outcome

    def _put(self, key: str) -> None:
        with self._lock:
            self._versions[key] += 1
            label = {"Name": LABEL, "Confidence": _FIRST + self._versions[key] / _VERSIONS}
            self.store.put(f"uploads/{key}.jpg", key.encode())
            self.store.put(f"metadata/{key}.jpg.json", json.dumps([label]).encode())

    def _write(self, seed: int, enough: Callable[[int], bool]) -> None:
        chance, number = random.Random(seed), 0
        while not enough(number):
            key = chance.choice(self.keys)
            self._put(key)
            self.indexer.index(f"uploads/{key}.jpg")
            number += 1
        with self._lock:
            self.outcome.writes += number

    def _read(self, done: threading.Event) -> None:
        number = 0
        while not done.is_set():
            with self.database.reading() as connection:
                page = reads.search(connection, _EVERYTHING, min=0.0, limit=200)
                counts = reads.label_counts(connection, _EVERYTHING, min=0.0)
                steps = reads.confidence_histogram(connection, _EVERYTHING)
                again = reads.search(connection, _EVERYTHING, min=0.0, limit=200)
            shown = [(each.key, each.labels) for each in page.images]
            sums = (len(shown), page.total, sum(each.count for each in counts), sum(steps))
            same = shown == [(each.key, each.labels) for each in again.images]
            if set(sums) != {len(self.keys)} or not same:
                with self._lock:
                    self.outcome.torn.append(f"{sums}, {'same' if same else 'changed'}")
            number += 1
        with self._lock:
            self.outcome.reads += number

    def _lost(self) -> list[str]:
        """Return the pictures whose row is not of their last document."""
        with self.database.reading() as connection:
            found = reads.statuses(connection, [f"uploads/{key}.jpg" for key in self.keys])
        rows = {key: found[f"uploads/{key}.jpg"].labels[0][1] for key in self.keys}
        versions = {key: round((rows[key] - _FIRST) * _VERSIONS) for key in self.keys}
        return [key for key in self.keys if versions[key] != self._versions[key]]
