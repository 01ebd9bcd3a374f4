"""Take the README's screenshot: a real library of public-domain photographs, really tagged.

    .venv/bin/python -m scripts.screenshot

The photographs ship in scikit-image; each is in the public domain or CC0 (see CREDITS). Parts of
some are cut out, to fill the page. Writes docs/gallery.png.
"""

import os
import shutil
import tempfile
import time
from pathlib import Path

import skimage.data
from PIL import Image
from playwright.sync_api import sync_playwright

from benchmarks.site import ROOT, served

# Photograph -> the parts that are shown, as fractions: left, top, right, bottom.
CREDITS = {
    "astronaut": "NASA, public domain",
    "chelsea": "Stefan van der Walt, CC0",
    "coffee": "Rachel Michetti, CC0",
    "rocket": "SpaceX, public domain",
    "hubble_deep_field": "NASA, public domain",
    "camera": "Lav Varshney, CC0",
    "retina": "Mikael Häggström, CC0",
    "gravel": "CC0Textures, CC0",
}
WHOLE = (0.0, 0.0, 1.0, 1.0)
PARTS = [
    ("rocket", WHOLE),
    ("chelsea", WHOLE),
    ("hubble_deep_field", (0.2, 0.2, 0.7, 0.6)),
    ("astronaut", WHOLE),
    ("coffee", WHOLE),
    ("camera", WHOLE),
    ("retina", WHOLE),
    ("hubble_deep_field", WHOLE),
    ("chelsea", (0.25, 0.1, 0.95, 0.9)),
    ("gravel", (0.0, 0.0, 1.0, 0.6)),
    ("coffee", (0.2, 0.0, 0.9, 0.95)),
    ("astronaut", (0.0, 0.0, 0.8, 0.55)),
    ("rocket", (0.1, 0.3, 0.9, 1.0)),
]


TODAY = 7  # so many were added today, the others the day before


def fill(folder: Path) -> None:
    """Write the pictures into a library's uploads, in the order of PARTS when newest come first."""
    folder.mkdir(parents=True)
    for number, (name, (left, top, right, bottom)) in enumerate(PARTS):
        image = Image.fromarray(getattr(skimage.data, name)()).convert("RGB")
        box = (
            round(left * image.width),
            round(top * image.height),
            round(right * image.width),
            round(bottom * image.height),
        )
        path = folder / f"{name.replace('_', ' ')} {number}.jpg"
        image.crop(box).save(path, quality=92)
        uploaded = time.time() - 60 * number - (86_400 if number >= TODAY else 0)
        os.utime(path, (uploaded, uploaded))


def main() -> None:
    """Serve the library, wait until all is tagged, take the picture."""
    chromium = shutil.which("chromium") or "/usr/bin/chromium"
    with tempfile.TemporaryDirectory() as temporary:
        library = Path(temporary, "library")
        uploads = library / "uploads"
        fill(uploads)
        log = Path(temporary, "log")
        with served(library, log) as site, sync_playwright() as playwright:
            keys = [f"uploads/{path.name}" for path in uploads.iterdir()]
            site.wait_tagged(keys, every=0.2, at_most=120)
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 760}, color_scheme="light")
            page.goto(site.url + "/", wait_until="networkidle")
            page.locator(".tile").nth(1).hover()
            page.wait_for_timeout(400)
            page.screenshot(path=ROOT / "docs" / "gallery.png")
            browser.close()


if __name__ == "__main__":
    main()
