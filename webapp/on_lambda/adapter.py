"""Events of Lambda to requests of ASGI and back: HTTP APIs (payload 2.0) and Function URLs."""

import logging
from collections.abc import Callable
from typing import Any, cast

from mangum import Mangum
from mangum.types import ASGI
from starlette.types import ASGIApp

# All else travels in base64, and so does what is compressed.
TEXT = ["text/", "application/json", "application/problem+json", "application/manifest+json"]

log = logging.getLogger("taglight.lambda")

Handler = Callable[[Any, Any], dict[str, Any]]


def make_handler(app: ASGIApp) -> Handler:
    """Return what Lambda calls. It answers an event that is no request with status 400."""
    logging.getLogger("mangum").setLevel(logging.WARNING)  # it would log every address
    adapter = Mangum(cast(ASGI, app), lifespan="off", text_mime_types=TEXT)

    def handler(event: Any, context: Any) -> dict[str, Any]:
        try:
            if event["version"] != "2.0" or not event["requestContext"]["http"]["method"]:
                raise ValueError("This payload is of another version.")
            answer: dict[str, Any] = adapter(event, context)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            log.error("An event was no request: %s", type(error).__name__)
            return {"statusCode": 400, "headers": {"cache-control": "no-store"}, "body": ""}
        if not answer.get("body"):  # the adapter would say that nothing is JSON
            answer["headers"].pop("content-type", None)
        return answer

    return handler
