"""/api/labels: how many pictures have each label, under the filter of the moment."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from catalog import query, reads
from webapp import params
from webapp.image_json import json_response
from webapp.services import services_of

router = APIRouter(prefix="/api/labels")

LABELS, MOST_LABELS = 40, 1000


@router.get("")
def label_counts(request: Request) -> Response:
    """Labels with counts, most frequent first; with `prefix`, those that begin so."""
    low = params.percent(request)
    limit = params.limit(request, LABELS, MOST_LABELS)
    asked = query.parse(params.text(request, "q"))
    with services_of(request).database.reading() as conn:
        counts = reads.label_counts(
            conn, asked, min=low, prefix=params.text(request, "prefix"), limit=limit
        )
        exact = reads.counts_are_exact(conn, asked, min=low)
    labels = [{"name": label.name, "count": label.count} for label in counts]
    return json_response({"labels": labels, "counts_are_exact": exact})
