"""Try the API with schemathesis against docs/openapi.json, signed in and not.

    .venv/bin/python -m scripts.fuzz_api [cases]    (CI takes 150; 1000 take some minutes)

schemathesis has an environment of its own (.venv/fuzz, from requirements/fuzz.lock), so that its
libraries meet none of ours. All its checks are on; exceptions, each with its reason, are in
fuzz_api.toml. The cases are the same every time; with a number, other ones, and so many of each
operation.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.site import ROOT, free_port
from catalog import keys
from webapp.signin.passwords import make_hash

ENVIRONMENT = ROOT / ".venv" / "fuzz"
HERE = Path(__file__).resolve().parent
SECRET = "a secret for this run alone"  # noqa: S105 - of a server that lives for a minute

# Of each operation, beside those that try every limit of the document: signed in, and as a
# stranger, who is told the same whatever he asks for.
CASES, CASES_OF_STRANGERS = 150, 50
SEED = 20261122  # the same cases every time


def main() -> int:
    """Serve an empty library and run both; return the exit status."""
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else None
    schemathesis = prepared()
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {
            "SESSION_SECRET": SECRET,
            "TAGLIGHT_PASSWORD_HASH": make_hash("a password for this run"),
            "TAGLIGHT_TICKETS_PER_MINUTE": "1000000",
        }
        port = free_port()
        taglight = [sys.executable, "-m", "cli.main"]
        document = with_pictures(Path(folder))
        subprocess.run(  # noqa: S603
            [*taglight, "reindex", folder], cwd=ROOT, check=True, capture_output=True
        )
        server = subprocess.Popen(  # noqa: S603 - our own command
            [*taglight, "serve", folder, "--port", str(port), "--no-worker"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert server.stdout is not None  # noqa: S101
        server.stdout.readline()
        cookie = subprocess.run(  # noqa: S603
            [*taglight, "session", "--role", "editor"],
            cwd=ROOT,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        url = f"http://127.0.0.1:{port}"
        signed_in = ["--header", f"Cookie:{cookie}", "--header", f"Origin:{url}"]
        try:
            return max(
                run(schemathesis, document, url, cases, CASES, signed_in),
                run(schemathesis, document, url, cases, CASES_OF_STRANGERS, []),
            )
        finally:
            server.terminate()
            server.wait(20)


def with_pictures(folder: Path) -> dict[str, Any]:
    """Put pictures into a library; return the API's document with their ids, and one of none."""
    for name in ("a", "b", "c", "waiting"):
        picture = folder / keys.UPLOADS / f"{name}.jpg"
        picture.parent.mkdir(exist_ok=True)
        picture.write_bytes(name.encode())
        if name != "waiting":
            labels = {"Labels": [{"Name": "Dog", "Confidence": 98.5}]}
            tagged = folder / keys.metadata_key(f"{keys.UPLOADS}{name}.jpg")
            tagged.parent.mkdir(exist_ok=True)
            tagged.write_text(json.dumps(labels))
    ids = [keys.image_id(f"{keys.UPLOADS}{name}.jpg") for name in ("a", "b", "waiting", "none")]
    document: dict[str, Any] = json.loads((ROOT / "docs" / "openapi.json").read_text("utf-8"))
    for operations in document["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                if parameter["name"] == "image_id":
                    parameter["schema"] = {"type": "string", "enum": ids}
    return document


def prepared() -> str:
    """Return schemathesis, installed where it is missing."""
    program = ENVIRONMENT / "bin" / "schemathesis"
    lock = ROOT / "requirements" / "fuzz.lock"
    stamp = ENVIRONMENT / ".stamp"
    if not stamp.exists() or stamp.stat().st_mtime < lock.stat().st_mtime:
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)  # noqa: S603
        python, wanted = str(ENVIRONMENT / "bin" / "python"), ["--require-hashes", "-r", str(lock)]
        pip = [python, "-m", "pip", "install", "--quiet", "--no-compile"]
        pip += ["--disable-pip-version-check", *wanted]
        # Ten times as fast as pip; but pip may be told of places that uv knows nothing of.
        uv = [shutil.which("uv") or "", "pip", "install", "--quiet", "--python", python, *wanted]
        if not uv[0] or subprocess.run(uv, check=False).returncode:  # noqa: S603
            subprocess.run(pip, check=True)  # noqa: S603
        stamp.touch()
    return str(program)


def run(
    schemathesis: str,
    document: dict[str, Any],
    url: str,
    cases: int | None,
    usual: int,
    head: list[str],
) -> int:
    """Run all checks with so many cases of each operation; None: the usual ones of every time."""
    with tempfile.TemporaryDirectory() as folder:
        described = Path(folder) / "openapi.json"
        described.write_text(json.dumps(document), "utf-8")
        command = [
            *(schemathesis, "--config-file", str(HERE / "fuzz_api.toml")),
            *("run", str(described), "--url", url, *head),
            *("--checks", "all", "--warnings", "off", "--continue-on-failure"),
            *("--max-examples", str(cases or usual), "--generation-database", "none"),
            *(() if cases else ("--seed", str(SEED))),
        ]
        checks = {"SCHEMATHESIS_HOOKS": str(HERE / "fuzz_checks.py")}
        return subprocess.run(  # noqa: S603
            command, check=False, cwd=Path(folder), env=os.environ | checks
        ).returncode


if __name__ == "__main__":
    sys.exit(main())
