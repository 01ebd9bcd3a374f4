"""What holds for every test: nothing secret is logged, nothing is called without the right."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests import recorded_calls
from tests.postgres import postgres
from tests.strict_s3.fixtures import s3_servers, s3_site

__all__ = ["nothing_secret_is_logged", "postgres", "s3_servers", "s3_site"]

# Signed addresses, tokens, cookies, hashes of passwords, e-mail addresses.
SECRET = re.compile(
    r"/upload/[\w.-]{20,}|X-Amz-(Signature|Credential|Security-Token)=|eyJ[\w-]{10,}\."
    r"|taglight_session=|taglight_signin=|Bearer \S|\$argon2|[?&](code|state|nonce)="
    r"|[\w.+-]+@[\w-]+\.[a-z]{2,}",
    re.IGNORECASE,
)
# A machine that has other things to do is no failure.
settings.register_profile(
    "busy",
    settings.default,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("busy")

OTHERS = ("httpx", "httpcore", "asyncio", "hypothesis", "PIL", "playwright", "urllib3")


class Ears(logging.Handler):
    """Keeps the lines that nobody may ever write."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Listen to the product and to what it runs on; the tests' own clients are not it."""
        if not record.name.startswith(OTHERS) and SECRET.search(line := self.format(record)):
            self.heard.append(line)


def secrets_in_files(folder: Path) -> list[str]:
    """Return the lines of a folder's *.log files that nobody may ever write."""
    lines = (
        line
        for log in sorted(folder.glob("*.log"))
        for line in log.read_text("utf-8", "replace").splitlines()
    )
    return [line for line in lines if SECRET.search(line)]


@pytest.fixture(autouse=True)
def nothing_secret_is_logged(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail the test in which something secret was logged, at any level.

    Servers and workers in processes of their own write what they log to <name>.log in `tmp_path`.
    """
    folder = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    ears = Ears()
    root = logging.getLogger()
    root.addHandler(ears)
    yield
    root.removeHandler(ears)
    heard = ears.heard + (secrets_in_files(folder) if folder else [])
    assert heard == [], "secrets do not belong into logs"


recorded_calls.start()
# How fast a machine makes examples says nothing about the product.
settings.register_profile("taglight", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("taglight")
IS_WHOLE = pytest.StashKey[bool]()


@pytest.fixture(autouse=True)
def nothing_is_called_without_the_right() -> Iterator[None]:
    """Fail the test in which a function calls what template.yaml does not allow it."""
    with recorded_calls.nothing_forbidden():
        yield


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what was heard to the process that asked; fail where a right of the template is idle.

    That can only be known where every test has run.
    """
    config = session.config
    if hasattr(config, "workeroutput"):
        config.workeroutput["calls"] = recorded_calls.told()
    elif IS_WHOLE in config.stash and recorded_calls.unused() and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take in what a process of xdist has heard."""
    recorded_calls.learn(getattr(node, "workeroutput", {}).get("calls", {}))


def pytest_configure(config: pytest.Config) -> None:
    """Remember whether this is a run of the whole suite."""
    chosen = config.option.keyword or config.option.markexpr
    if config.args == config.getini("testpaths") and not chosen and not config.option.collectonly:
        config.stash[IS_WHOLE] = True


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Name the rights that no test has used."""
    if IS_WHOLE in terminalreporter.config.stash:
        for line in recorded_calls.unused():
            terminalreporter.line(f"template.yaml allows what no test calls: {line}")
