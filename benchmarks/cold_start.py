"""The cold start of the web function: import and first page, against the bare imports of both.

    .venv/bin/python -m benchmarks.cold_start [rounds]

Every start is a process of its own, in turns with the floor. The floor imports what the page
needs and does nothing: fastapi, mangum, sqlalchemy, psycopg, jinja2 and botocore's signing. Ours
imports `webapp.lambda_handler` from a copy laid out as `scripts/build_lambda.py` does, connects to
the catalog and answers a recorded request for the gallery, signed in, with 60 pictures at
presigned addresses. It is the processor's own time from
the first line of the script, of the round that was least disturbed; others' work on the machine
lengthens this time, too, so medians are printed beside it.

The catalog is a PostgreSQL in a temporary folder; CATALOG_URL names another one, which is filled.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from pathlib import Path

from benchmarks.libraries import documents
from benchmarks.measuring import Row, table
from benchmarks.site import ROOT
from catalog.database import Database
from catalog.rows import document_row
from catalog.writes import put_images
from scripts.build_lambda import PACKAGES
from tests.postgres import Cluster, remove, temporary_folder
from webapp.baking import bake
from webapp.signin.sessions import BY_OPERATOR, SECURE_COOKIE, Sessions
from webapp.signin.users import Identity

ROUNDS, OWED, PICTURES = 15, 1.2, 300
SECRET = "a secret of the benchmark: long enough"  # noqa: S105 - of processes that live a second
EVENT = ROOT / "tests" / "events" / "http-api-gallery.json"
ENVIRONMENT = {
    "BUCKET_NAME": "taglight-123456789012-eu-central-1",
    "TAG_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/tag",
    "PUBLIC_URL": "https://d111111abcdef8.cloudfront.net",
    "SESSION_SECRET": SECRET,
    "ORIGIN_SECRET": "what CloudFront sends",
    "OIDC_ISSUER": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_example",
    "OIDC_CLIENT_ID": "taglight",
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "example",
    "AWS_SESSION_TOKEN": "example" * 60,
}
BARE = "fastapi, mangum, sqlalchemy, psycopg, jinja2, botocore.auth, botocore.awsrequest"
# SQLAlchemy speaks to psycopg through a module of its own, which no page can do without.
FLOOR = f"""
import time
began = time.process_time()
import {BARE}
bare = time.process_time() - began
import sqlalchemy.dialects.postgresql
print(bare, time.process_time() - began)
"""
OURS = """
import time
began = time.process_time()
import json, sys
from webapp.lambda_handler import handler
imported = time.process_time() - began
answer = handler(json.loads(sys.argv[1]), None)
spent = time.process_time() - began
assert answer["statusCode"] == 200, answer
assert answer["headers"]["content-encoding"] == "gzip"
assert not {"boto3", "numpy", "httpx2", "authlib", "argon2"} & set(sys.modules)
print(spent, imported)
"""


@contextmanager
def catalog() -> Iterator[str]:
    """Give the CATALOG_URL of a catalog with pictures."""
    if given := os.environ.get("CATALOG_URL"):
        fill(given)
        yield given
        return
    cluster = Cluster.make(temporary_folder())
    try:
        cluster.start()
        fill(cluster.url())
        yield cluster.url()
    finally:
        remove(cluster)


def fill(url: str) -> None:
    """Write generated pictures."""
    database = Database.open(url)
    rows = [document_row(*each, "etag") for each in islice(documents(PICTURES), PICTURES)]
    database.write(lambda connection: put_images(connection, rows))
    database.settle()
    database.close()


def request() -> str:
    """Return the recorded request for the gallery with a session of today, as JSON."""
    event = json.loads(EVENT.read_text("utf-8"))
    identity = Identity("benchmark", "Benchmark")
    session = Sessions((SECRET,), timedelta(hours=1)).seal(identity, BY_OPERATOR, "editor")
    event["cookies"] = [f"{SECURE_COOKIE}={session}"]
    event["headers"]["x-taglight-origin"] = ENVIRONMENT["ORIGIN_SECRET"]
    return json.dumps(event)


def package(into: Path) -> None:
    """Lay out our own code as in the package of the web function."""
    for name in PACKAGES["web"].code:
        shutil.copytree(ROOT / name, into / name, ignore=shutil.ignore_patterns("__pycache__"))
    bake(into)


def start(code: str, environment: dict[str, str], *arguments: str) -> list[float]:
    """Run a script and return the seconds that it prints. Raises CalledProcessError."""
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(
        command,
        cwd=environment["PYTHONPATH"],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return [float(part) for part in done.stdout.split()]


def main() -> int:
    """Measure in turns, print the table, and fail where it is missed."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with catalog() as url, tempfile.TemporaryDirectory() as folder:
        into = Path(folder) / "package"
        package(into)
        environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environment |= {"PYTHONPATH": str(into), "PYTHONPYCACHEPREFIX": f"{folder}/bytecode"}
        ours = environment | ENVIRONMENT | {"CATALOG_URL": url}
        event = request()
        floors, pages = [], []
        for turn in range(rounds + 1):
            floor, page = start(FLOOR, environment), start(OURS, ours, event)
            if turn:  # the first writes the bytecode
                floors.append(floor)
                pages.append(page)
    bare, with_dialect = min(floors)
    spent, imported = min(pages)
    ours_said = f"{1000 * spent:.0f} ms (first page: {1000 * (spent - imported):.0f})"
    row = Row("cold start", f"{1000 * bare:.0f} ms", ours_said, spent / bare, OWED)
    wider = f"{1000 * with_dialect:.0f} ms"
    dialect = Row("against the same with SQLAlchemy's dialect for PostgreSQL", wider, ours_said,
                  spent / with_dialect, OWED)  # fmt: skip
    middle = [statistics.median(each[0] for each in found) for found in (floors, pages)]
    print(table([row, dialect]))
    print(f"Medians: {1000 * middle[0]:.0f} ms, {1000 * middle[1]:.0f} ms.")
    return int(row.distance > 1)


if __name__ == "__main__":
    sys.exit(main())
