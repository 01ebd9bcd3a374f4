"""The trash: a page with forms that put back, and that delete for good what is confirmed."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from catalog import reads
from catalog.errors import ImageNotFoundError, KeyTakenError, NotInTrashError
from catalog.keys import folder_of_stamp
from catalog.query import parse
from webapp.addresses import Address
from webapp.errors import RequestError
from webapp.page_actions import Form
from webapp.params import path_part, text, trash
from webapp.rendering import render
from webapp.services import Services, services_of
from webapp.trash_view import Trash
from webapp.view_models import Message, now_utc
from webapp.wording import pictures

router = APIRouter(include_in_schema=False)

PAGE_SIZE = 60
# A form is answered within the time that Lambda has; who has more in the trash asks again.
MOST_SECONDS = 10.0


@router.get("/trash")
def show_trash(request: Request) -> HTMLResponse:
    """Show what was deleted, the last first."""
    services = services_of(request)
    before = folder_of_stamp(text(request, "before"))
    with services.database.reading() as conn:
        total = reads.count(conn, parse("is:trashed")).number
        records = reads.trashed(conn, PAGE_SIZE + 1, before)
        shown = records[:PAGE_SIZE]
        taken = set(reads.statuses(conn, {each.key for each in shown}))
    address = Address(parse("is:trashed"))
    more = len(records) > PAGE_SIZE
    found = Trash.of(shown, total, taken, services.urls, address, now_utc(), has_more=more)
    context = {"title": "Trash", "trash": found, "messages": _messages(request)}
    return render(request, "trash/page.html", context)


@router.post("/trash/restore")
def restore_all(request: Request) -> RedirectResponse:
    """Put back all that is in the trash, the last first; what lacks its place stays."""
    services, goes_on = services_of(request), _for_a_while()
    done = taken = 0
    before = ""
    while goes_on():
        with services.database.reading() as conn:
            records = reads.trashed(conn, PAGE_SIZE, before)
        if not records:
            break
        for record in records:
            before = record.trash
            if not goes_on():
                break
            try:
                services.library.restore(record.key, record.trash)
                done += 1
            except KeyTakenError:
                taken += 1
            except NotInTrashError:
                continue
    return _to_trash(restored=done, taken=taken)


@router.post("/trash/empty")
def empty(request: Request, form: Form) -> RedirectResponse:
    """Delete for good what was in the trash when the form was shown."""
    until = _moment(form.get("until", [""])[0])
    services = services_of(request)
    before = _count(services)
    services.library.empty_trash(until, _for_a_while())
    return _to_trash(gone=max(0, before - _count(services)))


@router.post("/images/{image_id}/delete-for-good")
def delete_for_good(request: Request) -> RedirectResponse:
    """Delete for good what is in one folder of the trash."""
    image_id = path_part(request, "image_id")
    services, folder = services_of(request), trash(request)
    with services.database.reading() as conn:
        record = reads.get_image(conn, image_id, folder) if folder else None
    if record is None:
        raise ImageNotFoundError(image_id)
    with suppress(NotInTrashError):
        services.library.delete_for_good(record.key, folder)
    return _to_trash(gone=1)


def _count(services: Services) -> int:
    with services.database.reading() as conn:
        return reads.count(conn, parse("is:trashed")).number


def _moment(given: str) -> datetime:
    try:
        moment = datetime.fromisoformat(given)
    except ValueError as error:
        raise RequestError(400, "This form is not whole: open the trash again.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _for_a_while() -> Callable[[], bool]:
    until = time.monotonic() + MOST_SECONDS
    return lambda: time.monotonic() < until


def _to_trash(**counts: int) -> RedirectResponse:
    return RedirectResponse(f"/trash?{urlencode(counts)}", 303)


def _messages(request: Request) -> list[Message]:
    """Say what the form that led here has done."""
    asked = request.query_params
    told = []
    if (gone := asked.get("gone", "")).isdecimal():
        told.append(Message(f"{pictures(int(gone[:9]))} deleted for good."))
    if (done := asked.get("restored", "")).isdecimal():
        told.append(Message(f"{pictures(int(done[:9]))} put back."))
    elif done:
        link = f"/images/{done[:26]}"
        told.append(Message("The picture is back.", link=link, link_text="Show it"))
    if asked.get("done") == "taken" or asked.get("taken", "0") not in ("0", ""):
        told.append(Message("What has lost its place to another picture stays in the trash."))
    return told
