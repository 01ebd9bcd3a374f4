"""The gallery page and the API over HTTP: against U, a hello-world, and the naive way.

    .venv/bin/python -m benchmarks.web [10000 100000 1000000]

The server is ours as `taglight serve` runs it, without its worker; the hello-world is one `async
def` route of the same FastAPI on the same uvicorn. The naive way reads every document for each
page. Requests take turns; for requests a second each server is asked over 8 connections in turn.
The load comes from one process on the same two cores; the processor's own time is given too.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

import httpx
import psutil

from benchmarks.libraries import filled, label_name
from benchmarks.measuring import Row, compact_documents, in_turns, ms, table, unit_call
from benchmarks.site import ROOT, free_port, wait_for

CONNECTIONS, SECONDS, ROUNDS = 8, 3.0, 5
PATHS = ["/api/images", *[f'/api/images?q="Label+{rank:03}"' for rank in (0, 10, 100, 300)]]
APPS = {
    "hello": """
import fastapi
app = fastapi.FastAPI()
@app.get("/")
async def hello():
    return {"hello": "world"}
@app.get("/healthz")
async def health():
    return {}
""",
    "ours": """
import sys
from cli.home import open_home
from cli.serve import compose
app = compose(open_home(sys.argv[2]), "127.0.0.1")
""",
}
RUN = """
import uvicorn
uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False, server_header=False)
"""


@contextmanager
def running(app: str, library: str = "") -> Iterator[tuple[httpx.Client, psutil.Process]]:
    """Serve an app on a free port until the block ends."""
    port = free_port()
    code = f"import sys\n{APPS[app]}\n{RUN}"
    process = subprocess.Popen([sys.executable, "-c", code, str(port), library], cwd=ROOT)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
            wait_for(client, process)
            yield client, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(20)


def rate(client: httpx.Client, process: psutil.Process, paths: list[str]) -> tuple[float, float]:
    """Return requests a second, and the processor's seconds for one request."""
    before = sum(process.cpu_times()[:2])
    count, seconds = asyncio.run(_load(client.base_url.port or 0, paths))
    return count / seconds, (sum(process.cpu_times()[:2]) - before) / count


async def _load(port: int, paths: list[str]) -> tuple[int, float]:
    start = time.perf_counter()
    workers = [_ask(port, paths, start + SECONDS, place) for place in range(CONNECTIONS)]
    done = sum(await asyncio.gather(*workers))
    return done, time.perf_counter() - start


async def _ask(port: int, paths: list[str], end: float, place: int) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    count = 0
    while time.perf_counter() < end:
        path = paths[(count + place) % len(paths)].replace('"', "%22")
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if not head.startswith(b"http/1.1 200"):
            raise RuntimeError(head.decode())
        begin = head.index(b"content-length:") + 15
        await reader.readexactly(int(head[begin : head.index(b"\r", begin)]))
        count += 1
    writer.close()
    return count


def cpu_of(process: psutil.Process, call: Callable[[], None], repeats: int = 40) -> float:
    """Return the processor's seconds that a process takes for one call."""
    before = sum(process.cpu_times()[:2])
    for _ in range(repeats):
        call()
    return (sum(process.cpu_times()[:2]) - before) / repeats


def naive(folder: Path, count: int) -> float:
    """Return the seconds for one page the naive way: read, filter, sort and count all files."""
    for number, text in enumerate(compact_documents(count)):
        (folder / f"{number}.json").write_bytes(text)

    def page() -> object:
        found, counts = [], dict[str, int]()
        for file in folder.iterdir():
            document = json.loads(file.read_bytes())
            names = {e["Name"] for e in document["Labels"] if e["Confidence"] >= 70}
            if label_name(0) in names:
                found.append(document)
                for name in names:
                    counts[name] = counts.get(name, 0) + 1
        found.sort(key=lambda document: document["Image"]["UploadedAt"], reverse=True)
        return json.dumps(found[:60]), sorted(counts.items(), key=lambda item: -item[1])[:40]

    (seconds,) = in_turns(page, repeats=5)
    return seconds


def measure(count: int) -> list[Row]:
    """Measure one library."""
    rows: list[Row] = []
    library = str(filled(count))
    with running("hello") as (hello, its), running("ours", library) as (client, our):

        def page(text: str) -> None:
            answer = client.get("/", params={"q": text}).raise_for_status()
            assert answer.text.count('class="tile ') == 60

        for path in PATHS:
            client.get(path).raise_for_status()
        labels = cycle(f'"{label_name(rank)}"' for rank in range(20))
        asks: dict[str, Callable[[], None]] = {
            "all pictures, again": lambda: page(""),
            "rank 0, again": lambda: page(f'"{label_name(0)}"'),
            "another of 20 labels each time": lambda: page(next(labels)),
        }
        for what, ask in asks.items():
            mine, unit = in_turns(ask, unit_call(), repeats=40)
            owed = 1 if count <= 100_000 else 2.5
            row = Row(f"gallery page, {what}", f"U {ms(unit)}", ms(mine), mine / unit, owed, "U")
            rows.append(row)
        used = cpu_of(our, asks["another of 20 labels each time"])
        its_unit = cpu_of(psutil.Process(), unit_call())
        what = "the same as time of the processor, ours in the server alone"
        rows.append(Row(what, f"U {ms(its_unit)}", ms(used), used / its_unit, owed, "U"))
        if count <= 10_000:
            with tempfile.TemporaryDirectory() as folder:
                slow = naive(Path(folder), count)
            what = "gallery page beside 1/30 of the naive way"
            rows.append(Row(what, f"{ms(slow)} / 30", ms(mine), mine * 30 / slow, 1))
        pairs = [(rate(hello, its, ["/"]), rate(client, our, PATHS)) for _ in range(ROUNDS)]
    theirs, ours = (statistics.median(pair[n][0] for pair in pairs) for n in (0, 1))
    used = [statistics.median(pair[n][1] for pair in pairs) for n in (0, 1)]
    what = (
        f"hello-world's requests a second over those of GET /api/images; 60 pictures of {count:,}"
    )
    rows.append(Row(what, f"{theirs:,.0f}/s", f"{ours:,.0f}/s", theirs / ours, 3))
    what = "the same as time of the processor for one request"
    rows.append(Row(what, ms(used[0]), ms(used[1]), used[1] / used[0], 3))
    return rows


def main() -> int:
    """Print a table for each size of library."""
    for count in [int(text) for text in sys.argv[1:]] or [10_000, 100_000]:
        print(f"\n{count:,} pictures\n\n{table(measure(count))}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
