"""Libraries for the browser tests: many small pictures with labels, put there as a sync would."""

import json
import os
import random
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
from PIL import Image
from playwright.sync_api import Page

from benchmarks.libraries import documents
from catalog import writes
from catalog.database import Database
from catalog.keys import image_id
from catalog.rows import document_row

LABELS = ("Sea", "Boat", "Dog", "Cat", "Tree")
SHAPES = ((60, 40), (40, 60), (64, 36), (50, 50), (90, 30))
DAY = 86_400
# Of so many pictures one is written by our own writer; the others are its copies.
COPIES = 20
# Each copy is added a microsecond after the one before, under a key and a name of its own.
_COPIES = """
CREATE TEMP TABLE copy AS
  WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < {copies})
  SELECT n, n * (SELECT max(id) FROM image) AS further FROM number;
CREATE TEMP TABLE other AS SELECT image.*, n, further FROM image, copy;
UPDATE other SET id = id + further, uploaded_at = uploaded_at + n,
  key = replace(key, 'picture_', 'copy_' || n || '_');
UPDATE other SET public_id = image_id(key), key_start = key,
  card = replace(replace(card, public_id, image_id(key)), key_start, key);
INSERT INTO image SELECT {columns} FROM other ORDER BY id;
INSERT INTO image_label
  SELECT live, label_id, uploaded_at + n, image_id + further, alias, confidence
  FROM image_label, copy ORDER BY 1, 2, 3, 4, 5;
INSERT INTO image_vector SELECT image_id + further, live, uploaded_at + n, facts, vector
  FROM image_vector, copy ORDER BY 1;
"""


def put_many(library: Path, count: int, days: int = 30) -> None:
    """Put `count` pictures of all shapes there, three labels each, added over so many days."""
    chance = random.Random(7)
    for folder in ("uploads", "metadata"):
        (library / folder).mkdir(parents=True, exist_ok=True)
    for number in range(count):
        picture = library / "uploads" / f"picture-{number:03}.png"
        colour = (chance.randrange(256), chance.randrange(256), chance.randrange(256))
        Image.new("RGB", chance.choice(SHAPES), colour).save(picture)
        labels = [
            {"Name": name, "Confidence": round(chance.uniform(40, 99), 1)}
            for name in chance.sample(LABELS, 3)
        ]
        document = library / "metadata" / f"picture-{number:03}.png.json"
        document.write_text(json.dumps({"Labels": labels}))
        added = time.time() - chance.randrange(days * DAY)
        os.utime(picture, (added, added))


def put_catalog(library: Path, count: int) -> None:
    """Make a catalog of `count` pictures, a multiple of COPIES, as benchmarks.libraries has them.

    There are no picture files, and most of the pictures are copies of others, made in SQL.
    """
    path = library / ".taglight" / "catalog.sqlite"
    path.parent.mkdir(parents=True)
    database = Database.open(f"sqlite:///{path}")
    made = documents(count // COPIES)
    rows = [document_row(info, key, document, "etag") for info, key, document in made]
    database.write(lambda connection: writes.put_images(connection, rows))
    database.set_needs_reindex(False)
    database.close()
    with sqlite3.connect(path) as connection:
        connection.create_function("image_id", 1, image_id, deterministic=True)
        columns = ", ".join(row[1] for row in connection.execute("PRAGMA table_info(image)"))
        # An index is made faster than it grows.
        found = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index'")
        indexes = [(name, sql) for name, sql in found if sql]
        first = "".join(f"DROP INDEX {name};" for name, _ in indexes)
        last = "".join(f"{sql};" for _, sql in indexes)
        many = _COPIES.format(copies=COPIES, columns=columns)
        connection.executescript(f"PRAGMA synchronous = OFF; {first} {many} {last}")
    connection.close()


def empty(url: str) -> None:
    """Take all pictures of a server away, for good, as people may."""
    with httpx.Client(base_url=url, timeout=60) as client:
        while images := client.get("/api/images?limit=200").json()["images"]:
            for image in images:
                client.delete(f"/api/images/{image['id']}").raise_for_status()
        now = datetime.now(UTC).isoformat()
        done = client.post("/trash/empty", data={"until": now})
        assert done.headers["location"].startswith("/trash"), done.text
        assert client.get("/api/images?q=is:trashed").json()["total"] == 0


def wait_for(page: Page, count: int, query: str = "") -> None:
    """Wait until so many pictures are found and none waits to be looked at or drawn small."""
    for _ in range(1200):
        answer = page.request.get("/api/images", params={"q": query, "limit": 200}).json()
        found = answer["total"]
        waiting = page.request.get("/api/images?q=is:pending&limit=1").json()["total"]
        plain = [image["name"] for image in answer["images"] if not image["thumbnail"]]
        if found == count and not waiting and not plain:
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"{found} pictures instead of {count}; {waiting} still wait, {plain}")
