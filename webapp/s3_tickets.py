"""Upload tickets that lead straight to a bucket: S3 itself holds them to what they allow."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from catalog.announcements import Announcement
from webapp.s3_signing import Presigner
from webapp.tickets import LIFETIME, Ticket, Upload, checksum_header


class S3Tickets:
    """Implements UploadTickets with presigned PUTs.

    Signed are the key, `Content-Type`, `Content-Length`, `x-amz-checksum-sha256` and
    `If-None-Match: *`; so S3 refuses another type or size, damaged bytes, and overwriting.
    """

    requires_sha256 = True

    def __init__(
        self,
        presigner: Presigner,
        announce: Callable[[Sequence[Announcement]], None],
        *,
        lifetime: timedelta = LIFETIME,
    ) -> None:
        """`announce` remembers names, which a key does not hold (`Announcements.keep`)."""
        self._presigner = presigner
        self._announce = announce
        self._lifetime = lifetime

    def issue(self, upload: Upload) -> Ticket:
        """Make a ticket for exactly this upload; the browser sends the length by itself."""
        headers = {"Content-Type": upload.content_type, "If-None-Match": "*"}
        headers |= checksum_header(upload.sha256)
        signed = {**headers, "Content-Length": str(upload.size)}
        url, ends = self._presigner.put(upload.key, signed, self._lifetime)
        return Ticket(url, headers, ends)

    def announce(self, uploads: Sequence[Upload]) -> None:
        """Remember the names of what is about to be sent. Raises CatalogUnavailableError."""
        self._announce([Announcement(each.key, each.name, each.sha256) for each in uploads])
