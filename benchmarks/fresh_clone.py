"""From a bare clone to the gallery answering and to the first tagged picture.

    python -m benchmarks.fresh_clone [--cold]

Clones the checkout, runs `make run` there as a new user would, and looks at the clock. `--cold`
gives pip an empty package cache; the recogniser's own cache is always empty.
"""

import argparse
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import httpx

from benchmarks.site import ROOT, Site, free_port, photograph


def measure(folder: Path, *, cold: bool) -> tuple[float, float]:
    """Return the seconds from the clone to an answering gallery and to the first tagged picture."""
    port = free_port()
    environment = os.environ | {"XDG_CACHE_HOME": str(folder / "cache")}
    if cold:
        environment["PIP_CACHE_DIR"] = str(folder / "pip")
    else:
        cache = subprocess.run(["pip", "cache", "dir"], capture_output=True, text=True, check=True)
        environment["PIP_CACHE_DIR"] = cache.stdout.strip()
    start = time.perf_counter()
    clone = folder / "taglight"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    with (folder / "make.log").open("wb") as log:
        process = subprocess.Popen(
            ["make", "run", f"PORT={port}"],
            cwd=clone,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
                answering = _until_answering(client, process, start)
                site = Site(str(client.base_url), process, client)
                data = photograph(1, 1280, 960)
                (ticket,) = site.tickets([("first.jpg", data)])
                site.send(ticket, data)
                site.wait_tagged([ticket["key"]], every=0.05, at_most=120)
                return answering, time.perf_counter() - start
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)


def _until_answering(client: httpx.Client, process: subprocess.Popen[bytes], start: float) -> float:
    while process.poll() is None:
        try:
            if client.get("/").status_code == 200:
                return time.perf_counter() - start
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError(f"make run ended with status {process.returncode}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cold", action="store_true", help="with an empty package cache")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        answering, tagged = measure(Path(folder), cold=options.cold)
    cache = "cold" if options.cold else "warm"
    print("| from a bare clone, package cache | gallery answers | first picture tagged |")
    print("|---|---|---|")
    print(f"| {cache} | {answering:.1f} s | {tagged:.1f} s |")


if __name__ == "__main__":
    main()
