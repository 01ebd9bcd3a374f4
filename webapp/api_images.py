"""/api/images: search, one picture, its status, and what people do to it."""

import json
from typing import Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from catalog import keys, query, reads
from catalog.document import Document, read_document
from catalog.errors import DocumentError, ImageNotFoundError, InvalidKeyError, ObjectNotFoundError
from catalog.records import ImageRecord
from catalog.terms import DEFAULT_MIN, shows_trash
from webapp import image_json, params
from webapp.services import Services, person, services_of

router = APIRouter(prefix="/api/images")

MOST_KEYS = 100
MOST_NAMES = 100


class Edit(BaseModel):
    """The body of PATCH …/labels: names to add and names to take away."""

    model_config = ConfigDict(strict=True, defer_build=True)
    add: list[str] = Field(default_factory=list, max_length=MOST_NAMES)
    remove: list[str] = Field(default_factory=list, max_length=MOST_NAMES)


class Keys(BaseModel):
    """The body of POST /api/images/status."""

    model_config = ConfigDict(strict=True, defer_build=True)
    keys: list[str]


async def edit_body(request: Request) -> Edit:
    """Read the body of a correction."""
    return await params.json_body(request, Edit)


async def search(request: Request) -> Response:
    """The pictures that a search finds, a page at a time."""
    asked = query.parse(params.text(request, "q"))
    if reads.answers_at_once(services_of(request).database, asked):
        # Handing it to a thread and back takes as long as the answer.
        return search_now(request, asked)
    return await run_in_threadpool(search_now, request, asked)


class PlainRoute(Route):
    """A route without what FastAPI does for its own; the log can name it all the same."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether this is asked for; `scope["route"]` is where FastAPI's routes stand, too."""
        match, found = super().matches(scope)
        return match, found and {**found, "route": self}


# It is asked for more than all others, so the app has it first.
search_route = PlainRoute("/api/images", search, include_in_schema=False)


def search_now(request: Request, asked: query.Query) -> Response:
    """Read one page and answer with it."""
    services = services_of(request)
    low = params.percent(request)
    sort, cursor = params.sort(request), params.cursor(request)
    limit = params.limit(request, params.PAGE, params.LARGEST_PAGE)
    shown_from = DEFAULT_MIN if low is None else low
    with services.database.reading() as conn:
        if not shows_trash(asked):
            cards = reads.search_cards(
                conn, asked, min=low, sort=sort, limit=limit, cursor=cursor
            )  # fmt: skip
            return image_json.cards_json(cards, services.urls, shown_from)
        page = reads.search(conn, asked, min=low, sort=sort, limit=limit, cursor=cursor)
    images = [image_json.summary(record, services.urls, shown_from) for record in page.images]
    return image_json.json_response(
        {
            "images": images,
            "next": page.next,
            "total": page.total,
            "total_is_exact": page.total_is_exact,
        }
    )


@router.post("/status")
async def statuses(request: Request) -> Response:
    """Where each of these keys stands on its way from sent to tagged."""
    asked = (await params.json_body(request, Keys)).keys
    params.at_most(asked, MOST_KEYS, "keys")
    answer = await run_in_threadpool(read_statuses, services_of(request), asked)
    return image_json.json_response({"images": answer})


def read_statuses(services: Services, asked: list[str]) -> list[dict[str, Any]]:
    """Return the status of each key, in order; a key that is no key at all is unknown too."""
    possible = [key for key in asked if is_possible(key)]
    with services.database.reading() as conn:
        found = reads.statuses(conn, possible)
    answer: list[dict[str, Any]] = []
    for key in asked:
        record = found.get(key)
        if record is not None:
            status, error = record.status, image_json.error_json(record)
            answer.append({"key": key, "id": record.id, "status": status, "error": error})
        else:
            image_id = keys.image_id(key) if is_possible(key) else None
            answer.append({"key": key, "id": image_id, "status": "unknown", "error": None})
    return answer


def is_possible(key: str) -> bool:
    """Tell whether any store could hold this key."""
    try:
        keys.check_key(key)
    except InvalidKeyError:
        return False
    return True


@router.get("/{image_id}")
def show(request: Request) -> Response:
    """One picture, live or in the trash, with all that is known of it."""
    image_id = params.path_part(request, "image_id")
    services = services_of(request)
    record = find(services, image_id, params.trash(request))
    return image_json.json_response(describe(services, record))


@router.patch("/{image_id}/labels")
def correct(request: Request, edit: Edit = Depends(edit_body)) -> Response:  # noqa: B008
    """A person's corrections of the labels; the answer is the picture as it is then."""
    image_id = params.path_part(request, "image_id")
    services = services_of(request)
    record = find_live(services, image_id)
    if edit.add or edit.remove:
        services.library.edit_labels(record.key, edit.add, edit.remove, person(request))
    return image_json.json_response(describe(services, find_live(services, image_id)))


@router.delete("/{image_id}")
def delete(request: Request) -> Response:
    """Move a picture to the trash."""
    image_id = params.path_part(request, "image_id")
    services = services_of(request)
    services.library.delete(find_live(services, image_id).key)
    return Response(status_code=204)


@router.post("/{image_id}/restore")
def restore(request: Request) -> Response:
    """Bring a picture back from the trash."""
    image_id = params.path_part(request, "image_id")
    services = services_of(request)
    folder = params.trash(request)
    services.library.restore(find(services, image_id, folder).key, folder or None)
    return image_json.json_response(describe(services, find_live(services, image_id)))


@router.post("/{image_id}/retry")
def retry(request: Request) -> Response:
    """Ask for a picture to be tagged again."""
    image_id = params.path_part(request, "image_id")
    services = services_of(request)
    record = find_live(services, image_id)
    services.library.retry(record.key)
    return image_json.json_response({"key": record.key, "id": record.id}, 202)


def find(services: Services, image_id: str, trash: str = "") -> ImageRecord:
    """Return the picture of this id, the live before the trashed, or that in a folder of the trash.

    Raises ImageNotFoundError.
    """
    with services.database.reading() as conn:
        record = reads.get_image(conn, image_id, trash)
    if record is None:
        raise ImageNotFoundError(image_id)
    return record


def find_live(services: Services, image_id: str) -> ImageRecord:
    """Return the picture of this id that is not in the trash. Raises ImageNotFoundError."""
    record = find(services, image_id)
    if record.trash:
        raise ImageNotFoundError(image_id)
    return record


def describe(services: Services, record: ImageRecord) -> dict[str, Any]:
    """Return all that is known of a picture, with its document as it stands in the store now."""
    document: Document | None = None
    raw: Any = None
    try:
        source, _ = services.store.read(record.document_key)
        raw = json.loads(source)
        document = read_document(source)
    except (ObjectNotFoundError, DocumentError, ValueError, RecursionError):
        pass  # the record says what is known without it
    return image_json.detail(record, services.urls, document, raw)
