"""What the web function answers: the same as on one machine, but pictures come from the bucket."""

import json
from collections.abc import Iterator
from hashlib import sha256
from urllib.parse import urlsplit

import pytest

from tagger.events import parse_events
from tests.integration.webapp.on_lambda.conftest import (
    PUBLIC,
    Answer,
    Function,
    add_picture,
    event,
)
from tests.provider_process import ProviderProcess, provider_process
from tests.strict_s3.sending import send
from tests.strict_s3.site import S3Site
from webapp.on_lambda.home import open_door

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def test_the_gallery_leads_to_pictures_in_the_bucket(function: Function, s3_site: S3Site) -> None:
    image_id = add_picture(function)
    answer = function.ask(role="viewer")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-encoding"] == "gzip"
    assert not answer.as_text
    assert "Dog" in answer.text
    assert f'href="/images/{image_id}' in answer.text
    origin = s3_site.address().origin
    assert origin in answer.headers["content-security-policy"]
    page = function.ask(path=f"/images/{image_id}", role="viewer")
    path = f"/images/{image_id}/original"
    assert f'href="{path}"' in page.text
    led = function.ask(path=path, role="viewer")
    assert (led.status, led.headers["cache-control"]) == (302, "no-store")
    assert led.headers["location"].startswith(f"{origin}/")
    status, headers, _ = send(s3_site, "GET", led.headers["location"])
    assert status == 200, "an address on the page opens in the bucket"
    assert headers["content-type"] == "image/jpeg"


def test_without_compression_text_is_text(function: Function) -> None:
    answer = function.ask(role="viewer", accept_encoding=None)
    assert answer.as_text
    assert "<!DOCTYPE html>" in answer.text


@pytest.mark.parametrize("path", ["/media/x/original", "/media/x/320.webp", "/upload/x"])
def test_no_picture_goes_through_the_function(function: Function, path: str) -> None:
    for method in ("GET", "PUT"):
        answer = function.ask(method, path, role="editor", origin=PUBLIC)
        assert answer.status in (404, 405)


def test_who_is_not_signed_in_gets_nothing(function: Function) -> None:
    page = function.ask(path="/images/abc", query="q=dog")
    assert (page.status, page.headers["location"]) == (
        303,
        "/signin?next=%2Fimages%2Fabc%3Fq%3Ddog",
    )
    answer = function.ask(path="/api/images")
    assert answer.status == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.as_text
    assert function.ask(path="/signin").status == 200
    assert function.ask(path="/healthz").json() == {"status": "ok", "store": "ok", "catalog": "ok"}


def test_a_ticket_leads_to_the_bucket(function: Function, s3_site: S3Site) -> None:
    asked = [
        {
            "name": "cute dog.png",
            "size": len(PICTURE),
            "type": "image/png",
            "sha256": sha256(PICTURE).hexdigest(),
        }
    ]
    body = json.dumps({"files": asked}).encode()
    answer = function.ask("POST", "/api/uploads", "editor", body, origin=PUBLIC)
    assert answer.status == 200, answer.text
    ticket = answer.json()["uploads"][0]
    assert ticket["url"].startswith(s3_site.address().origin)
    status, _, _ = send(s3_site, "PUT", ticket["url"], ticket["headers"], PICTURE)
    assert status == 200
    assert s3_site.store().read(ticket["key"])[0] == PICTURE


def test_the_recorded_event_of_an_upload(function: Function) -> None:
    """It carries no session."""
    assert Answer.of(function.handler(event("http-api-upload"), None)).status == 401


@pytest.mark.parametrize("origin", [None, "https://evil.example", "null", PUBLIC + ".evil.example"])
def test_writes_from_elsewhere_are_refused(function: Function, origin: str | None) -> None:
    image_id = add_picture(function)
    path = f"/api/images/{image_id}"
    assert function.ask("DELETE", path, "editor", origin=origin).status == 403
    host = "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"
    assert function.ask("DELETE", path, "editor", origin=host).status == 403
    answer = function.ask("DELETE", path, "editor", origin=PUBLIC)
    assert (answer.status, answer.body) == (204, b"")
    assert "content-type" not in answer.headers
    assert function.ask("POST", f"{path}/restore", "editor", origin=PUBLIC).status == 200


def test_what_is_to_be_tagged_again_is_sent_to_the_queue(
    function: Function, s3_site: S3Site
) -> None:
    image_id = add_picture(function)
    path = f"/api/images/{image_id}/retry"
    assert function.ask("POST", path, "viewer", origin=PUBLIC).status == 403
    assert function.ask("POST", path, "editor", origin=PUBLIC).status == 202
    sqs = s3_site.client("sqs")
    queue = sqs.get_queue_url(QueueName=f"tag-{s3_site.bucket}")["QueueUrl"]
    message = sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"]
    assert "uploads/2026/11/dog-00000001.jpg" in message
    assert s3_site.bucket in message


