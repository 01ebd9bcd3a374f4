"""The gallery page and the API over HTTP: against U, a hello-world, and the naive way.

    .venv/bin/python -m benchmarks.web [10000 100000 1000000]

The server is ours as `taglight serve` runs it, without its worker; the hello-world is one `async
def` route of the same FastAPI on the same uvicorn. The naive way reads every document for each
page. Requests take turns; for requests a second each server is asked over 8 connections in turn.
The load comes from one process on the same two cores; the processor's own time is given too.

"Again" is what was asked before and is kept until somebody commits; "never asked" is another
search each time, which no request before it has asked for, though most of its pictures were part
of others; "of pictures never shown" is another search far back in the library each time, so that
their cards are not in memory either; "while pictures are written" is the same as "again" beside
another process that commits ten times a second.
"""

import asyncio
import gzip
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from functools import partial
from http.client import HTTPConnection, HTTPResponse
from itertools import count as numbers
from itertools import cycle
from pathlib import Path

import httpx
import psutil

from benchmarks.libraries import LABELS, filled, label_name
from benchmarks.measuring import Row, compact_documents, in_turns, ms, table, unit_call
from benchmarks.site import ROOT, free_port, wait_for

Server = tuple[httpx.Client, psutil.Process]
CONNECTIONS, SECONDS, ROUNDS = 8, 2.0, 5
CARDS = 60
A_SECOND = 10  # commits of the other process
LIST = "/api/images"
PATHS = [LIST, *[f"{LIST}?q=%22Label+{rank:03}%22" for rank in (0, 10, 100, 300)]]
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
from catalog.facets import total
from catalog.query import parse
home = open_home(sys.argv[2])
with home.database.reading() as connection:
    total(connection, parse(""), None)
getattr(home.database.arrays, "wait", lambda: None)()  # until they are loaded
app = compose(home, "127.0.0.1")
""",
}
RUN = """
import uvicorn
from cli.http_protocol import PatientProtocol
options = {"http": PatientProtocol} if sys.argv[2] else {}
options |= {"log_level": "warning", "access_log": False, "server_header": False}
uvicorn.run(app, port=int(sys.argv[1]), **options)
"""
WRITE = f"""
import sys, time
from itertools import cycle, islice
from benchmarks.libraries import documents
from catalog import writes
from catalog.database import Database
from catalog.rows import document_row
database = Database.open(f"sqlite:///{{sys.argv[1]}}/.taglight/catalog.sqlite")
for each in cycle([document_row(*each, "etag") for each in islice(documents(100), 100)]):
    database.write(lambda connection: writes.put_images(connection, [each]))
    time.sleep(1 / {A_SECOND})
"""


@contextmanager
def running(app: str, library: str = "") -> Iterator[Server]:
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


class Browser:
    """Asks over one connection as browsers do, compressed; takes next to no time of its own."""

    def __init__(self, client: httpx.Client) -> None:
        self._connection = HTTPConnection("127.0.0.1", client.base_url.port)
        self._body, self._zipped = b"", False

    def get(self, path: str) -> None:
        """Fetch what is there. Raises RuntimeError for an answer with another status than 200."""
        try:
            answer = self._ask(path)
        except ConnectionError:  # closed by the server, which has waited long enough
            self._connection.close()
            answer = self._ask(path)
        self._body, self._zipped = answer.read(), answer.headers["Content-Encoding"] == "gzip"
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")

    def _ask(self, path: str) -> HTTPResponse:
        self._connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
        return self._connection.getresponse()

    @property
    def body(self) -> bytes:
        """What the last answer held."""
        return gzip.decompress(self._body) if self._zipped else self._body

    def check(self) -> None:
        """See that the last page was whole. Raises RuntimeError."""
        if self.body.count(b'class="tile ') != CARDS:
            raise RuntimeError("The page has not as many pictures as it should.")


@contextmanager
def written_to(library: str) -> Iterator[None]:
    """Let another process write the same pictures again and again until the block ends."""
    process = subprocess.Popen([sys.executable, "-c", WRITE, library], cwd=ROOT)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def never_asked(path: str) -> Iterator[str]:
    """Yield searches of one label, popular ones first, no two of them the same."""
    for turn in numbers():
        for rank in range(LABELS // 2):
            yield f"{path}?q=%22Label+{rank:03}%22&min={50 + turn % 45}.{turn // 45}"


def never_shown(path: str) -> Iterator[str]:
    """Yield searches of popular labels before some moment of the five years, by chance."""
    chance = random.Random(5)
    while True:
        day = date(2026, 10, 1) - timedelta(days=chance.randrange(1700))
        label = f"%22Label+{chance.randrange(60):03}%22"
        yield f"{path}?q={label}+before:{day}T{chance.randrange(24):02}:00&min=60"


def rate(
    client: httpx.Client, process: psutil.Process, paths: Iterator[str]
) -> tuple[float, float]:
    """Return requests a second, and the processor's seconds for one request."""
    before = sum(process.cpu_times()[:2])
    count, seconds = asyncio.run(_load(client.base_url.port or 0, paths))
    return count / seconds, (sum(process.cpu_times()[:2]) - before) / count


