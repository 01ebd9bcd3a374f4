"""Both packages, built for this machine, run where nothing but the package and Python itself is.

Where a Python of Lambda's version is found, it builds and runs them; otherwise this one does.
"""

import base64
import gzip
import json
import re
import shutil
import ssl
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scripts.build_lambda import PACKAGES, Target
from tests import pictures
from tests.postgres import Cluster
from tests.stack import Stack
from tests.strict_s3.site import REGION, S3Site
from webapp.signin.sessions import BY_OPERATOR, SECURE_COOKIE, Sessions
from webapp.signin.users import Identity

ROOT = Path(__file__).resolve().parents[2]
EVENTS = ROOT / "tests" / "events"
# No environment of the tests, no site-packages, no current folder: what Lambda has is what counts.
START = """
import json, sys
sys.path[:0] = [{package!r}]
from {module} import handler
for event in json.load(sys.stdin):
    print("ANSWER " + json.dumps(handler(event, None)))
print("MODULES " + json.dumps(sorted(name for name in sys.modules if "." not in name)))
"""
NEVER = {
    "web": {"numpy", "PIL", "pillow_heif", "onnxruntime", "onnx", "pyroaring", "tagger", "cli"},
    "tagger": {"fastapi", "starlette", "mangum", "jinja2", "onnxruntime", "onnx", "webapp", "cli"},
}

pytestmark = pytest.mark.slow


def interpreter() -> str:
    """Return a Python of Lambda's version that has pip, else this one."""
    version = Target.of_template().python
    pyenv = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python{version}"))
    for found in (shutil.which(f"python{version}"), *map(str, pyenv)):
        if found:
            probe = subprocess.run([found, "-m", "pip", "--version"], capture_output=True)
            if probe.returncode == 0:
                return found
    return sys.executable


@pytest.fixture(scope="module")
def python() -> str:
    return interpreter()


Build = Callable[[str], Path]


