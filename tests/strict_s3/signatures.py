"""Signature version 4, checked as Amazon documents it, for requests signed in address or headers.

Written from "Signature Calculations for the Authorization Header" and "Authenticating Requests:
Using Query Parameters" of the S3 API reference; shares no code with what signs.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote

from tests.strict_s3.errors import RefusedError

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
LONGEST = 7 * 24 * 3600
SKEW = timedelta(minutes=15)
_AUTHORIZATION = re.compile(
    ALGORITHM + r" Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})"
)


@dataclass(frozen=True)
class Key:
    """Somebody's credentials; with a token they are temporary, and may have an end."""

    id: str
    secret: str
    token: str = ""
    ends: datetime | None = None


@dataclass(frozen=True)
class Signed:
    """A request as it came: the path and query raw, header names in lower case."""

    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return one header, several of one name joined."""
        found = [value for other, value in self.headers if other == name]
        return ",".join(found) if found else None

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """The query, decoded."""
        pairs = (part.partition("=") for part in self.query.split("&") if part)
        return [(unquote(name), unquote(value)) for name, _, value in pairs]


@dataclass(frozen=True)
class Claim:
    """What a request says about who signed it, and when."""

    credential: str
    signed: list[str]
    signature: str
    date: str
    payload: str
    presigned: bool


def verify(request: Signed, keys: dict[str, Key], region: str, presigned_now: datetime) -> str:
    """Return the service that the request was signed for. Raises RefusedError."""
    claim = _claim(request)
    parts = claim.credential.split("/")
    malformed = (
        "AuthorizationQueryParametersError" if claim.presigned else "AuthorizationHeaderMalformed"
    )
    if len(parts) != 5 or parts[4] != "aws4_request":
        raise RefusedError(malformed, "The credential is mal-formed.")
    key_id, day, signed_region, service = parts[:4]
    if signed_region != region:
        raise RefusedError(malformed, f"the region is wrong; expecting '{region}'")
    if day != claim.date[:8]:
        raise RefusedError(malformed, "Invalid credential date.")
    key = keys.get(key_id)
    if key is None:
        raise RefusedError("InvalidAccessKeyId", "There is no such access key.")
    _check_time(request, claim, key, presigned_now)
    _check_token(request, claim, key)
    _check_signed_headers(request, claim, service)
    if not hmac.compare_digest(_signature(request, claim, key, parts[1:]), claim.signature):
        raise RefusedError(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method.",
        )
    return service


def _claim(request: Signed) -> Claim:
    query = dict(request.parameters)
    header = request.header("authorization")
    if "X-Amz-Signature" in query and header:
        raise RefusedError("InvalidRequest", "Only one auth mechanism allowed.")
    if "X-Amz-Signature" in query or "X-Amz-Algorithm" in query:
        wanted = ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")
        if any(f"X-Amz-{name}" not in query for name in wanted):
            raise RefusedError(
                "AuthorizationQueryParametersError",
                "Query-string authentication version 4 requires the X-Amz-Algorithm, "
                "X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and "
                "X-Amz-Expires parameters.",
            )
        if query["X-Amz-Algorithm"] != ALGORITHM:
            raise RefusedError("AuthorizationQueryParametersError", "X-Amz-Algorithm is wrong.")
        return Claim(
            query["X-Amz-Credential"],
            query["X-Amz-SignedHeaders"].split(";"),
            query["X-Amz-Signature"],
            query["X-Amz-Date"],
            request.header("x-amz-content-sha256") or UNSIGNED,
            presigned=True,
        )
    if not header:
        raise RefusedError("AccessDenied", "Access Denied")
    match = _AUTHORIZATION.fullmatch(header)
    if not match:
        raise RefusedError("AuthorizationHeaderMalformed", "The authorization header is malformed.")
    payload = request.header("x-amz-content-sha256") or hashlib.sha256(request.body).hexdigest()
    date = request.header("x-amz-date") or ""
    return Claim(match[1], match[2].split(";"), match[3], date, payload, presigned=False)


def _check_time(request: Signed, claim: Claim, key: Key, presigned_now: datetime) -> None:
    try:
        signed_at = datetime.strptime(claim.date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise RefusedError("AccessDenied", "The date is not one.") from None
    now = datetime.now(UTC)
    if claim.presigned:
        now = presigned_now
        lifetime = dict(request.parameters)["X-Amz-Expires"]
        if not lifetime.isdigit() or not 0 < int(lifetime) <= LONGEST:
            raise RefusedError("AuthorizationQueryParametersError", "X-Amz-Expires is wrong.")
        if signed_at > now + SKEW:
            raise RefusedError("AccessDenied", "Request is not valid yet")
        if now >= signed_at + timedelta(seconds=int(lifetime)):
            raise RefusedError("AccessDenied", "Request has expired")
    elif abs(now - signed_at) > SKEW:
        raise RefusedError("RequestTimeTooSkewed", "The difference between the times is too large.")
    if key.ends and now >= key.ends:
        raise RefusedError("InvalidToken", "The provided token has expired.")


def _check_token(request: Signed, claim: Claim, key: Key) -> None:
    given = (
        dict(request.parameters).get("X-Amz-Security-Token")
        if claim.presigned
        else request.header("x-amz-security-token")
    )
    if (given or "") != key.token:
        raise RefusedError("InvalidToken", "The provided token is malformed or otherwise invalid.")


def _check_signed_headers(request: Signed, claim: Claim, service: str) -> None:
    if "host" not in claim.signed or claim.signed != sorted(claim.signed):
        raise RefusedError("SignatureDoesNotMatch", "The signed headers are wrong.")
    present = {name for name, _ in request.headers}
    unsigned = {name for name in present if name.startswith("x-amz-")} - set(claim.signed)
    if service == "s3" and unsigned:
        raise RefusedError(
            "AccessDenied",
            "There were headers present in the request which were not signed",
            HeadersNotSigned=", ".join(sorted(unsigned)),
        )
    missing = set(claim.signed) - present
    if missing:
        raise RefusedError("SignatureDoesNotMatch", f"Headers are missing: {sorted(missing)}")


def _signature(request: Signed, claim: Claim, key: Key, scope: list[str]) -> str:
    path = unquote(request.path) if scope[2] == "s3" else request.path
    query = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in request.parameters
        if not (claim.presigned and name == "X-Amz-Signature")
    )
    headers = [
        f"{name}:{' '.join((request.header(name) or '').split())}\n" for name in claim.signed
    ]
    canonical = "\n".join(
        [
            request.method,
            quote(path, safe="/-_.~"),
            "&".join(f"{name}={value}" for name, value in query),
            "".join(headers),
            ";".join(claim.signed),
            claim.payload,
        ]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = "\n".join([ALGORITHM, claim.date, "/".join(scope), digest])
    derived = b"AWS4" + key.secret.encode()
    for part in (*scope, to_sign):
        derived = hmac.new(derived, part.encode(), "sha256").digest()
    return derived.hex()
