"""Generated libraries: N pictures, 600 labels with Zipf popularity, 10 labels each; fixed seed."""

import hashlib
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice
from pathlib import Path
from tempfile import gettempdir

from catalog import writes
from catalog.chunks import chunks
from catalog.database import Database
from catalog.document import (
    Document,
    DominantColor,
    ImageFacts,
    ImageProperties,
    Label,
    Tagging,
    Thumbnail,
)
from catalog.rows import document_row
from catalog.schema import SCHEMA_VERSION
from catalog.storage import ObjectInfo

LABELS = 600
LABELS_EACH = 10
_NEWEST = datetime(2026, 11, 1, tzinfo=UTC)
_FIVE_YEARS = 5 * 365 * 24 * 3600
_COLORS = ("blue", "green", "grey", "brown", "white", "black", "red", "orange")


def label_name(rank: int) -> str:
    """Return the name of the label of this popularity, 0 being in about 40 % of the pictures."""
    return f"Label {rank:03}"


def documents(count: int, seed: int = 1) -> Iterator[tuple[ObjectInfo, str, Document]]:
    """Yield pictures with their keys and documents."""
    chance = random.Random(seed)
    ranks = range(LABELS)
    weights = list(accumulate((rank + 1) ** -0.69 for rank in ranks))
    for number in range(count):
        drawn: set[int] = set()
        while len(drawn) < LABELS_EACH:
            drawn.update(chance.choices(ranks, cum_weights=weights, k=1))
        yield _picture(number, drawn, chance)


def _picture(
    number: int, drawn: set[int], chance: random.Random
) -> tuple[ObjectInfo, str, Document]:
    when = _NEWEST - timedelta(microseconds=chance.randrange(_FIVE_YEARS * 1_000_000))
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    key = f"uploads/{when:%Y/%m}/picture_{number:07}-{digest[:8]}.jpg"
    labels = [
        Label(
            label_name(rank),
            round(chance.uniform(50, 100), 4),
            parents=[label_name(rank // 10)],
            categories=[f"Category {rank % 20}"],
        )
        for rank in sorted(drawn)
    ]
    image = ImageFacts(
        key=key,
        name=f"IMG_{number:07}.jpg",
        content_type="image/jpeg",
        size=chance.randrange(100_000, 9_000_000),
        sha256=digest,
        etag=digest,
        width=4032,
        height=3024,
        uploaded_at=when.isoformat().replace("+00:00", "Z"),
        taken_at=when.strftime("%Y-%m-%dT%H:%M:%S"),
        camera="Example 100",
    )
    color = DominantColor("#a1b2c3", "lightsteelblue", chance.choice(_COLORS), 41.5)
    document = Document(
        image=image,
        tagging=Tagging("tagged", "local", 30.0, 100, image.uploaded_at),
        labels=labels,
        label_model_version="3.0",
        properties=ImageProperties(61.2, 80.4, 55.0, [color]),
        thumbnails=[
            Thumbnail(f"thumbs/{key[8:]}/{width}.webp", width, width * 3 // 4)
            for width in (320, 1280)
        ],
    )
    return ObjectInfo(key, image.size or 0, digest, when), key, document


def filled(count: int) -> Path:
    """Return a library folder whose catalog holds so many pictures, made by our own writer.

    It lies in the system's temporary folder and is used again while the schema stays; there are
    no picture files in it. A filling that was stopped goes on where it ended.
    """
    name = f"{count}-schema-{SCHEMA_VERSION}"
    library = Path(gettempdir()) / "taglight-benchmarks" / name
    path = library / ".taglight" / "catalog.sqlite"
    path.parent.mkdir(parents=True, exist_ok=True)
    database = Database.open(f"sqlite:///{path}")
    with database.reading() as connection:
        there = connection.exec_driver_sql("SELECT count(*) FROM image").scalar_one()
    if there != count:
        for batch in chunks(islice(documents(count), there, None), 1000):
            rows = [document_row(info, key, document, "etag") for info, key, document in batch]
            with database.writing() as connection:
                writes.put_images(connection, rows)
        database.set_needs_reindex(False)
    database.close()
    return library
