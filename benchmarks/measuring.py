"""What all figures of the catalog share: U, turns, rows of a table."""

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from benchmarks.libraries import documents

Call = Callable[[], None] | Callable[[], object]


@dataclass
class Row:
    """One figure: milliseconds (or a rate) beside what it is owed; `ratio` to be at most `owed`."""

    what: str
    floor: str
    ours: str
    ratio: float
    owed: float
    unit: str = "×"

    @property
    def distance(self) -> float:
        """How far from what is owed: over 1 is missed."""
        return self.ratio / self.owed

    def __str__(self) -> str:
        met = "met" if self.distance <= 1 else "missed"
        ratio = f"{self.ratio:.2f} {self.unit}"
        return f"| {self.what} | {self.floor} | {self.ours} | {ratio} | ≤ {self.owed:g} | {met} |"


def table(rows: list[Row]) -> str:
    """Return the rows as Markdown, worst first."""
    head = "| what | floor | ours | ratio | owed | |\n|---|---|---|---|---|---|\n"
    return head + "\n".join(map(str, sorted(rows, key=lambda row: -row.distance)))


def compact_documents(count: int) -> list[bytes]:
    """Return metadata documents as a script would write them: about 1.2 KB each."""
    texts = []
    for _, key, document in islice(documents(count), count):
        image, labels = document.image, document.labels
        content = {
            "Image": {"Key": key, "Name": image.name, "Size": image.size, "SHA256": image.sha256,
                      "Width": image.width, "Height": image.height,
                      "UploadedAt": image.uploaded_at},
            "Tagging": {"Status": "tagged", "MinConfidence": 30.0},
            "Labels": [{"Name": each.name, "Confidence": each.confidence,
                        "Parents": [{"Name": name} for name in each.parents]}
                       for each in labels],
        }  # fmt: skip
        texts.append(json.dumps(content, separators=(",", ":")).encode())
    return texts


def unit_call() -> Callable[[], None]:
    """Return what takes one U: `json.loads` of 1,000 compact documents."""
    texts = compact_documents(1000)

    def read() -> None:
        for text in texts:
            json.loads(text)

    return read


def in_turns(
    *calls: Call, repeats: int = 15, clock: Callable[[], float] = time.perf_counter
) -> list[float]:
    """Return the median seconds of each; they take turns, so the machine's moods meet all.

    With `clock=time.thread_time` it is the processor's time, which others' work disturbs less.
    """
    found: list[list[float]] = [[] for _ in calls]
    for call in calls:
        call()
    for _ in range(repeats):
        for call, into in zip(calls, found, strict=True):
            start = clock()
            call()
            into.append(clock() - start)
    return [statistics.median(each) for each in found]


def ms(seconds: float) -> str:
    """Return seconds as milliseconds."""
    return f"{seconds * 1000:.2f} ms"
