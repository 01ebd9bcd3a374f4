"""How browsers send and fetch pictures of a library: through us, or straight at its bucket."""

from collections.abc import Sequence
from typing import NamedTuple

from catalog.announcements import Announcements
from catalog.storage.s3_address import address_of_environment
from cli.home import Home
from webapp.media import FolderUrls, MediaUrls
from webapp.s3_credentials import EnvironmentCredentials
from webapp.s3_signing import Presigner
from webapp.s3_tickets import S3Tickets
from webapp.s3_urls import S3Urls
from webapp.tickets import FolderTickets, UploadTickets


class Ways(NamedTuple):
    """Tickets to send, addresses to fetch, and the bucket's origin ("" for a folder)."""

    tickets: UploadTickets
    urls: MediaUrls
    origin: str


def ways_of(home: Home, secrets: Sequence[str]) -> Ways:
    """Return how pictures come and go in this home."""
    if home.bucket is None:
        return Ways(FolderTickets(secrets, home.journal.use_once), FolderUrls(), "")
    address = address_of_environment(home.bucket.bucket, home.bucket.region)
    presigner = Presigner(address, EnvironmentCredentials())
    tickets = S3Tickets(presigner, Announcements(home.database).keep)
    return Ways(tickets, S3Urls(presigner), address.origin)
