"""A bare process of the web function: what it loads, what it writes, and its ready-made package."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.integration.webapp.on_lambda.conftest import (
    FROM_CLOUDFRONT,
    PUBLIC,
    SECRET,
    event,
    session,
)
from tests.postgres import Cluster
from webapp.baking import bake
from webapp.rendering import COMPILED
from webapp.static_files import StaticTree

ROOT = Path(__file__).resolve().parents[4]
# Loaded where they are needed, and not on the way to the first page.
HEAVY = (
    "argon2 authlib boto3 httpx2 joserfc numpy PIL pydantic.v1 pydantic_settings pyroaring uvicorn"
)
SCRIPT = """
import json, os, sys

written = []

def hear(name, arguments):
    if name == "open":
        path, mode, flags = arguments
        flags = flags or 0
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) or set(mode or "") & set("wax+"):
            written.append(str(path))
    elif name in ("os.mkdir", "os.rename", "os.remove", "os.link", "os.symlink", "os.truncate"):
        written.append(str(arguments[0]))

sys.addaudithook(hear)
from webapp.lambda_handler import handler
answers = [handler(each, None) for each in json.loads(sys.argv[1])]
print(json.dumps({"answers": answers, "written": written, "modules": sorted(sys.modules)}))
"""


def run(code: Path, catalog_url: str, *paths: str) -> dict[str, object]:
    """Ask a process of its own, which has nothing but what Lambda gives it, and this code."""
    asked = []
    for path in paths:
        made = event()
        made["rawPath"] = made["requestContext"]["http"]["path"] = path
        made["headers"] |= {"accept-encoding": "identity"}
        asked.append(made | {"cookies": [session("editor")]})
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(code),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "example",
        "AWS_SESSION_TOKEN": "example",
        "BUCKET_NAME": "taglight-123456789012-eu-central-1",
        "CATALOG_URL": catalog_url,
        "TAG_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/tag",
        "PUBLIC_URL": PUBLIC,
        "SESSION_SECRET": SECRET,
        "ORIGIN_SECRET": FROM_CLOUDFRONT,
        "OIDC_ISSUER": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_example",
        "OIDC_CLIENT_ID": "taglight",
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(asked)],
        cwd=code,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_the_first_page_needs_little_and_writes_nothing(postgres: Cluster) -> None:
    found = run(ROOT, postgres.create("cold_start"), "/", "/api/images", "/api/labels", "/signin")
    answers = found["answers"]
    assert isinstance(answers, list)
    assert [answer["statusCode"] for answer in answers] == [200] * 4
    assert found["written"] == []
    loaded = found["modules"]
    assert isinstance(loaded, list)
    assert set(HEAVY.split()) & set(loaded) == set()


def test_a_baked_package_answers_as_the_files_do(postgres: Cluster, tmp_path: Path) -> None:
    package = tmp_path / "package"
    for name in ("catalog", "webapp", "templates", "static"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, package / name, ignore=ignored)
    bake(package)
    shutil.rmtree(package / "templates")  # none of it is read
    plain, baked = StaticTree(), StaticTree(package / "static")
    assert baked.version == plain.version
    assert baked.modules("js/main.js") == plain.modules("js/main.js")
    for name in ("js/main.js", "css/base.css", "icons/taglight.svg"):
        assert baked.read(name) == plain.read(name)
    assert (package / COMPILED.name).is_dir()
    url = postgres.create("baked")
    paths = ("/help", "/nothing", plain.url("js/main.js"))
    without = [each["body"] for each in run(ROOT, url, *paths)["answers"]]  # type: ignore[attr-defined]
    within = [each["body"] for each in run(package, url, *paths)["answers"]]  # type: ignore[attr-defined]
    assert within == without
