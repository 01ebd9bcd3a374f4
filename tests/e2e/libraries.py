"""Libraries for the browser tests: many small pictures with labels, put there as a sync would."""

import json
import os
import random
import time
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

LABELS = ("Sea", "Boat", "Dog", "Cat", "Tree")
SHAPES = ((60, 40), (40, 60), (64, 36), (50, 50), (90, 30))
DAY = 86_400


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


def wait_for(page: Page, count: int, query: str = "") -> None:
    """Wait until so many pictures are found and none waits to be looked at or drawn small."""
    for _ in range(600):
        answer = page.request.get("/api/images", params={"q": query, "limit": 200}).json()
        found = answer["total"]
        waiting = page.request.get("/api/images?q=is:pending&limit=1").json()["total"]
        plain = [image["name"] for image in answer["images"] if not image["thumbnail"]]
        if found == count and not waiting and not plain:
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"{found} pictures instead of {count}; {waiting} still wait, {plain}")
