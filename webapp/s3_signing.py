"""Presigned addresses by Amazon's signature version 4, written for many at once.

All that is the same for all addresses of an hour is made once: the derived key, the head of the
query. What is left is one SHA-256 and one HMAC for each. tests compare with botocore's signer.
Described in "Authenticating Requests: Using Query Parameters" of the S3 API reference.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import quote

from catalog.clock import utc_now
from catalog.storage.s3_address import S3Address
from webapp.s3_credentials import Credentials

ALGORITHM = "AWS4-HMAC-SHA256"
VIEW_SECONDS = 2 * 3600
ROUNDED_TO_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Scope:
    """What all signatures of one moment by one access key share."""

    credentials: Credentials
    moment: datetime
    stamp: str  # the moment, as it is signed
    name: str  # day, region and service
    key: bytes

    @classmethod
    def of(cls, credentials: Credentials, moment: datetime, region: str) -> "Scope":
        """Derive the key of this day, region and service."""
        day = f"{moment:%Y%m%d}"
        key = b"AWS4" + credentials.secret_key.encode()
        for part in (day, region, "s3", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        stamp = f"{moment:%Y%m%dT%H%M%SZ}"
        return cls(credentials, moment, stamp, f"{day}/{region}/s3/aws4_request", key)

    def query(self, seconds: int, signed_headers: str) -> str:
        """Return the beginning of the query, in the order in which it is signed."""
        token = self.credentials.token
        return (
            f"X-Amz-Algorithm={ALGORITHM}"
            f"&X-Amz-Credential={_encoded(f'{self.credentials.access_key}/{self.name}')}"
            f"&X-Amz-Date={self.stamp}&X-Amz-Expires={seconds}"
            + (f"&X-Amz-Security-Token={_encoded(token)}" if token else "")
            + f"&X-Amz-SignedHeaders={_encoded(signed_headers)}"
        )

    def signature(self, canonical: str) -> str:
        """Sign a request that is written as Amazon wants it."""
        digest = sha256(canonical.encode()).hexdigest()
        to_sign = f"{ALGORITHM}\n{self.stamp}\n{self.name}\n{digest}"
        return hmac.digest(self.key, to_sign.encode(), "sha256").hex()


class Presigner:
    """Makes addresses that allow one request each, for the objects of one bucket."""

    def __init__(
        self,
        address: S3Address,
        credentials: Callable[[], Credentials],
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.address = address
        self._credentials = credentials
        self._clock = clock
        # The last scope of addresses to look at, with the head of their query.
        self._viewing: tuple[Scope, str] | None = None

    def view(self, key: str, extra: str = "") -> str:
        """Return an address to GET an object, the same for an hour.

        It is good for two hours from the full hour, or until the credentials end. `extra` is more
        of the query: encoded, names sorted and after `X-Amz-…`, with `&` before each.
        """
        scope, head = self._view_scope()
        path, query = self.address.path(key), head + extra
        canonical = f"GET\n{path}\n{query}\nhost:{self.address.host}\n\nhost\nUNSIGNED-PAYLOAD"
        signature = scope.signature(canonical)
        return f"{self.address.origin}{path}?{query}&X-Amz-Signature={signature}"

    def put(
        self, key: str, headers: Mapping[str, str], lifetime: timedelta
    ) -> tuple[str, datetime]:
        """Return an address to PUT an object with exactly these headers, and when it ends."""
        credentials, now = self._credentials(), self._clock().astimezone(UTC).replace(microsecond=0)
        scope = Scope.of(credentials, now, self.address.region)
        signed = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
        signed["host"] = self.address.host
        names = ";".join(sorted(signed))
        query = scope.query(int(lifetime.total_seconds()), names)
        lines = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
        path = self.address.path(key)
        signature = scope.signature(f"PUT\n{path}\n{query}\n{lines}\n{names}\nUNSIGNED-PAYLOAD")
        ends = now + lifetime
        if credentials.ends is not None:
            ends = min(ends, credentials.ends)
        return f"{self.address.origin}{path}?{query}&X-Amz-Signature={signature}", ends

    def _view_scope(self) -> tuple[Scope, str]:
        credentials, now = self._credentials(), self._clock()
        known = self._viewing
        if known is not None:
            age = (now - known[0].moment).total_seconds()
            if 0 <= age < ROUNDED_TO_SECONDS and known[0].credentials == credentials:
                return known
        moment = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        scope = Scope.of(credentials, moment, self.address.region)
        self._viewing = scope, scope.query(VIEW_SECONDS, "host")
        return self._viewing


def parameter(name: str, value: str) -> str:
    """Return one more parameter for `view`."""
    return f"&{name}={_encoded(value)}"


def _encoded(value: str) -> str:
    return quote(value, safe="-_.~")
