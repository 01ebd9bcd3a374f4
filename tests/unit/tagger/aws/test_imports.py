"""The Lambda's package holds what the tagger needs there, and it starts without the rest."""

import subprocess
import sys

WITHOUT = [
    "fastapi",
    "starlette",
    "uvicorn",
    "onnx",
    "onnxruntime",
    "pyroaring",
    "typer",
    "watchfiles",
]
SCRIPT = f"""
import sys
for name in {WITHOUT!r}:
    sys.modules[name] = None
import tagger.lambda_handler
from tagger.aws.environment import lambda_environment
from tagger.aws.home import compose
compose(lambda_environment())
late = [name for name in ("boto3", "moto") if name in sys.modules]
assert not late, f"loaded before they are needed: {{late}}"
"""


def test_the_handler_starts_without_what_its_package_does_not_carry() -> None:
    environment = {"BUCKET_NAME": "family-pictures", "PYTHONPATH": ":".join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
