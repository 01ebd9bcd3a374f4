"""Reading what a request asks: query parameters and JSON bodies, each mistake with its sentence."""

import json
import re
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from catalog.keys import folder_of_stamp
from webapp.errors import RequestError

SORTS = ("newest", "oldest", "taken", "name", "confidence")
MAX_CURSOR = 4096
PAGE, LARGEST_PAGE = 60, 200  # pictures of a list

# As many decimals as any language writes of a number.
_PERCENT = re.compile(r"\d{1,3}(?:\.\d{0,400})?|\.\d{1,400}", re.ASCII)
_WHOLE = re.compile(r"\d{1,6}", re.ASCII)
_Body = TypeVar("_Body", bound=BaseModel)


def path_part(request: Request, name: str) -> str:
    """Return a part of the path that the route names.

    Parameters of the route's function would each cost a cold start a validator, and all of them
    the import of pydantic's version 1.
    """
    part: str = request.path_params[name]
    return part


def text(request: Request, name: str) -> str:
    """Return a query parameter, "" where it is not given."""
    return request.query_params.get(name, "")


def percent(request: Request, name: str = "min") -> float | None:
    """Return a confidence in percent, None where it is not given. Raises RequestError."""
    try:
        return percent_in(text(request, name))
    except ValueError as error:
        message = f"{name} is a number from 0 to 100."
        raise RequestError(400, message, parameter=name) from error


def percent_in(given: str) -> float | None:
    """Return the confidence in percent that a text says, None for none. Raises ValueError."""
    given = given.strip()
    if not given:
        return None
    if not _PERCENT.fullmatch(given) or float(given) > 100:
        raise ValueError(given)
    return float(given)


def limit(request: Request, default: int, most: int) -> int:
    """Return how many are asked for. Raises RequestError outside 1 to `most`."""
    given = text(request, "limit").strip()
    if not given:
        return default
    if not _WHOLE.fullmatch(given) or not 1 <= int(given) <= most:
        raise RequestError(400, f"limit is a whole number from 1 to {most}.", parameter="limit")
    return int(given)


def sort(request: Request) -> str:
    """Return the order asked for. Raises RequestError for one that there is not."""
    given = text(request, "sort") or SORTS[0]
    if given not in SORTS:
        raise RequestError(400, f"sort is one of {', '.join(SORTS)}.", parameter="sort")
    return given


def cursor(request: Request) -> str | None:
    """Return the cursor, None where it is not given. Raises RequestError for what is none."""
    given = text(request, "cursor")
    if len(given) > MAX_CURSOR or "\x00" in given:
        raise RequestError(400, "This cursor is not one of ours.", parameter="cursor")
    return given or None


def trash(request: Request) -> str:
    """Return the folder of the trash that is asked for, "" where none is. Raises RequestError."""
    given = text(request, "trash")
    folder = folder_of_stamp(given)
    if given and not folder:
        raise RequestError(400, "There is no such place in the trash.", parameter="trash")
    return folder


async def json_body(request: Request, shape: type[_Body]) -> _Body:
    """Read a JSON body of this shape. Raises RequestError: 400 no JSON, 422 another shape."""
    raw = await request.body()
    try:
        content = json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        where = {"position": error.pos} if isinstance(error, json.JSONDecodeError) else {}
        raise RequestError(400, "The body is not JSON.", **where) from error
    try:
        return shape.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "body"
        raise RequestError(422, f"{place}: {first['msg']}.", place=place) from error


def at_most(items: list[Any], most: int, what: str) -> None:
    """Raise RequestError (413) for more than `most` items."""
    if len(items) > most:
        raise RequestError(413, f"At most {most} {what} are taken at once.", most=most)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
