"""Pictures as the catalog tells them, addresses and URLs, for tests of what the pages compute."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from catalog.document import Thumbnail
from catalog.keys import image_id
from catalog.query import parse
from catalog.records import ImageRecord
from webapp.addresses import Address

TODAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Urls:
    """Addresses of pictures that nobody fetches."""

    lasting = True

    def thumbnail(self, record: ImageRecord, width: int) -> str | None:
        return f"/media/{record.id}/{width}.webp" if record.thumbnails else None

    def thumbnail_of(self, image_id: str, key: str, etag: str, width: int) -> str:
        return f"/media/{image_id}/{width}.webp"

    def original(self, record: ImageRecord) -> str:
        return f"/media/{record.id}/original"

    def download(self, record: ImageRecord) -> str:
        return f"/media/{record.id}/original?download"


def picture(name: str = "rex.jpg", days_ago: int = 0, **changed: object) -> ImageRecord:
    key = f"uploads/2026/11/{name}"
    record = ImageRecord(
        id=image_id(key), key=key, name=name, status="tagged", error_code="", error_message="",
        content_type="image/jpeg", size=1000, width=400, height=300,
        uploaded_at=NOON - timedelta(days=days_ago), taken_at="", camera="", sha256="", etag="e",
        document_etag="", thumbnails=[Thumbnail("thumbs/x/320.webp", 320, 240)], color="#a1b2c3",
        labels=[("Dog", 98.3), ("Beach", 91.0), ("Sand", 70.0), ("Sea", 69.9)],
    )  # fmt: skip
    return replace(record, **changed)  # type: ignore[arg-type]


def search(text: str = "", low: float | None = None, sort: str = "newest") -> Address:
    return Address(parse(text), low, sort)
