"""Pictures themselves: thumbnails and originals by id, with types that cannot run."""

from contextlib import ExitStack
from typing import TYPE_CHECKING, BinaryIO, Protocol
from urllib.parse import quote

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from catalog import keys, reads
from catalog.errors import ImageNotFoundError, ObjectNotFoundError
from catalog.storage import ObjectInfo
from webapp import params, ranges
from webapp.errors import RequestError
from webapp.params import path_part
from webapp.picture_types import EXTENSIONS, SHOWN_BY_BROWSERS, normal_type

if TYPE_CHECKING:
    from catalog.reads import ImageRecord
    from webapp.services import Services

router = APIRouter()

CHUNK = 256 * 1024
VERSION = 8  # digits of the ETag in a URL
FOR_EVER = "private, max-age=31536000, immutable"
# What an answer of bytes may do when it is opened as a page of its own: nothing.
MEDIA_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"


class MediaUrls(Protocol):
    """Where browsers find the bytes of a picture.

    `lasting`: a thumbnail's address is the same as long as the picture is.
    """

    lasting: bool

    def thumbnail(self, record: "ImageRecord", width: int) -> str | None:
        """Return the URL of the thumbnail of this nominal width, None while there is none."""
        ...

    def thumbnail_of(self, image_id: str, key: str, etag: str, width: int) -> str:
        """Return the URL of a thumbnail that is there, of a picture that is not in the trash."""
        ...

    def original(self, record: "ImageRecord") -> str:
        """Return the URL of the original bytes."""
        ...

    def download(self, record: "ImageRecord") -> str:
        """Return a URL under which the original is saved, not shown."""
        ...


class FolderUrls:
    """Addresses of our own media route, with a piece of the ETag so they can be kept."""

    lasting = True

    def thumbnail(self, record: "ImageRecord", width: int) -> str | None:
        """Return the URL of a thumbnail; in the trash the original stands in for a missing one."""
        ending = f"/{width}.webp"
        for thumbnail in record.thumbnails:
            if thumbnail.key.endswith(ending):
                address = self.thumbnail_of(record.id, record.key, record.etag, width)
                return address + _of_the_trash(record)
        shown = normal_type(record.content_type) in SHOWN_BY_BROWSERS
        return self.original(record) if record.trash and shown else None

    def thumbnail_of(self, image_id: str, key: str, etag: str, width: int) -> str:  # noqa: ARG002
        """Return the URL of a thumbnail that is known to be there."""
        return f"/media/{image_id}/{width}.webp?v={etag[:VERSION]}"

    def original(self, record: "ImageRecord") -> str:
        """Return the URL of the original bytes."""
        return f"/media/{record.id}/original?v={record.etag[:VERSION]}{_of_the_trash(record)}"

    def download(self, record: "ImageRecord") -> str:
        """Return a URL under which the original is saved."""
        return self.original(record) + "&download"


@router.get("/media/{image_id}/original")
def original(request: Request) -> Response:
    """The original bytes: a picture's are shown, others are saved, as all with `?download`."""
    image_id = path_part(request, "image_id")
    services: Services = request.app.state.services
    record = _find(services, image_id, params.trash(request))
    kind = normal_type(record.content_type)
    shown = kind in EXTENSIONS and "download" not in request.query_params
    headers = {
        "Content-Type": kind if kind in EXTENSIONS else "application/octet-stream",
        "Content-Disposition": disposition("inline" if shown else "attachment", record.name),
        "Accept-Ranges": "bytes",
    }
    return _stored(request, services, record.lies_at(record.key), headers)


@router.get("/media/{image_id}/{width}.webp")
def thumbnail(request: Request) -> Response:
    """A thumbnail of 320 or 1280 pixels."""
    image_id = path_part(request, "image_id")
    width = path_part(request, "width")
    if width not in map(str, keys.THUMBNAIL_WIDTHS):
        raise RequestError(404, "There are no thumbnails of this width.")
    services: Services = request.app.state.services
    record = _find(services, image_id, params.trash(request))
    key = record.lies_at(keys.thumbnail_key(record.key, int(width)))
    return _stored(request, services, key, {"Content-Type": "image/webp"}, record.etag)


def disposition(kind: str, name: str) -> str:
    """Return a Content-Disposition with the name as RFC 5987 writes it, and in ASCII too."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in name)
    exact = quote(name.encode("utf-8", "replace"), safe="")
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{exact}"


def _of_the_trash(record: "ImageRecord") -> str:
    """Return what an address says of a picture in the trash: others may have its key."""
    return f"&trash={keys.trash_stamp(record.trash)}" if record.trash else ""


def _find(services: "Services", image_id: str, trash: str) -> "ImageRecord":
    with services.database.reading() as conn:
        record = reads.get_image(conn, image_id, trash)
    if record is None:
        raise ImageNotFoundError(image_id)
    return record


def _stored(
    request: Request, services: "Services", key: str, headers: dict[str, str], version: str = ""
) -> Response:
    """Answer with an object, whole or in part; `version` is the ETag that its URL holds."""
    with ExitStack() as stack:
        try:
            file, info = stack.enter_context(services.store.open(key))
        except ObjectNotFoundError as error:
            raise RequestError(404, "This file is not there any more.") from error
        etag = f'"{info.etag}"'
        current = request.query_params.get("v") == (version or info.etag)[:VERSION]
        headers = headers | {
            "ETag": etag,
            "Cache-Control": FOR_EVER if current else "private, no-cache",
            "Content-Security-Policy": MEDIA_POLICY,
        }
        if ranges.is_fresh(request.headers, etag):
            return Response(status_code=304, headers=headers)
        if "Accept-Ranges" not in headers:
            return Response(file.read(), headers=headers)
        return _streamed(request, file, info, headers, stack.pop_all())


def _streamed(
    request: Request, file: BinaryIO, info: ObjectInfo, headers: dict[str, str], stack: ExitStack
) -> Response:
    try:
        part = ranges.part(request.headers, headers["ETag"], info.size)
    except ranges.UnsatisfiableRangeError:
        stack.close()
        return Response(status_code=416, headers={"Content-Range": f"bytes */{info.size}"})
    first, end = part or (0, info.size)
    if part:
        headers = headers | {"Content-Range": f"bytes {first}-{end - 1}/{info.size}"}
    headers = headers | {"Content-Length": str(end - first)}
    return StoredObject(file, first, end, stack, 206 if part else 200, headers)


class StoredObject(Response):
    """Sends a part of an open file piece by piece, and closes it whatever happens."""

    def __init__(
        self,
        file: BinaryIO,
        first: int,
        end: int,
        stack: ExitStack,
        status: int,
        headers: dict[str, str],
    ) -> None:
        super().__init__(None, status, headers)
        self._file, self._first, self._end, self._stack = file, first, end, stack

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send the headers, then the bytes."""
        with self._stack:
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
            await run_in_threadpool(self._file.seek, self._first)
            left = self._end - self._first
            while left:
                chunk = await run_in_threadpool(self._file.read, min(CHUNK, left))
                if not chunk:
                    raise EOFError("The file became shorter while it was sent.")
                left -= len(chunk)
                await send({"type": "http.response.body", "body": chunk, "more_body": bool(left)})
            if self._end == self._first:
                await send({"type": "http.response.body", "body": b""})
