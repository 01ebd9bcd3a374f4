"""Which hosts are answered and from where requests may come."""

import pytest

from webapp.origins import Authority, Gate

PUBLIC = Gate("https://pictures.example.org", ["nas.local", "tower:8080"])
LOCAL = Gate()


def authority(text: str) -> Authority:
    host = Authority.parse(text)
    assert host is not None
    return host


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8000", "localhost:1", "LOCALHOST:8000", "[::1]", "[::1]:8000"]
)
def test_loopback_is_answered_on_any_port(host: str) -> None:
    assert LOCAL.answers(authority(host), "http")


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "127.0.0.2", "localhost.", "[::2]", "192.0.2.1"],
)
def test_others_are_not(host: str) -> None:
    assert not LOCAL.answers(authority(host), "http")


@pytest.mark.parametrize(
    ("host", "answered"),
    [
        ("pictures.example.org", True),
        ("pictures.example.org:443", True),
        ("pictures.example.org:8443", False),
        ("nas.local", True),
        ("nas.local:5000", True),
        ("tower:8080", True),
        ("tower", False),
        ("tower:8081", False),
    ],
)
def test_hosts_of_the_operator(host: str, answered: bool) -> None:
    assert PUBLIC.answers(authority(host), "http") is answered


@pytest.mark.parametrize(
    "text",
    ["", " ", "a b", "user@localhost", "localhost:", "localhost:99999", "localhost:x", "a/b",
     "localhost,evil.example", "ｌocalhost", "[::1", "http://localhost"],
)  # fmt: skip
def test_what_is_no_host(text: str) -> None:
    assert Authority.parse(text) is None


def test_mistake_in_the_list_is_said_at_start() -> None:
    with pytest.raises(ValueError, match="TAGLIGHT_ALLOWED_HOSTS"):
        Gate(allowed_hosts=["http://nas.local"])


@pytest.mark.parametrize(
    ("origin", "same"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://127.0.0.1:8001", False),
        ("http://localhost:8000", False),
        ("https://127.0.0.1:8000", False),
        ("http://127.0.0.1", False),
        ("null", False),
        ("", False),
        ("http://127.0.0.1:8000/", False),
        ("http://127.0.0.1:8000@evil.example", False),
        ("file://", False),
        ("http://[::1", False),
    ],
)
def test_origin_is_the_host_itself(origin: str, same: bool) -> None:
    assert LOCAL.same_origin(origin, authority("127.0.0.1:8000"), "http") is same


def test_port_of_the_scheme_may_be_left_out() -> None:
    assert LOCAL.same_origin("http://localhost", authority("localhost:80"), "http")


def test_proxy_may_take_off_tls_of_the_public_address() -> None:
    host = authority("pictures.example.org")
    assert PUBLIC.same_origin("https://pictures.example.org", host, "http")
    assert not LOCAL.same_origin("https://localhost:8000", authority("localhost:8000"), "http")


def refused(method: str = "POST", host: str = "127.0.0.1:8000", **headers: str) -> bool:
    raw = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    return LOCAL.refusal(method, "http", authority(host), raw) is not None


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_what_changes_state_comes_from_here(method: str) -> None:
    assert not refused(method)
    assert not refused(method, origin="http://127.0.0.1:8000", sec_fetch_site="same-origin")
    assert not refused(method, sec_fetch_site="none")
    assert refused(method, origin="http://evil.example")
    assert refused(method, origin="null")
    assert refused(method, sec_fetch_site="cross-site")
    assert refused(method, sec_fetch_site="same-site")
    assert refused(method, origin="http://127.0.0.1:8000", sec_fetch_site="cross-site")


def test_without_both_a_cookie_is_not_enough() -> None:
    assert refused(cookie="taglight_session=abc")
    assert refused(cookie="other=1; taglight_session=abc")
    assert not refused(cookie="other=1")
    assert not refused(cookie="taglight_session=abc", authorization="Bearer abc")


def test_without_both_only_this_machine_or_a_token() -> None:
    assert refused(host="nas.local")
    assert not refused(host="nas.local", authorization="Bearer abc")


def test_reading_from_another_site() -> None:
    assert refused("GET", origin="http://evil.example")
    assert refused("GET", sec_fetch_site="cross-site", sec_fetch_mode="no-cors")
    assert refused(
        "GET", sec_fetch_site="cross-site", sec_fetch_mode="navigate", sec_fetch_dest="iframe"
    )
    assert not refused(
        "GET", sec_fetch_site="cross-site", sec_fetch_mode="navigate", sec_fetch_dest="document"
    )
    assert not refused("GET", sec_fetch_site="same-origin", sec_fetch_mode="no-cors")
