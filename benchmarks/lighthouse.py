"""What Lighthouse says of the gallery, a picture and the insights, as on a desk and as on a phone.

    .venv/bin/python -m benchmarks.lighthouse

Needs Chromium and Node; npm fetches Lighthouse itself. The library is that of the README's
screenshot, tagged for real. Owed: 100 for accessibility and best practices, 95 for performance.
Performance is the best of three: it measures the processor, too, which others may be using.
Where Lighthouse itself fails to record a page, as it does now and then (NO_NAVSTART), the page is
tried again, up to three times, and that is said.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.site import served
from scripts.screenshot import fill

VERSION = "12.8.2"
ROUNDS = 3
TRIES = 3
# What Lighthouse says where its own recording has a hole; its other errors are about the page.
UNRECORDED = frozenset(
    {"NO_NAVSTART", "NO_TRACING_STARTED", "NO_RESOURCE_REQUEST", "NO_DCL"}
    | {"NO_SCREENSHOTS", "NO_SPEEDLINE_FRAMES", "INVALID_SPEEDLINE", "SPEEDINDEX_OF_ZERO"}
)
CATEGORIES = ("performance", "accessibility", "best-practices")
PAINTS = ("largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift")


def judge(url: str, folder: Path, *, phone: bool) -> tuple[dict[str, int], dict[str, str]]:
    """Return the scores of a page, and what its visitor sees of its speed.

    Raises AssertionError with what Lighthouse said where it has no scores.
    """
    for number in range(1, TRIES + 1):
        report = reported(url, folder, phone=phone)
        error = report.get("runtimeError", {})
        if error.get("code") not in UNRECORDED:
            break
        print(f"{url}: {error['code']} of Lighthouse, try {number} of {TRIES}", file=sys.stderr)
    assert not error, f"{url}: {error['code']}: {error['message']}"
    scores = {name: round(report["categories"][name]["score"] * 100) for name in CATEGORIES}
    return scores, {name: report["audits"][name]["displayValue"] for name in PAINTS}


def reported(url: str, folder: Path, *, phone: bool) -> dict[str, Any]:
    """Have Lighthouse look at a page once and return its report; errors may be in it."""
    output = folder / "report.json"
    output.unlink(missing_ok=True)
    command = [
        *("npm", "exec", "--yes", f"--package=lighthouse@{VERSION}", "--", "lighthouse", url),
        *("--quiet", "--output=json", f"--output-path={output}"),
        f"--only-categories={','.join(CATEGORIES)}",
        "--chrome-flags=--headless=new --no-sandbox",
        *(() if phone else ("--preset=desktop",)),
    ]
    chromium = shutil.which("chromium") or "/usr/bin/chromium"
    done = subprocess.run(
        command, cwd=folder, env=os.environ | {"CHROME_PATH": chromium}, check=False, timeout=300
    )
    # Where its report tells of an error, Lighthouse ends with a status of 1.
    assert output.exists(), f"Lighthouse ended with {done.returncode} and no report."
    report: dict[str, Any] = json.loads(output.read_bytes())
    return report


def main() -> None:
    """Judge each page, print the table."""
    print(f"| page | {' | '.join(CATEGORIES)} | {' | '.join(PAINTS)} |")
    print("|---" * (1 + len(CATEGORIES) + len(PAINTS)) + "|")
    with tempfile.TemporaryDirectory() as temporary:
        library = Path(temporary, "library")
        fill(library / "uploads")
        with served(library, Path(temporary, "log")) as site:
            keys = [f"uploads/{path.name}" for path in (library / "uploads").iterdir()]
            site.wait_tagged(keys, every=0.2, at_most=240)
            images = site.client.get("/api/images").json()["images"]
            widest = max(images, key=lambda image: image["width"])
            pages = {"gallery": "/", "picture": widest["page"], "insights": "/insights"}
            for name, path in pages.items():
                for phone in (False, True):
                    found = [
                        judge(site.url + path, Path(temporary), phone=phone) for _ in range(ROUNDS)
                    ]
                    scores, paints = max(found, key=lambda each: each[0]["performance"])
                    cells = [*map(str, scores.values()), *paints.values()]
                    where = "phone" if phone else "desk"
                    print(f"| {name}, {where} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
