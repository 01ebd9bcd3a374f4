"""/list.csv: the pictures of a search, or those picked, as a file for spreadsheets."""

from collections.abc import Iterator

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import StreamingResponse

from catalog import query, reads
from catalog.chunks import chunks
from catalog.csv_rows import csv_lines
from catalog.database import Database
from catalog.records import ImageRecord
from webapp import params
from webapp.services import services_of

router = APIRouter(include_in_schema=False)

PAGE = 500
MOST_IDS = 1000
_LINES = 200  # in one piece of the answer


@router.get("/list.csv")
def listed(request: Request) -> StreamingResponse:
    """The search's pictures with all that the catalog knows; with `id`, once or more, only these.

    Labels are those at `min` and over, all where it is not given.
    """
    database, low = services_of(request).database, params.percent(request)
    ids = request.query_params.getlist("id")
    params.at_most(ids, MOST_IDS, "pictures")
    if ids:
        found = _picked(database, ids)
    else:
        asked = query.parse(params.text(request, "q"))
        found = _found(database, asked, low, params.sort(request))
    lines = (b"".join(some) for some in chunks(csv_lines(found, low), _LINES))
    headers = {"Content-Disposition": 'attachment; filename="pictures.csv"'}
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


def _picked(database: Database, ids: list[str]) -> Iterator[ImageRecord]:
    with database.reading() as conn:
        found = [reads.get_image(conn, image_id) for image_id in dict.fromkeys(ids)]
    yield from (record for record in found if record is not None)


def _found(
    database: Database, asked: query.Query, low: float | None, sort: str
) -> Iterator[ImageRecord]:
    cursor = None
    while True:
        with database.reading() as conn:
            page = reads.search(
                conn, asked, min=low, sort=sort, limit=PAGE, cursor=cursor, counted=False
            )
        yield from page.images
        cursor = page.next
        if cursor is None:
            return
