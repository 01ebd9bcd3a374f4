"""/healthz: whether the store and the catalog answer."""

from collections.abc import Callable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from catalog.errors import TaglightError
from webapp.errors import RequestError
from webapp.image_json import json_response
from webapp.services import services_of

router = APIRouter()


@router.get("/healthz")
def healthz(request: Request) -> Response:
    """200 when store and catalog answer, else 503 with what does not."""
    services = services_of(request)
    checks = {"store": services.store.check, "catalog": services.database.check}
    answers = {name: ask(check) for name, check in checks.items()}
    silent = [name for name, words in answers.items() if words != "ok"]
    if silent:
        raise RequestError(503, f"What does not answer: {' and '.join(silent)}.", **answers)
    return json_response({"status": "ok", **answers})


def ask(check: Callable[[], None]) -> str:
    """Return "ok", or in a word what is wrong; the details are for the log alone."""
    try:
        check()
    except TaglightError:
        return "does not answer"
    return "ok"
