"""`taglight serve`: the web app in this process, the worker in another."""

import contextlib
import errno
import ipaddress
import resource
import signal
import socket
import sys
from collections.abc import Iterator
from typing import Any

import typer
import uvicorn
from pydantic import SecretStr, ValidationError

from catalog.errors import TaglightError
from catalog.facets import begin_loading
from catalog.library import Library
from catalog.settings import settings_error
from cli import logs
from cli.home import Home, LibraryError, open_home
from cli.http_protocol import MOST_CONNECTIONS, PatientProtocol
from cli.locks import only_one
from cli.serving import ways_of
from cli.supervisor import Supervisor, worker_command
from webapp.app import create_app
from webapp.intake import Intake
from webapp.settings import WebSettings, local_secret

DRAIN_SECONDS = 3


class ServeError(TaglightError):
    """The server cannot start; the message says what to do."""


def serve(library: str, host: str, port: int, *, worker: bool, open_to_network: bool) -> None:
    """Serve the library until stopped. Raises TaglightError where it cannot begin."""
    logs.configure("serve")
    allow_open_files()
    settings = web_settings()
    check_host(host, open_to_network, signs_in=settings.needs_sign_in)
    home = open_home(library, may_only_read=True)
    sentence = (
        f"Taglight already serves the library {home.library}: look for its other window, "
        "or end that process first."
    )
    with only_one(home.ours / "serve.lock", sentence), listening(host, port) as sockets:
        app = compose(home, host, settings)
        with contextlib.ExitStack() as stack:
            stack.enter_context(_ended_by_signals())
            if worker:
                stack.enter_context(Supervisor(worker_command(home.library)))
            begin_loading(home.database)
            _announce(home, host, sockets[0].getsockname()[1], signs_in=settings.needs_sign_in)
            config = uvicorn.Config(
                app,
                log_level="warning",
                http=PatientProtocol,
                ws="none",
                access_log=False,  # addresses with tickets in them are never logged
                server_header=False,
                timeout_graceful_shutdown=DRAIN_SECONDS,
            )
            uvicorn.Server(config).run(sockets=sockets)
    home.close()


def allow_open_files(wanted: int = 4 * MOST_CONNECTIONS) -> None:
    """Let this process have as many files open as its connections may need, where it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def web_settings() -> WebSettings:
    """Read the settings. Raises SettingsError, whose sentences name what to change."""
    try:
        return WebSettings()
    except ValidationError as error:
        raise settings_error(error) from error


def compose(home: Home, host: str, settings: WebSettings | None = None) -> Any:
    """Return the web app of this home. Raises SettingsError."""
    settings = settings or web_settings()
    if not is_loopback(host) and host not in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        named = f"[{host}]" if ":" in host else host
        settings = settings.model_copy(
            update={"allowed_hosts": (*settings.allowed_hosts, named.lower())}
        )
    try:
        secrets = settings.secrets or (local_secret(home.ours),)
    except OSError as error:
        raise LibraryError(
            f"The folder {home.ours} cannot be written: {error.strerror}."
        ) from error
    settings = settings.model_copy(update={"session_secret": SecretStr(",".join(secrets))})
    ways = ways_of(home, secrets)
    return create_app(
        settings,
        home.store,
        home.database,
        home.indexer,
        Library(home.store, home.indexer, home.journal),
        ways.tickets,
        ways.urls,
        bucket_origin=ways.origin,
        intake=Intake(
            space=home.folder.space if home.folder else None,
            reserve=settings.disk_reserve,
            waiting=home.journal.sent_by_people,
            most_waiting=settings.most_waiting,
        ),
        only_read=home.only_read,
    )


def check_host(host: str, open_to_network: bool, *, signs_in: bool = False) -> None:
    """Raise ServeError for a host that others can reach without a sign-in, unless that is meant."""
    if not is_loopback(host) and not open_to_network and not signs_in:
        raise ServeError(
            f"On {host} everyone who can reach this machine could see, add and delete pictures: "
            "there is no sign-in. Set one up (docs/sign-in.md: `taglight password` is the short "
            "way), or add --open-to-network if that is what you want."
        )


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach this host."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[list[socket.socket]]:
    """Listen on this address. Raises ServeError with what to do where that is not possible."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ServeError(
                f"Port {port} is taken by another program. "
                f"Choose another one, such as --port {port + 1 if port < 65535 else 8000}."
            ) from error
        if error.errno == errno.EACCES:
            raise ServeError(
                f"Port {port} is reserved for the system. Choose one above 1023."
            ) from error
        raise ServeError(f"Cannot listen on {host}, port {port}: {error.strerror}.") from error
    except OverflowError as error:
        raise ServeError("A port is a number from 0 to 65535.") from error
    with listener:
        yield [listener]


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """End in order on SIGTERM and Ctrl+C: the server raises them again when it has drained."""

    def leave(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)


def _announce(home: Home, host: str, port: int, *, signs_in: bool) -> None:
    named = f"[{host}]" if ":" in host else host
    typer.echo(f"Taglight is on http://{named}:{port}")
    typer.echo(f"Pictures are kept in {home.library}. Press Ctrl+C to stop.")
    if home.only_read:
        typer.echo(
            "This library cannot be written, so nothing is added, changed or tagged. "
            f"Its catalog is kept in {home.ours}."
        )
    if not is_loopback(host) and not signs_in:
        typer.echo("Everyone who can reach this machine may see, add and delete pictures.")
    sys.stdout.flush()
