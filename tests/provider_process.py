"""Starts tests/oidc_provider.py and gives it orders."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class ProviderProcess:
    """A provider that runs at `issuer`."""

    issuer: str

    def order(self, name: str, **asked: Any) -> str:
        """Tell it something; return what it answers."""
        answer = httpx2.post(f"{self.issuer}/tests/{name}", json=asked)
        answer.raise_for_status()
        return answer.text

    def know(self, subject: str, **claims: Any) -> None:
        """Have it know someone with these claims."""
        httpx2.put(f"{self.issuer}/users/{subject}", json=claims).raise_for_status()

    def sign_in(self, address: str, subject: str) -> str:
        """Sign in at its page, as a person would; return where it sends them then."""
        answer = httpx2.post(address, data={"sub": subject})
        assert answer.status_code in (302, 303), answer.text
        return str(answer.headers["location"])


@contextmanager
def provider_process() -> Iterator[ProviderProcess]:
    """Run a provider for as long as the block takes."""
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.oidc_provider"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", line), "the provider did not start"
        yield ProviderProcess(line)
    finally:
        process.kill()
        process.communicate()
