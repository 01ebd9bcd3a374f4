"""Where browsers find pictures in a bucket: at presigned addresses, not through the web app."""

from functools import lru_cache
from typing import TYPE_CHECKING

from catalog import keys
from webapp.media import VERSION, disposition
from webapp.picture_types import EXTENSIONS, SHOWN_BY_BROWSERS, normal_type
from webapp.s3_signing import Presigner, parameter

if TYPE_CHECKING:
    from catalog.reads import ImageRecord

# The address changes with the picture and with the hour, so what it leads to need not be asked for
# again. Amazon ignores parameters that begin with `x-`.
KEPT = parameter("response-cache-control", "private, max-age=7200, immutable") + "&x-v="


class S3Urls:
    """Implements MediaUrls with addresses that S3 answers itself, the same for an hour."""

    lasting = False

    def __init__(self, presigner: Presigner) -> None:
        self._presigner = presigner

    def thumbnail(self, record: "ImageRecord", width: int) -> str | None:
        """Return the URL of a thumbnail; what is in the trash shows its original, if it can."""
        if record.trash:
            shown = normal_type(record.content_type) in SHOWN_BY_BROWSERS
            return self.original(record) if shown else None
        ending = f"/{width}.webp"
        if not any(thumbnail.key.endswith(ending) for thumbnail in record.thumbnails):
            return None
        return self.thumbnail_of(record.id, record.key, record.etag, width)

    def thumbnail_of(self, image_id: str, key: str, etag: str, width: int) -> str:  # noqa: ARG002
        """Return the URL of a thumbnail that is known to be there."""
        version = etag[:VERSION].replace("-", "")
        return self._presigner.view(keys.thumbnail_key(key, width), KEPT + version)

    def original(self, record: "ImageRecord") -> str:
        """Return the URL of the original bytes, with the picture's name and a type that cannot run.

        What is no picture by its type is saved, not shown.
        """
        kind = normal_type(record.content_type)
        way = "inline" if kind in EXTENSIONS else "attachment"
        return self._bytes(record, way, kind)

    def download(self, record: "ImageRecord") -> str:
        """Return a URL under which the original is saved under the picture's name."""
        return self._bytes(record, "attachment", normal_type(record.content_type))

    def _bytes(self, record: "ImageRecord", way: str, kind: str) -> str:
        key = record.lies_at(record.key)
        return self._presigner.view(key, _answer_headers(way, kind, record.name))


@lru_cache(maxsize=1024)
def _answer_headers(way: str, kind: str, name: str) -> str:
    told = kind if kind in EXTENSIONS else "application/octet-stream"
    return parameter("response-content-disposition", disposition(way, name)) + parameter(
        "response-content-type", told
    )
