"""Upload tickets: the right to send one picture of exactly these bytes, for a short time, once."""

import secrets
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from itsdangerous import BadSignature

from catalog.clock import utc_now
from catalog.errors import InvalidTicketError
from webapp.signing import signer

LIFETIME = timedelta(minutes=15)
UPLOAD_PATH = "/upload/"


@dataclass(frozen=True, slots=True)
class Upload:
    """What one ticket allows: the key, and the bytes that may be written there.

    `size` is in bytes, `sha256` hex ("" where the sender could not know it), `name` the file's
    name as the sender has it, `by` the user it is for ("" where nobody signs in).
    """

    key: str
    content_type: str
    size: int
    sha256: str
    name: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Ticket:
    """How to send the bytes: PUT to `url` (absolute, or a path of ours) with these headers."""

    url: str
    headers: dict[str, str]
    expires_at: datetime


class UploadTickets(Protocol):
    """Issues tickets; where the bytes go is the implementation's business."""

    @property
    def requires_sha256(self) -> bool:
        """Tell whether a ticket cannot be made without the SHA-256 of the bytes."""
        ...

    def issue(self, upload: Upload) -> Ticket:
        """Make a ticket for exactly this upload."""
        ...

    def announce(self, uploads: Sequence[Upload]) -> None:
        """Remember what tickets are handed out for, where a ticket cannot carry it along."""
        ...


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """A ticket that came back: genuine and in time, not yet known to be unused."""

    id: str
    upload: Upload
    expires_at: datetime


def checksum_header(sha256: str) -> dict[str, str]:
    """Return the header that carries a SHA-256 (hex) as S3 writes it; none for ""."""
    if not sha256:
        return {}
    return {"x-amz-checksum-sha256": b64encode(bytes.fromhex(sha256)).decode()}


class FolderTickets:
    """Tickets of the folder store: a signed token on a URL of the web app itself.

    `use_once(id, expires)` answers True the first time only, for all processes together.
    """

    requires_sha256 = False

    def __init__(
        self,
        secret: str | Sequence[str],
        use_once: Callable[[str, datetime], bool],
        *,
        clock: Callable[[], datetime] = utc_now,
        lifetime: timedelta = LIFETIME,
    ) -> None:
        self._use_once = use_once
        self._clock = clock
        self._lifetime = lifetime
        secrets_ = (secret,) if isinstance(secret, str) else secret
        self._signer = signer(secrets_, "upload ticket")

    def issue(self, upload: Upload) -> Ticket:
        """Make a ticket for exactly this upload."""
        expires = (self._clock() + self._lifetime).replace(microsecond=0)
        facts = [
            secrets.token_urlsafe(12),
            int(expires.timestamp()),
            upload.key,
            upload.content_type,
            upload.size,
            upload.sha256,
            upload.name,
            upload.by,
        ]
        headers = {"Content-Type": upload.content_type, "If-None-Match": "*"}
        headers |= checksum_header(upload.sha256)
        token = self._signer.dumps(facts)
        path = UPLOAD_PATH + (token if isinstance(token, str) else token.decode())
        return Ticket(path, headers, expires)

    def announce(self, uploads: Sequence[Upload]) -> None:
        """Do nothing: the ticket itself holds the name."""

    def open(self, token: str) -> OpenTicket:
        """Read a token that came back. Raises InvalidTicketError: forged, or out of time."""
        try:
            ticket_id, expiry, key, content_type, size, sha256, name, by = self._signer.loads(token)
        except (BadSignature, ValueError) as error:
            raise InvalidTicketError("This upload ticket is not one of ours.") from error
        expires = datetime.fromtimestamp(expiry, UTC)
        if self._clock() >= expires:
            raise InvalidTicketError("This upload ticket has expired: ask for a new one.")
        return OpenTicket(ticket_id, Upload(key, content_type, size, sha256, name, by), expires)

    def use(self, ticket: OpenTicket) -> None:
        """Take a ticket out of circulation. Raises InvalidTicketError when it was used before."""
        if not self._use_once(ticket.id, ticket.expires_at):
            raise InvalidTicketError("This upload ticket was used before: ask for a new one.")
