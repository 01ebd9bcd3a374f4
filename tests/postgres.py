"""A PostgreSQL of the tests' own: in a temporary folder, on a socket in it, ended with them."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

BINARIES = "/usr/lib/postgresql/*/bin"
USER = "taglight"
STARTS_WITHIN = 60.0  # seconds
# Nothing here outlives the tests, so nothing waits for the disk.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "64MB",
}


@dataclass
class Cluster:
    """One server, which can be stopped and started again on the same data."""

    folder: Path
    binaries: Path
    settings: dict[str, str]
    process: subprocess.Popen[bytes] | None = None

    @classmethod
    def make(cls, folder: Path, **settings: str) -> "Cluster":
        """Make the files of a cluster in an empty folder; it is not started yet."""
        made = cls(folder, binaries(), SETTINGS | settings)
        command = ["initdb", "-D", str(folder / "data"), "-U", USER, "-A", "trust"]
        made._run(*command, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        return made

    def url(self, database: str = "postgres") -> str:
        """Return the CATALOG_URL of one database of the cluster."""
        return f"postgresql://{USER}@/{database}?host={self.folder}"

    def start(self) -> None:
        """Start and wait until it answers. Raises AssertionError with its log where it does not."""
        command = ["postgres", "-D", str(self.folder / "data"), "-k", str(self.folder)]
        for name, value in self.settings.items():
            command += ["-c", f"{name}={value}"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self._command(*command), cwd=self.folder, stdout=log, stderr=log
            )
        deadline = time.monotonic() + STARTS_WITHIN
        while not self._answers():
            log_text = (self.folder / "log").read_text
            assert self.process.poll() is None, f"PostgreSQL stopped:\n{log_text()}"
            assert time.monotonic() < deadline, f"PostgreSQL is not up:\n{log_text()}"
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End the server: SIGINT drops its clients, SIGQUIT leaves as a crash would."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(STARTS_WITHIN)
            self.process = None

    def create(self, database: str, *, language: str = "") -> str:
        """Make an empty database and return its CATALOG_URL; sorted as a language is, or not."""
        sorting = ["--locale-provider=icu", f"--icu-locale={language}", "--template=template0"]
        command = ["createdb", "-h", str(self.folder), "-U", USER, database]
        self._run(*command, *(sorting if language else []))
        return self.url(database)

    def _answers(self) -> bool:
        command = self._command("pg_isready", "-q", "-h", str(self.folder), "-d", "postgres")
        return subprocess.run(command, cwd=self.folder, check=False).returncode == 0

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            self._command(*command), cwd=self.folder, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()

    def _command(self, name: str, *arguments: str) -> list[str]:
        """Return a command line; the server refuses root, so root takes another user's place."""
        command = [str(self.binaries / name), *arguments]
        if os.geteuid() != 0:
            return command
        setpriv = ["setpriv", f"--reuid={_user()}", "--clear-groups", f"--regid={_user()}"]
        return [*setpriv, *command]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A server for these tests; skipped where PostgreSQL is not installed, on CI that fails."""
    binaries()  # skips before anything is made
    cluster = Cluster.make(temporary_folder())
    try:
        cluster.start()
        yield cluster
    finally:
        remove(cluster)


def binaries() -> Path:
    """Return the folder of the newest server; skips where there is none, on CI that fails."""
    found = sorted(Path("/").glob(BINARIES[1:]), key=lambda path: float(path.parent.name))
    if found:
        return found[-1]
    reason = "PostgreSQL is not installed (Debian: apt-get install postgresql)"
    if os.environ.get("CI"):
        pytest.fail(f"{reason}: on CI nothing is skipped.")
    pytest.skip(reason)


def temporary_folder() -> Path:
    """Make a folder with a path short enough for a socket, that the server may enter."""
    folder = Path(tempfile.mkdtemp(prefix="taglight-postgres-"))
    _give(folder)
    return folder


def remove(cluster: Cluster) -> None:
    """End a cluster and remove its files."""
    cluster.stop(signal.SIGQUIT)
    shutil.rmtree(cluster.folder, ignore_errors=True)


def _user() -> str:
    """Return the user that stands in for root: Debian's own, else the one who owns nothing."""
    known = Path("/etc/passwd").read_text("utf-8")
    return "postgres" if known.startswith("postgres:") or "\npostgres:" in known else "65534"


def _give(folder: Path) -> None:
    if os.geteuid() == 0:
        user = _user()
        shutil.chown(folder, user if user == "postgres" else int(user))