def test_a_picture_that_is_found_gone_has_its_rest_cleared_away(
    function: Function, s3_site: S3Site
) -> None:
    """A hand removed it in the bucket, and S3's event of that was lost."""
    image_id = add_picture(function)
    store = s3_site.store()
    [key] = [info.key for info in store.list("uploads/")]
    store.delete(key)
    path = f"/api/images/{image_id}"
    assert function.ask(path=path, role="viewer").status == 200
    assert function.ask("POST", f"{path}/retry", "editor", origin=PUBLIC).status == 404
    assert function.ask(path=path, role="viewer").status == 404
    sqs = s3_site.client("sqs")
    queue = sqs.get_queue_url(QueueName=f"tag-{s3_site.bucket}")["QueueUrl"]
    [message] = sqs.receive_message(QueueUrl=queue)["Messages"]
    [told] = parse_events(json.loads(message["Body"]))
    assert (told.kind, told.key, told.bucket) == ("removed", key, s3_site.bucket)


def test_head_is_get_without_the_body(function: Function) -> None:
    answer = function.ask("HEAD", role="viewer")
    assert (answer.status, answer.body) == (200, b"")


@pytest.mark.parametrize("name", ["icons/taglight.svg", "css/base.css", "js/main.js"])
@pytest.mark.parametrize("accepted", ["gzip, br", None])
def test_static_files_arrive_as_they_are(
    function: Function, name: str, accepted: str | None
) -> None:
    tree = function.door.behind.home.app.state.services.static  # type: ignore[union-attr]
    path = tree.url(name)
    answer = function.ask(path=path, accept_encoding=accepted)
    assert answer.status == 200
    assert answer.body == tree.read(name)
    assert "immutable" in answer.headers["cache-control"]


def test_a_function_url_is_answered_as_well(
    settings: pytest.MonkeyPatch, function: Function
) -> None:
    asked = event("function-url-static")
    assert Answer.of(function.handler(asked, None)).status == 403, "it does not come by CloudFront"
    settings.delenv("ORIGIN_SECRET")
    alone = Function(open_door())
    assert Answer.of(alone.handler(asked, None)).status == 403, "its name is not that of the site"
    settings.setenv("TAGLIGHT_ALLOWED_HOSTS", asked["headers"]["host"])
    allowed = Function(open_door())
    answer = Answer.of(allowed.handler(asked, None))
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/css; charset=utf-8"


def test_sessions_hold_in_every_process(function: Function, settings: pytest.MonkeyPatch) -> None:
    other = Function(open_door())
    for each in (function, other):
        assert each.ask(path="/api/images", role="viewer").status == 200


@pytest.mark.parametrize(
    "nonsense",
    [
        None,
        {},
        [],
        "x",
        {"version": "1.0", "requestContext": {}},
        {"source": "aws.events", "detail-type": "Scheduled Event", "version": "0"},
        {"version": "2.0", "requestContext": {"http": {}}},
        {"version": "2.0", "requestContext": {"http": {"method": "GET"}}},
        event() | {"body": "not base64", "isBase64Encoded": True},
        event() | {"headers": {"x-forwarded-port": "many", "host": "a"}},
        event() | {"headers": None},
    ],
)
def test_what_is_no_request(function: Function, nonsense: object) -> None:
    assert function.handler(nonsense, None)["statusCode"] == 400


@pytest.fixture(scope="module")
def provider() -> Iterator[ProviderProcess]:
    """A real provider that knows Anna."""
    with provider_process() as running:
        running.know("anna", email="anna@example.org", name="Anna", email_verified=True)
        yield running


def test_one_signs_in_and_another_process_knows(
    settings: pytest.MonkeyPatch, provider: ProviderProcess
) -> None:
    settings.setenv("OIDC_ISSUER", provider.issuer)
    settings.setenv("TAGLIGHT_EDITOR_EMAILS", "anna@example.org")
    first, second = Function(open_door()), Function(open_door())
    begun = first.ask(path="/signin/provider", query="next=%2F%3Fq%3Ddog")
    assert begun.status == 303
    back = provider.sign_in(begun.headers["location"], "anna")
    assert back.startswith(f"{PUBLIC}/signin/callback?")
    kept = tuple(cookie.partition(";")[0] for cookie in begun.cookies)
    came = second.ask(path="/signin/callback", query=urlsplit(back).query, cookies=kept)
    assert (came.status, came.headers["location"]) == (303, "/?q=dog")
    own = next(cookie for cookie in came.cookies if "_session=" in cookie)
    assert own.startswith("__Host-")
    for part in ("Secure", "HttpOnly", "SameSite=lax"):
        assert part in own
    page = first.ask(cookies=(own.partition(";")[0],))
    assert page.status == 200
    assert "anna@example.org" in page.text