@pytest.fixture(scope="module")
def build(python: str, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Return a function that builds a package once and returns its folder."""
    made: dict[str, Path] = {}

    def built(name: str) -> Path:
        if name not in made:
            into = tmp_path_factory.mktemp("package") / name
            command = [python, "scripts/build_lambda.py", name, "--into", str(into)]
            done = subprocess.run(
                [*command, "--platform", "host"], cwd=ROOT, capture_output=True, text=True
            )
            assert done.returncode == 0, done.stderr
            assert re.match(rf"{name}: [\d.]+ MB of at most \d+ \(", done.stdout), done.stdout
            assert "Not baked" not in done.stdout
            made[name] = into
        return made[name]

    return built


def run(
    python: str, package: Path, module: str, events: list[Any], environment: dict[str, str]
) -> tuple[list[Any], set[str]]:
    """Return what the handler answers, and the modules that it has loaded."""
    done = subprocess.run(
        [python, "-I", "-S", "-c", START.format(package=str(package), module=module)],
        input=json.dumps(events),
        # Lambda sets both.
        env={"AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, "LANG": "C.UTF-8", **environment},
        cwd=package.parent,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    lines = done.stdout.splitlines()
    answers = [json.loads(line.removeprefix("ANSWER ")) for line in lines if "ANSWER " in line]
    [modules] = [line.removeprefix("MODULES ") for line in lines if line.startswith("MODULES ")]
    return answers, set(json.loads(modules))


def in_sqs(body: object) -> dict[str, Any]:
    """Return a body as Lambda gets it from a queue."""
    record = json.loads((EVENTS / "sqs-wrapped.json").read_text("utf-8"))["Records"][0]
    return {"Records": [{**record, "body": json.dumps(body)}]}


def event(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EVENTS / name).read_text("utf-8"))
    return found


@pytest.mark.parametrize("name", sorted(PACKAGES))
def test_a_package_holds_what_its_function_needs_and_no_more(build: Build, name: str) -> None:
    package = build(name)
    there = {path.name.partition(".")[0] for path in package.iterdir()}
    assert not there & (NEVER[name] | {"tests", "bin", "benchmarks", "pip", "pytest", "moto"})
    assert set(PACKAGES[name].code) <= there
    inside = {path.relative_to(package).as_posix() for path in package.rglob("*")}
    assert not [path for path in inside if "/tests/" in path or path.endswith((".pyi", ".pyx"))]
    services = {path.split("/")[2] for path in inside if re.match(r"botocore/data/[^/]+/", path)}
    assert {"s3", "sqs"} <= services
    assert len(services) < 10


@pytest.mark.parametrize("name", sorted(PACKAGES))
def test_the_roots_that_the_database_is_trusted_by_are_in_the_package(
    build: Build, name: str
) -> None:
    function = {"web": "WebFunction", "tagger": "TaggerFunction"}[name]
    named = Stack().environment(function)["SSL_CERT_FILE"]
    roots = build(name) / named.removeprefix("/var/task/")
    known = ssl.create_default_context(cafile=roots).get_ca_certs()
    assert "Amazon Root CA 1" in str(known)


def test_a_package_over_its_budget_is_refused(build: Build) -> None:
    from dataclasses import replace

    from scripts.build_lambda import measure, report

    sizes = measure(build("web"))
    small = replace(PACKAGES["web"], budget=1)
    with pytest.raises(SystemExit, match="over its budget"):
        report("web", small, sizes, compiled=False)


def test_the_tagger_starts_and_takes_the_test_event(python: str, build: Build) -> None:
    environment = {
        "BUCKET_NAME": "family-pictures",
        "CATALOG_URL": "dsql://abcdefghijklmnopqrstuvwxyz.dsql.eu-west-1.on.aws",
        "TAG_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/1/tag",
        "INDEX_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/1/index",
        "RECOGNIZER": "rekognition",
    }
    events = [in_sqs(event("s3-test-event.json"))]
    answers, modules = run(python, build("tagger"), "tagger.lambda_handler", events, environment)
    assert answers == [{"batchItemFailures": []}]
    assert not modules & NEVER["tagger"]


@pytest.mark.parametrize("extension", ["jpg", "heic"])
def test_the_tagger_tags_a_picture(
    python: str, build: Build, s3_site: S3Site, extension: str
) -> None:
    key = f"uploads/cute dog+1.{extension}"
    content = pictures.encode(pictures.noise(320, 240), extension)
    s3_site.client().put_object(Bucket=s3_site.bucket, Key=key, Body=content)
    changed = event("s3-put.json")
    s3 = changed["Records"][0]["s3"]
    s3["bucket"]["name"] = s3_site.bucket
    s3["object"]["key"] = key.replace("+", "%2B").replace(" ", "+")
    # moto recognises a "Mobile Phone" in everything; no catalog: the documents are the truth.
    environment = s3_site.environment() | {
        "AWS_ENDPOINT_URL": s3_site.moto_url,
        "BUCKET_NAME": s3_site.bucket,
    }
    run(python, build("tagger"), "tagger.lambda_handler", [changed], environment)
    stored = s3_site.client().get_object(Bucket=s3_site.bucket, Key=f"metadata/{key[8:]}.json")
    document = json.loads(stored["Body"].read())
    assert document["Tagging"]["Status"] == "tagged", document["Tagging"]
    assert document["Labels"][0]["Name"] == "Mobile Phone"
    assert (document["Image"]["Width"], document["Image"]["Height"]) == (320, 240)


def asked(path: str, cookie: str = "", **headers: str) -> dict[str, Any]:
    """Return a request as the HTTP API hands it over."""
    found = event("http-api-gallery.json")
    found["rawPath"] = found["requestContext"]["http"]["path"] = path
    found["headers"] |= headers
    if cookie:
        found["cookies"] = [cookie]
    return found


def session(secret: str) -> str:
    """Return the cookie of a viewer."""
    sealed = Sessions((secret,), timedelta(hours=1)).seal(
        Identity("test:viewer", "viewer"), BY_OPERATOR, "viewer"
    )
    return f"{SECURE_COOKIE}={sealed}"


def test_the_web_app_is_closed_where_nobody_can_sign_in(python: str, build: Build) -> None:
    answers, modules = run(python, build("web"), "webapp.lambda_handler", [asked("/")], {})
    assert [answer["statusCode"] for answer in answers] == [503]
    assert not modules & NEVER["web"]


def test_the_web_app_shows_pages_from_its_package_alone(
    python: str, build: Build, s3_site: S3Site, postgres: Cluster
) -> None:
    secret = "a secret of the tests: long enough"
    environment = s3_site.environment() | {
        "AWS_ENDPOINT_URL": s3_site.moto_url,
        "BUCKET_NAME": s3_site.bucket,
        "CATALOG_URL": postgres.create("packages"),
        "TAG_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/1/tag",
        "PUBLIC_URL": "https://d111111abcdef8.cloudfront.net",
        "SESSION_SECRET": secret,
        "ORIGIN_SECRET": "what CloudFront sends",
        "OIDC_ISSUER": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_pool",
        "OIDC_CLIENT_ID": "taglight",
    }
    around = asked("/")
    del around["headers"]["x-taglight-origin"]
    static = asked("/static/0/css/base.css", **{"accept-encoding": "identity"})
    events = [asked("/healthz"), asked("/"), asked("/", session(secret)), static, around]
    answers, modules = run(python, build("web"), "webapp.lambda_handler", events, environment)
    health, stranger, gallery, sheet, went_around = answers
    assert json.loads(body_of(health)) == {"status": "ok", "store": "ok", "catalog": "ok"}
    assert (stranger["statusCode"], stranger["headers"]["location"][:7]) == (303, "/signin")
    assert gallery["statusCode"] == 200
    assert "<main" in body_of(gallery)
    assert (sheet["statusCode"], "body" in sheet["body"]) == (200, True)
    assert went_around["statusCode"] == 403
    assert "psycopg" in modules
    assert not modules & NEVER["web"]


def body_of(answer: dict[str, Any]) -> str:
    """Return the text of an answer, unpacked."""
    body: str = answer["body"]
    if not answer.get("isBase64Encoded"):
        return body
    raw = base64.b64decode(body)
    packed = answer["headers"].get("content-encoding") == "gzip"
    return (gzip.decompress(raw) if packed else raw).decode()


def test_markers_of_a_lock_are_judged_for_the_target_not_for_this_python() -> None:
    from scripts.build_lambda import requirements

    lock = ROOT / "requirements" / "tagger-lambda.lock"
    found = list(requirements(lock, Target("arm64", "3.13")))
    [numpy] = [line for line in found if line.startswith("numpy==")]
    older = list(requirements(lock, Target("arm64", "3.11")))
    assert numpy not in older
    assert not [line for line in found if line.startswith("tzdata")]
    assert all("--hash=sha256:" in line and ";" not in line for line in found)


def test_a_target_is_what_the_template_says() -> None:
    target = Target.of_template()
    assert (target.architecture, target.python) == ("arm64", "3.13")
    assert "manylinux_2_28_aarch64" in target.pip_arguments()
