"""Where the server listens, and what is said where it cannot."""

import socket

import pytest

from cli.home import Home
from cli.serve import ServeError, check_host, compose, is_loopback, listening


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "127.5.5.5", "::1"])
def test_loopback_needs_no_permission(host: str) -> None:
    assert is_loopback(host)
    check_host(host, open_to_network=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", "", "1"])  # noqa: S104
def test_other_hosts_need_a_flag_that_says_what_it_does(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(ServeError, match=r"no sign-in.*--open-to-network"):
        check_host(host, open_to_network=False)
    check_host(host, open_to_network=True)


def test_a_sign_in_is_permission_enough() -> None:
    check_host("0.0.0.0", open_to_network=False, signs_in=True)  # noqa: S104


def test_a_taken_port_is_said_with_a_way_out() -> None:
    with listening("127.0.0.1", 0) as [listener]:
        port = listener.getsockname()[1]
        with (
            pytest.raises(ServeError, match=f"Port {port} is taken.*--port {port + 1}"),
            listening("127.0.0.1", port),
        ):
            pass


def test_a_host_that_is_not_here_is_said() -> None:
    with pytest.raises(ServeError, match="Cannot listen on"), listening("203.0.113.9", 0):
        pass


def test_listening_ends_with_the_block() -> None:
    with listening("127.0.0.1", 0) as [listener]:
        address = listener.getsockname()
        socket.create_connection(address, timeout=5).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=5)


@pytest.mark.parametrize(
    ("host", "allowed"),
    [("127.0.0.1", ()), ("0.0.0.0", ()), ("192.168.1.5", ("192.168.1.5",)), ("::2", ("[::2]",))],  # noqa: S104
)
def test_a_named_host_is_answered(home: Home, host: str, allowed: tuple[str, ...]) -> None:
    app = compose(home, host)
    assert app.state.services.settings.allowed_hosts == allowed
