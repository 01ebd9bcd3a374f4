"""Who may talk to us: the hosts that are answered, and where a request may come from."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SESSION_COOKIES = ("taglight_session=", "__Host-taglight_session=")
DEFAULT_PORTS = {"http": 80, "https": 443}

_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?")


@dataclass(frozen=True, slots=True)
class Authority:
    """A host, with brackets where it is IPv6, and the port where one was given."""

    host: str
    port: int | None

    @classmethod
    @lru_cache(maxsize=256)
    def parse(cls, text: str) -> "Authority | None":
        """Read `host` or `host:port`; None for anything else."""
        match = _AUTHORITY.fullmatch(text.strip().lower())
        if not match or int(match[2] or 0) > 65535:
            return None
        return cls(match[1], int(match[2]) if match[2] else None)

    def with_port(self, scheme: str) -> tuple[str, int | None]:
        """Return host and port, the port being the scheme's own where none was given."""
        return self.host, self.port or DEFAULT_PORTS.get(scheme)


class Gate:
    """Decides on Host, Origin and Sec-Fetch-Site before a route sees the request."""

    def __init__(
        self, public_url: str = "", allowed_hosts: Iterable[str] = (), *, loopback: bool = True
    ) -> None:
        """`loopback`: the names of this machine are answered, as where the app runs on one."""
        self._public = urlsplit(public_url)
        self._any_port = set(LOOPBACK) if loopback else set()
        self._loopback = loopback
        self._with_port: set[tuple[str, int | None]] = set()
        if public := Authority.parse(self._public.netloc):
            self._with_port.add(public.with_port(self._public.scheme))
        for text in allowed_hosts:
            if (host := Authority.parse(text)) is None:
                raise ValueError(f"TAGLIGHT_ALLOWED_HOSTS holds {text!r}, which is no host name.")
            if host.port is None:
                self._any_port.add(host.host)
            else:
                self._with_port.add((host.host, host.port))

    def answers(self, host: Authority, scheme: str) -> bool:
        """Tell whether requests for this host are answered."""
        if host.host in self._any_port or host.with_port(scheme) in self._with_port:
            return True
        return (
            host.port is None and host.with_port(self._public.scheme or scheme) in self._with_port
        )

    def same_origin(self, origin: str, host: Authority, scheme: str) -> bool:
        """Tell whether an Origin header names the very site that the Host header asks for."""
        try:
            parts = urlsplit(origin)
        except ValueError:  # brackets that do not close
            return False
        claimed = Authority.parse(parts.netloc)
        if claimed is None or origin != f"{parts.scheme}://{parts.netloc}":
            return False
        if parts.scheme != scheme and parts.scheme != self._scheme_of(host, scheme):
            return False
        return claimed.with_port(parts.scheme) == host.with_port(parts.scheme)

    def _scheme_of(self, host: Authority, scheme: str) -> str:
        """Return the scheme people use for this host, which a proxy may have taken off."""
        public = Authority.parse(self._public.netloc)
        return self._public.scheme if public and public.host == host.host else scheme

    def refusal(
        self, method: str, scheme: str, host: Authority, headers: dict[bytes, bytes]
    ) -> str | None:
        """Return why a request is refused for where it comes from, or None when it is welcome."""
        origin = headers.get(b"origin")
        site = headers.get(b"sec-fetch-site", b"").decode("latin-1").lower()
        if origin is not None and not self.same_origin(origin.decode("latin-1"), host, scheme):
            return "This request comes from another site, and is refused."
        if method in SAFE_METHODS:
            navigates = headers.get(b"sec-fetch-mode") == b"navigate"
            embedded = headers.get(b"sec-fetch-dest") in (b"object", b"embed", b"iframe", b"frame")
            if site == "cross-site" and not (navigates and not embedded):
                return "Another site asked for this, and is refused."
            return None
        if site and site not in ("same-origin", "none"):
            return "This request comes from another site, and is refused."
        if origin is None and not site:
            return self._without_origin(host, headers)
        return None

    def _without_origin(self, host: Authority, headers: dict[bytes, bytes]) -> str | None:
        """No browser of today: scripts on this machine, and those with a token of their own."""
        if headers.get(b"authorization", b"")[:7].lower() == b"bearer ":
            return None
        cookies = [
            part.strip() for part in headers.get(b"cookie", b"").decode("latin-1").split(";")
        ]
        if any(cookie.strip().startswith(SESSION_COOKIES) for cookie in cookies):
            return "A request with a session must say where it comes from: send Origin."
        if self._loopback and host.host in LOOPBACK:
            return None
        return "A request from another machine must say where it comes from: send Origin."


def is_trustworthy(url: str) -> bool:
    """Tell whether an address is under TLS, or on this machine."""
    try:
        parts = urlsplit(url)
        host = Authority.parse(parts.netloc)
    except ValueError:
        return False
    if host is None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host.host in LOOPBACK)
