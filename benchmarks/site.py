"""A running Taglight to measure: serves a library of its own, uploads, waits."""

import hashlib
import io
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import psutil
import skimage.data
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
TAGLIGHT = (sys.executable, "-m", "cli.main")
PHOTOGRAPHS = ("chelsea", "coffee", "rocket", "astronaut")


def free_port() -> int:
    """Return a port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def photograph(seed: int, width: int, height: int) -> bytes:
    """Return a JPEG of its own for each seed: a photograph of scikit-image, scaled, with noise."""
    source = Image.fromarray(getattr(skimage.data, PHOTOGRAPHS[seed % len(PHOTOGRAPHS)])())
    noise = np.random.default_rng(seed).integers(0, 24, (height, width, 1), dtype=np.uint8)
    pixels = np.asarray(source.convert("RGB").resize((width, height)), dtype=np.uint16) + noise
    out = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(out, "JPEG", quality=88)
    return out.getvalue()


@dataclass
class Site:
    """A served library: its address and its process."""

    url: str
    process: subprocess.Popen[bytes]
    client: httpx.Client

    def memory_mib(self) -> dict[str, float]:
        """Return the resident memory of the server and of its worker in MiB."""
        server = psutil.Process(self.process.pid)
        children = server.children(recursive=True)
        return {
            "server": server.memory_info().rss / 2**20,
            "worker": sum(child.memory_info().rss for child in children) / 2**20,
        }

    def tickets(self, files: list[tuple[str, bytes]]) -> list[dict]:
        """Ask for one ticket a file."""
        wanted = [
            {
                "name": name,
                "size": len(data),
                "type": "image/jpeg",
                "sha256": hashlib.sha256(data).hexdigest(),
            }
            for name, data in files
        ]
        answer = self.client.post("/api/uploads", json={"files": wanted})
        answer.raise_for_status()
        return answer.json()["uploads"]

    def send(self, ticket: dict, data: bytes) -> None:
        """Send the bytes that a ticket is for."""
        url = httpx.URL(self.url).join(ticket["url"])
        self.client.put(url, content=data, headers=ticket["headers"]).raise_for_status()

    def wait_tagged(self, keys: list[str], *, every: float, at_most: float) -> float:
        """Wait until all keys are tagged and return the seconds it took. Raises TimeoutError."""
        start = time.perf_counter()
        waiting = list(keys)
        while waiting:
            if time.perf_counter() - start > at_most:
                raise TimeoutError(f"{len(waiting)} pictures are still waiting, e.g. {waiting[0]}")
            answer = self.client.post("/api/images/status", json={"keys": waiting[:100]})
            states = {image["key"]: image["status"] for image in answer.json()["images"]}
            waiting = [
                key for key in waiting if states.get(key, "pending") in ("pending", "unknown")
            ]
            if waiting:
                time.sleep(every)
        return time.perf_counter() - start


@contextmanager
def served(library: Path, log: Path, taglight: Sequence[str] = TAGLIGHT) -> Iterator[Site]:
    """Serve a library on a free port until the block ends."""
    port = free_port()
    command = [*taglight, "serve", str(library), "--port", str(port)]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
        url = f"http://127.0.0.1:{port}"
        try:
            with httpx.Client(base_url=url, timeout=60) as client:
                wait_for(client, process)
                yield Site(url, process, client)
        finally:
            process.terminate()
            process.wait(20)


def wait_for(
    client: httpx.Client, process: subprocess.Popen[bytes], path: str = "/healthz"
) -> None:
    """Wait until the site answers. Raises RuntimeError when its process ends first."""
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError(f"taglight ended with status {process.returncode}")
        try:
            if client.get(path).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise RuntimeError("taglight did not answer within a minute")
