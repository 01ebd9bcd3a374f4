"""The forms on the picture page: delete, undo, retry, correct a label. Each answers with 303."""

from contextlib import suppress
from typing import Annotated
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse

from catalog import reads
from catalog.errors import ImageNotFoundError, KeyTakenError, NotInTrashError
from catalog.query import parse
from catalog.records import ImageRecord
from webapp.params import path_part, trash
from webapp.services import person, services_of

router = APIRouter(include_in_schema=False)

MAX_FORM_BYTES = 16 * 1024
MOST_RETRIED = 1000  # by one form; who has more asks again
SEARCH_FIELDS = ("q", "min", "sort")


async def form_fields(request: Request) -> dict[str, list[str]]:
    """Read a small form (application/x-www-form-urlencoded); what is beyond 16 KiB is not read."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            break
    return parse_qs(body[:MAX_FORM_BYTES].decode("utf-8", "replace"))


Form = Annotated[dict[str, list[str]], Depends(form_fields)]


@router.post("/images/{image_id}/delete")
def delete(request: Request) -> RedirectResponse:
    """Move a picture to the trash and go back to the gallery, where it can be undone."""
    image_id = path_part(request, "image_id")
    record = _record(request, image_id)
    if record.trash:
        raise ImageNotFoundError(image_id)
    services_of(request).library.delete(record.key)
    return _back(request, "/", deleted=image_id)


@router.post("/images/{image_id}/restore")
def restore(request: Request) -> RedirectResponse:
    """Take a picture back out of the trash and go to the gallery."""
    image_id = path_part(request, "image_id")
    folder = trash(request)
    record = _record(request, image_id, folder)
    home = "/trash" if "trash-page" in request.query_params else "/"
    try:
        services_of(request).library.restore(record.key, folder or None)
    except KeyTakenError:
        return _back(request, home, done="taken")
    except NotInTrashError:
        if record.trash:
            raise
    return _back(request, home, restored=image_id)


@router.post("/images/{image_id}/retry")
def retry(request: Request) -> RedirectResponse:
    """Ask for the picture to be tagged again and go back to it."""
    image_id = path_part(request, "image_id")
    record = _record(request, image_id)
    if record.trash:
        raise ImageNotFoundError(image_id)
    services_of(request).library.retry(record.key)
    return _back(request, f"/images/{image_id}", done="retry")


@router.post("/images/{image_id}/labels")
def edit_labels(request: Request, form: Form) -> RedirectResponse:
    """Add the labels in `add`, reject or take back those in `remove`; go back to the picture."""
    image_id = path_part(request, "image_id")
    record = _record(request, image_id)
    if record.trash:
        raise ImageNotFoundError(image_id)
    add = [name.strip() for name in form.get("add", []) if name.strip()]
    remove = [name for name in form.get("remove", []) if name.strip()]
    if add or remove:
        services_of(request).library.edit_labels(record.key, add, remove, person(request))
    return _back(request, f"/images/{image_id}")


@router.post("/retry-failed")
def retry_failed(request: Request) -> RedirectResponse:
    """Ask for pictures that failed to be tagged again, the newest first, and go back to them."""
    services = services_of(request)
    with services.database.reading() as conn:
        failed = reads.search(conn, parse("is:failed"), limit=MOST_RETRIED, counted=False).images
    for record in failed:
        # One that was deleted meanwhile needs no second try.
        with suppress(ImageNotFoundError):
            services.library.retry(record.key)
    return RedirectResponse(f"/?{urlencode({'q': 'is:failed', 'retried': len(failed)})}", 303)


def _record(request: Request, image_id: str, folder: str = "") -> ImageRecord:
    with services_of(request).database.reading() as conn:
        record = reads.get_image(conn, image_id, folder)
    if record is None:
        raise ImageNotFoundError(image_id)
    return record


def _back(request: Request, path: str, **extra: str) -> RedirectResponse:
    """Redirect to a page, keeping the search that the form was sent from."""
    kept = {name: request.query_params.get(name, "") for name in SEARCH_FIELDS}
    pairs = {name: value for name, value in kept.items() if value} | extra
    return RedirectResponse(f"{path}?{urlencode(pairs)}" if pairs else path, 303)