async def _load(port: int, paths: Iterator[str]) -> tuple[int, float]:
    start = time.perf_counter()
    workers = [_ask(port, paths, start + SECONDS) for _ in range(CONNECTIONS)]
    done = sum(await asyncio.gather(*workers))
    return done, time.perf_counter() - start


async def _ask(port: int, paths: Iterator[str], end: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    count = 0
    while time.perf_counter() < end:
        head = f"GET {next(paths)} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"
        writer.write(head.encode())
        answer = (await reader.readuntil(b"\r\n\r\n")).lower()
        if not answer.startswith(b"http/1.1 200"):
            raise RuntimeError(answer.decode())
        begin = answer.index(b"content-length:") + 15
        await reader.readexactly(int(answer[begin : answer.index(b"\r", begin)]))
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
    library = str(filled(count))
    with running("hello") as (hello, its), running("ours", library) as (client, our):
        for path in PATHS:
            client.get(path).raise_for_status()
        rows = pages(count, client, our)
        beside = partial(rates, (hello, its), (client, our))
        rows += beside("the same five again", cycle(PATHS))
        rows += beside("each never asked", never_asked(LIST))
        rows += beside("each of pictures never shown", never_shown(LIST))
        with written_to(library):
            rows += beside("again while pictures are written", cycle(PATHS))
    return rows


def pages(count: int, client: httpx.Client, our: psutil.Process) -> list[Row]:
    """Measure gallery pages, the naive way beside them where there are few pictures."""

    browser = Browser(client)

    def page(path: str) -> None:
        browser.get(path)

    rank_0 = "/?q=%22Label+000%22"
    labels = never_asked("/")
    slider = (f"{rank_0}&min={50 + place / 4}" for place in numbers())
    asks: dict[str, Callable[[], None]] = {
        "all pictures, again": lambda: page("/"),
        "rank 0, again": lambda: page(rank_0),
        "rank 0, the slider moved each time": lambda: page(next(slider)),
        "another label each time, never asked": lambda: page(next(labels)),
    }
    rows: list[Row] = []
    owed = 1 if count <= 100_000 else 2.5
    for what, ask in asks.items():
        mine, unit = in_turns(ask, unit_call(), repeats=40)
        browser.check()
        row = Row(f"gallery page, {what}", f"U {ms(unit)}", ms(mine), mine / unit, owed, "U")
        rows.append(row)
    used, its_unit = cpu_of(our, ask), cpu_of(psutil.Process(), unit_call())
    what = "the same as time of the processor, ours in the server alone"
    rows.append(Row(what, f"U {ms(its_unit)}", ms(used), used / its_unit, owed, "U"))
    if count <= 10_000:
        with tempfile.TemporaryDirectory() as folder:
            slow = naive(Path(folder), count)
        what = "gallery page, never asked, beside 1/30 of the naive way"
        rows.append(Row(what, f"{ms(slow)} / 30", ms(mine), mine * 30 / slow, 1))
    return rows


def rates(theirs: Server, ours: Server, what: str, paths: Iterator[str]) -> list[Row]:
    """Return requests a second of GET /api/images beside hello-world's, and processor's time."""
    pairs = [(rate(*theirs, cycle("/")), rate(*ours, paths)) for _ in range(ROUNDS)]
    hello, found = (statistics.median(pair[n][0] for pair in pairs) for n in (0, 1))
    its, used = (statistics.median(pair[n][1] for pair in pairs) for n in (0, 1))
    name = f"GET /api/images, {what}: hello-world's requests a second over ours"
    return [
        Row(name, f"{hello:,.0f}/s", f"{found:,.0f}/s", hello / found, 3),
        Row(f"{name}, as time of the processor", ms(its), ms(used), used / its, 3),
    ]


def main() -> int:
    """Print a table for each size of library."""
    for count in [int(text) for text in sys.argv[1:]] or [10_000, 100_000]:
        print(f"\n{count:,} pictures\n\n{table(measure(count))}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
