"""PUT /upload/<ticket>: the folder store's side of a ticket, which S3 plays on AWS.

Five things are enforced: the key, the content type, the length, the checksum, and that nothing is
overwritten. The bytes go through in pieces; the picture is there whole or not at all.
"""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from catalog import keys
from catalog.errors import (
    ContentMismatchError,
    InvalidTicketError,
    KeyTakenError,
    ObjectNotFoundError,
)
from catalog.journeys import note
from catalog.storage import ObjectInfo
from webapp.errors import RequestError
from webapp.image_json import json_response
from webapp.params import path_part
from webapp.services import Services, services_of, subject
from webapp.tickets import UPLOAD_PATH, FolderTickets, OpenTicket, Upload, checksum_header
from webapp.uploads import key_of

router = APIRouter()

PIECE = 512 * 1024  # bytes handed to the disk at once
# A sender who brings less than this in so many seconds is given up; sooner where others wait.
LEAST_BYTES = 16 * 1024
IDLE_SECONDS, HURRIED_SECONDS = 30.0, 5.0
_LOOK_SECONDS = 1.0


class ObjectWriter(Protocol):
    """Takes an object piece by piece; nothing is visible before `commit`."""

    def write(self, chunk: bytes) -> None:
        """Append bytes. Raises ContentMismatchError at one byte too many."""
        ...

    def commit(self) -> ObjectInfo:
        """Check and publish. Raises ContentMismatchError, KeyTakenError."""
        ...


@runtime_checkable
class ReceivingStore(Protocol):
    """A store that can be written piece by piece."""

    def writer(
        self, key: str, *, size: int, sha256: str | None, if_none_match: bool = True
    ) -> AbstractContextManager[ObjectWriter]:
        """Open a new object of this size in bytes and SHA-256 (hex) for writing."""
        ...


@router.put(UPLOAD_PATH + "{token}")
async def receive(request: Request) -> Response:
    """Take the bytes of one picture: 201, or 200 with the picture that has them already."""
    token = path_part(request, "token")
    services = services_of(request)
    tickets = services.tickets
    if not isinstance(tickets, FolderTickets):
        raise RequestError(404, "Pictures are not sent here.")
    ticket = tickets.open(token)
    if ticket.upload.by != subject(request):
        raise InvalidTicketError("This upload ticket is for someone else.")
    check_headers(request, ticket.upload)
    try:
        return await Reception(services, tickets, ticket).take(request)
    except KeyTakenError as error:
        raise await run_in_threadpool(_taken, services, ticket.upload) from error


def check_headers(request: Request, upload: Upload) -> None:
    """Raise InvalidTicketError where the request is not the one that the ticket is for."""
    given = request.headers.get("content-type", "").strip().lower()
    if given != upload.content_type:
        raise InvalidTicketError("This upload ticket is for another content type.")
    if request.headers.get("content-length", "") != str(upload.size):
        raise InvalidTicketError("This upload ticket is for another length.")
    for name, value in checksum_header(upload.sha256).items():
        if request.headers.get(name) != value:
            raise InvalidTicketError(f"Send the header {name} as the upload ticket gives it.")
    if request.headers.get("if-none-match") != "*":
        raise InvalidTicketError("Send the header If-None-Match as the upload ticket gives it.")


class Reception:
    """Takes in the bytes of one ticket."""

    def __init__(self, services: Services, tickets: FolderTickets, ticket: OpenTicket) -> None:
        self._services = services
        self._tickets = tickets
        self._ticket = ticket
        self._upload = ticket.upload
        self._digest = hashlib.sha256()

    async def take(self, request: Request) -> Response:
        """Stream the body into the store and answer. Raises TaglightError, RequestError."""
        store, upload = self._services.store, self._upload
        if not isinstance(store, ReceivingStore):
            raise RequestError(404, "Pictures are not sent here.")
        intake = self._services.intake
        async with intake.turn():
            with (
                intake.room(upload.size),
                store.writer(upload.key, size=upload.size, sha256=upload.sha256 or None) as writer,
            ):
                async for piece in pieces(request, lambda: intake.is_crowded):
                    await intake.do(self._write, writer, piece)
                return await intake.do(self._finish, writer)

    def _write(self, writer: ObjectWriter, piece: bytes) -> None:
        self._digest.update(piece)
        writer.write(piece)

    def _finish(self, writer: ObjectWriter) -> Response:
        """Publish what was received, unless these bytes are here already under another key."""
        upload, sha256 = self._upload, self._digest.hexdigest()
        if upload.sha256 and upload.sha256 != sha256:
            raise ContentMismatchError(upload.key, "checksum")
        if not upload.sha256:
            there = key_of(self._services, sha256)
            if there is not None:
                return answer(there, "duplicate", 200)
        self._tickets.use(self._ticket)
        info = writer.commit()
        note("received", upload.key, size=info.size)
        self._services.indexer.mark_pending(
            upload.key, name=upload.name, sha256=sha256, size=info.size
        )
        return answer(upload.key, "pending", 201)


def answer(key: str, status: str, code: int) -> Response:
    """Say under which key the picture is, and how it stands with it."""
    return json_response({"key": key, "id": keys.image_id(key), "status": status}, code)


async def pieces(
    request: Request, is_crowded: Callable[[], bool] = lambda: False
) -> AsyncIterator[bytes]:
    """Yield the body in pieces of a good size. Raises RequestError (408) for a sleeper.

    Only the time counts in which we wait for the sender, never that in which the disk writes.
    """
    gathered = bytearray()
    async for chunk in _awake(request.stream(), is_crowded):
        gathered += chunk
        if len(gathered) >= PIECE:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)


async def _awake(
    stream: AsyncIterator[bytes], is_crowded: Callable[[], bool]
) -> AsyncIterator[bytes]:
    """Yield what comes as long as enough of it comes."""
    waited, brought = 0.0, 0
    while True:
        following = asyncio.ensure_future(anext(stream, None))
        try:
            while not following.done():
                began = time.monotonic()
                patience = HURRIED_SECONDS if is_crowded() else IDLE_SECONDS
                if waited >= patience:
                    raise RequestError(408, "Too little has arrived: please send again.")
                pause = min(_LOOK_SECONDS, patience - waited)
                await asyncio.wait({following}, timeout=pause)
                waited += time.monotonic() - began
            chunk = following.result()
        finally:
            following.cancel()
        if chunk is None:
            return
        brought += len(chunk)
        if brought >= LEAST_BYTES:
            waited, brought = 0.0, 0
        yield chunk


def _taken(services: Services, upload: Upload) -> RequestError:
    """Say that the key is there, and whether with the very bytes of this ticket."""
    try:
        same = bool(upload.sha256) and services.store.head(upload.key).etag == upload.sha256
    except ObjectNotFoundError:
        same = False
    sentence = (
        "This picture is here already."
        if same
        else "Another picture has this place now: ask for a new upload ticket."
    )
    return RequestError(
        412, sentence, key=upload.key, id=keys.image_id(upload.key), same_content=same
    )
