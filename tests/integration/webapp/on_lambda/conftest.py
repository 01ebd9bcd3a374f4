"""The web function as Lambda calls it: events as Amazon documents them, a bucket behind the front.

The events in tests/events/ have the shapes of "Create AWS Lambda proxy integrations for HTTP APIs"
(payload format 2.0, https://docs.aws.amazon.com/apigateway/latest/developerguide/
http-api-develop-integrations-lambda.html) and "Invoking Lambda function URLs"
(https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html); names and numbers are made up.
"""

import asyncio
import gzip
import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from catalog import keys
from catalog.document import Document, ImageFacts, Label, Tagging, write_document
from tests.strict_s3.site import S3Site
from webapp.on_lambda.adapter import Handler, make_handler
from webapp.on_lambda.home import Door, open_door
from webapp.signin.sessions import BY_OPERATOR, SECURE_COOKIE, Sessions
from webapp.signin.users import Identity

EVENTS = Path(__file__).resolve().parents[3] / "events"
PUBLIC = "https://d111111abcdef8.cloudfront.net"
SECRET = "a secret of the tests: long enough"
FROM_CLOUDFRONT = "what CloudFront sends"


def event(name: str = "http-api-gallery") -> dict[str, Any]:
    """Return a recorded event."""
    found: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text("utf-8"))
    return found


@dataclass
class Answer:
    """What Lambda would send on."""

    status: int
    headers: dict[str, str]
    cookies: list[str]
    body: bytes
    as_text: bool

    @classmethod
    def of(cls, returned: dict[str, Any]) -> "Answer":
        """Read what the handler has returned, as an HTTP API does; it must be JSON."""
        json.dumps(returned)
        text, encoded = returned.get("body", ""), returned.get("isBase64Encoded", False)
        body = b64decode(text, validate=True) if encoded else text.encode()
        headers = returned.get("headers") or {}
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        cookies = returned.get("cookies") or []
        return cls(returned["statusCode"], headers, cookies, body, not encoded)

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


_threads: list[ThreadPoolExecutor] = []


def in_its_thread(handler: Handler) -> Handler:
    """Have a handler called in the test's thread for it."""
    return lambda event, context: _threads[-1].submit(handler, event, context).result()


@dataclass
class Function:
    """One process of the web function."""

    door: Door
    handler: Handler = field(init=False)

    def __post_init__(self) -> None:
        self.handler = in_its_thread(make_handler(self.door.app))

    def ask(
        self,
        method: str = "GET",
        path: str = "/",
        role: str = "",
        body: bytes | None = None,
        query: str = "",
        cookies: tuple[str, ...] = (),
        **headers: str | None,
    ) -> Answer:
        """Ask through CloudFront and the HTTP API; a header that is None is left out."""
        asked = event()
        asked["rawPath"] = asked["requestContext"]["http"]["path"] = path
        asked["rawQueryString"] = query
        asked["requestContext"]["http"]["method"] = method
        for name, value in headers.items():
            asked["headers"].pop(name.replace("_", "-"), None)
            if value is not None:
                asked["headers"][name.replace("_", "-")] = value
        if role:
            cookies = (*cookies, session(role))
        if cookies:
            asked["cookies"] = list(cookies)
        if body is not None:
            asked |= {"body": b64encode(body).decode(), "isBase64Encoded": True}
            asked["headers"]["content-length"] = str(len(body))
        return Answer.of(self.handler(asked, None))


def session(role: str) -> str:
    """Return the cookie of someone with a session."""
    sessions = Sessions((SECRET,), timedelta(hours=1))
    identity = Identity(f"test:{role}", role)
    return f"{SECURE_COOKIE}={sessions.seal(identity, BY_OPERATOR, role)}"


@pytest.fixture(autouse=True)
def thread() -> Iterator[None]:
    """A thread with a loop of its own, as each process of Lambda has one.

    The tests' own thread may have a loop that runs: that of a browser.
    """
    own = asyncio.new_event_loop()
    with ThreadPoolExecutor(1, initializer=asyncio.set_event_loop, initargs=(own,)) as executor:
        _threads.append(executor)
        yield
        _threads.remove(executor)
        executor.submit(own.run_until_complete, own.shutdown_default_executor()).result()
        own.close()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that names no part of the function."""
    for name in ("OIDC_CLIENT_SECRET", "TAGLIGHT_PASSWORD_HASH", "TAGLIGHT_ALLOWED_HOSTS"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.fixture
def settings(
    environment: pytest.MonkeyPatch, s3_site: S3Site, tmp_path: Path
) -> pytest.MonkeyPatch:
    """The environment that the template makes."""
    queue = s3_site.client("sqs").create_queue(QueueName=f"tag-{s3_site.bucket}")
    for name, value in {
        "BUCKET_NAME": s3_site.bucket,
        "CATALOG_URL": f"sqlite:///{tmp_path}/catalog.sqlite",
        "TAG_QUEUE_URL": queue["QueueUrl"],
        "PUBLIC_URL": PUBLIC,
        "SESSION_SECRET": SECRET,
        "ORIGIN_SECRET": FROM_CLOUDFRONT,
        "OIDC_ISSUER": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_example",
        "OIDC_CLIENT_ID": "taglight",
    }.items():
        environment.setenv(name, value)
    return environment


@pytest.fixture
def function(settings: pytest.MonkeyPatch) -> Iterator[Function]:
    """The web function on an empty bucket."""
    made = Function(open_door())
    yield made
    if made.door.behind is not None:
        made.door.behind.let_go()


def add_picture(function: Function, path: str = "2026/11/dog-00000001.jpg") -> str:
    """Put a tagged picture into the bucket and the catalog; return its id."""
    assert function.door.behind is not None
    home = function.door.behind.home
    assert home is not None
    key, content = keys.UPLOADS + path, b"\xff\xd8\xff not opened by anybody here"
    info = home.store.put(key, content)
    image = ImageFacts(
        key=key,
        name="dog.jpg",
        content_type="image/jpeg",
        size=len(content),
        etag=info.etag,
        width=400,
        height=300,
        uploaded_at="2026-11-22T16:04:56Z",
    )
    tagging = Tagging("tagged", recognizer="rekognition")
    document = Document(image=image, tagging=tagging, labels=[Label("Dog", 98.5)])
    home.store.put(keys.metadata_key(key), write_document(document))
    function.door.behind.home.app.state.services.indexer.index(key)  # type: ignore[attr-defined]
    return keys.image_id(key)
