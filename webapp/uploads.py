"""POST /api/uploads: look at what someone wants to send, and give a ticket for each file."""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urljoin

from fastapi import APIRouter
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from catalog import keys, reads
from catalog.clock import utc_now, utc_text
from catalog.errors import ObjectNotFoundError
from catalog.journeys import note
from catalog.storage.checksums import sha256_of
from webapp import params
from webapp.errors import RequestError
from webapp.image_json import json_response
from webapp.picture_types import KINDS, picture_type
from webapp.services import Services, services_of, subject
from webapp.tickets import Upload

router = APIRouter()

MOST_FILES = 100
LONGEST_NAME = 1000

_SHA256 = re.compile(r"[0-9a-f]{64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


def whole(value: object) -> object:
    """Return 5 for 5.0, which are the same number in JSON; anything else as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class FileToSend(BaseModel):
    """One file as its sender describes it: size in bytes, SHA-256 in hex where it is known."""

    model_config = ConfigDict(strict=True, defer_build=True)
    name: str
    size: Annotated[int, BeforeValidator(whole), Field(ge=0)]
    type: str | None = None
    sha256: str | None = None


class FilesToSend(BaseModel):
    """The body of POST /api/uploads."""

    model_config = ConfigDict(defer_build=True)
    files: list[FileToSend]


class RejectedError(Exception):
    """A file that will not be taken: a stable code and a sentence for a person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@router.post("/api/uploads")
async def request_tickets(request: Request) -> Response:
    """For each file: a ticket, the picture that has these bytes, or why it is not taken."""
    files = (await params.json_body(request, FilesToSend)).files
    params.at_most(files, MOST_FILES, "files")
    services = services_of(request)
    origin = f"{request.url.scheme}://{request.headers['host']}"
    if services.settings.public_url.partition("://")[2] == request.headers["host"].lower():
        origin = services.settings.public_url
    check_rate(services, request, len(files))
    await services.intake.do(services.intake.check)
    desk = Desk(services, origin, subject(request))
    answers = await services.intake.do(desk.answer, files)
    return json_response({"uploads": answers})


def check_rate(services: Services, request: Request, files: int) -> None:
    """Raise RequestError (429) where a user asks for more tickets than people ever do."""
    limit = services.ticket_limit
    wait = limit.wait(subject(request), files) if limit else 0
    if wait:
        raise RequestError(
            429, "This is faster than pictures are taken here: wait a moment.", retry_after=wait
        )


@dataclass
class Desk:
    """Deals with the files of one request; relative ticket URLs are made absolute with `origin`."""

    services: Services
    origin: str
    by: str = ""
    now: datetime = field(default_factory=utc_now)
    # What was handed out in this request: SHA-256 -> key, and all keys.
    promised: dict[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    announced: list[Upload] = field(default_factory=list)

    def answer(self, files: Iterable[FileToSend]) -> list[dict[str, Any]]:
        """Return the answer for each file, in order."""
        answers = []
        for file in files:
            try:
                answers.append({"name": file.name, **self._one(file)})
            except RejectedError as error:
                reason = {"code": error.code, "message": error.message}
                answers.append({"name": file.name, "status": "rejected", "error": reason})
        self.services.tickets.announce(self.announced)
        for upload in self.announced:
            note("ticket made", upload.key, size=upload.size)
        return answers

    def _one(self, file: FileToSend) -> dict[str, Any]:
        name = clean_name(file.name)
        content_type, extension = self._type(name, file)
        self._check_size(file.size)
        sha256 = self._checked_sha256(file.sha256)
        key = (self.promised.get(sha256) or key_of(self.services, sha256)) if sha256 else None
        if key:
            return {"status": "duplicate", "key": key, "id": keys.image_id(key)}
        key = self._new_key(name, sha256, extension)
        self.taken.add(key)
        if sha256:
            self.promised[sha256] = key
        upload = Upload(key, content_type, file.size, sha256, name, self.by)
        self.announced.append(upload)
        ticket = self.services.tickets.issue(upload)
        return {
            "status": "ready",
            "key": key,
            "id": keys.image_id(key),
            "method": "PUT",
            "url": urljoin(self.origin, ticket.url),
            "headers": ticket.headers,
            "expires_at": utc_text(ticket.expires_at),
        }

    def _type(self, name: str, file: FileToSend) -> tuple[str, str]:
        kind = picture_type(name, file.type or "")
        if kind is None:
            raise RejectedError(
                "unsupported_type", f"This is not a picture that can be taken: {KINDS} are."
            )
        return kind

    def _check_size(self, size: int) -> None:
        most = self.services.settings.max_upload_bytes
        if size == 0:
            raise RejectedError("empty", "This file is empty.")
        if size > most:
            raise RejectedError(
                "too_large", f"This file is too large: pictures may have {in_units(most)}."
            )

    def _checked_sha256(self, given: str | None) -> str:
        sha256 = (given or "").lower()
        if sha256 and not _SHA256.fullmatch(sha256):
            raise RejectedError("bad_sha256", "The SHA-256 is not 64 hexadecimal digits.")
        if not sha256 and self.services.tickets.requires_sha256:
            raise RejectedError("sha256_required", "The SHA-256 of the file is needed here.")
        return sha256

    def _new_key(self, name: str, sha256: str, extension: str) -> str:
        """Return a key for a new picture; where others have the same eight digits, random ones.

        A key of the very same bytes that the catalog does not know yet is kept: the PUT says so.
        """
        key = keys.new_upload_key(name, sha256 or secrets.token_hex(4), extension, self.now)
        while key in self.taken or self._is_of_others(key, sha256):
            key = keys.new_upload_key(name, secrets.token_hex(4), extension, self.now)
        return key

    def _is_of_others(self, key: str, sha256: str) -> bool:
        try:
            return sha256_of(self.services.store, key) != sha256
        except ObjectNotFoundError:
            return False


def key_of(services: Services, sha256: str) -> str | None:
    """Return the key of the live picture of this SHA-256 (hex), None where there is none.

    The store has the last word: nobody is told "already here" of a file that is gone, or was
    replaced, as far as the store can tell.
    """
    with services.database.reading() as conn:
        record = reads.find_by_sha256(conn, sha256)
    if record is None:
        return None
    try:
        there = sha256_of(services.store, record.key)
    except ObjectNotFoundError:
        return None
    return record.key if there in ("", sha256) else None


def clean_name(name: str) -> str:
    """Return a file's name for people: no folders, no control characters. Raises RejectedError."""
    leaf = name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    leaf = _CONTROL.sub(" ", leaf.encode("utf-8", "replace").decode()).strip()
    if not leaf or leaf in (".", ".."):
        raise RejectedError("bad_name", "This file has no name.")
    if len(name) > LONGEST_NAME:
        raise RejectedError(
            "bad_name", f"This file's name is too long: {LONGEST_NAME} characters are the most."
        )
    return leaf


def in_units(size: int) -> str:
    """Write a limit in bytes as people read it."""
    if size < 1024:
        return f"{size} bytes at most"
    if size < 1024 * 1024:
        return f"{size / 1024:.4g} KB at most"
    return f"{size / 1024 / 1024:.4g} MB at most"
