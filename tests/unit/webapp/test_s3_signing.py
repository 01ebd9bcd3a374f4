"""Addresses that sign: those that botocore's own signer would make, the same for an hour."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest.mock import patch
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as TheirCredentials
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import StoreUnavailableError
from catalog.keys import thumbnail_key
from catalog.storage.s3_address import S3Address
from tests.strict_s3.sending import send
from tests.strict_s3.site import S3Site
from tests.view_records import picture
from webapp.s3_credentials import Credentials, EnvironmentCredentials
from webapp.s3_signing import Presigner, parameter
from webapp.s3_urls import S3Urls

NOW = datetime(2026, 11, 22, 16, 4, 56, 250_000, UTC)
KEYS = Credentials("AKIAEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
TEMPORARY = Credentials("ASIAEXAMPLE", "temporary/+", "FwoGZXIvYXdzE+/=" * 20, NOW)
ADDRESS = S3Address.of("pictures", "eu-west-1")

key_text = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=60
) | st.text("ab/+% ~=&?#;,:@!*'()\"<>\\é🐶.-_", min_size=1, max_size=40)


class Clock:
    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def presigner(
    clock: Callable[[], datetime] = Clock(),  # noqa: B008 - never moved
    credentials: Credentials = KEYS,
    address: S3Address = ADDRESS,
) -> Presigner:
    return Presigner(address, lambda: credentials, clock=clock)


def theirs(
    method: str,
    key: str,
    at: datetime,
    seconds: int,
    *,
    keys: Credentials = KEYS,
    headers: dict[str, str] | None = None,
    parameters: dict[str, str] | None = None,
) -> str:
    """Return what botocore makes of the same request."""
    url = f"{ADDRESS.origin}/{quote(key, safe='/~')}"
    if parameters:
        url += "?" + "&".join(f"{n}={quote(v, safe='-_.~')}" for n, v in parameters.items())
    request = AWSRequest(method, url, headers=headers or {})
    given = TheirCredentials(keys.access_key, keys.secret_key, keys.token or None)
    with patch("botocore.auth.get_current_datetime", lambda remove_tzinfo=True: at):
        S3SigV4QueryAuth(given, "s3", "eu-west-1", expires=seconds).add_auth(request)
    return str(request.url)


def parts(url: str) -> tuple[str, str, dict[str, str]]:
    split = urlsplit(url)
    return split.netloc, split.path, dict(parse_qsl(split.query, keep_blank_values=True))


@given(key_text)
def test_views_are_signed_as_botocore_signs(key: str) -> None:
    full_hour = NOW.replace(minute=0, second=0, microsecond=0)
    assert parts(presigner().view(key)) == parts(theirs("GET", key, full_hour, 7200))


@given(key_text, key_text)
def test_more_parameters_are_signed_too(key: str, name: str) -> None:
    full_hour = NOW.replace(minute=0, second=0, microsecond=0)
    said = {"response-content-disposition": f"inline; {name}", "x-v": name}
    extra = "".join(parameter(*each) for each in said.items())
    ours = presigner(credentials=TEMPORARY).view(key, extra)
    assert parts(ours) == parts(
        theirs("GET", key, full_hour, 7200, keys=TEMPORARY, parameters=said)
    )


@given(key_text)
def test_tickets_are_signed_as_botocore_signs(key: str) -> None:
    headers = {
        "Content-Type": "image/jpeg",
        "Content-Length": "12",
        "x-amz-checksum-sha256": "Pz8/Pz8/Pz8/Pz8/Pz8/Pz8/Pz8/Pz8/Pz8/Pz8/Pz8=",
        "If-None-Match": "*",
    }
    url, _ = presigner().put(key, headers, timedelta(minutes=15))
    second = NOW.replace(microsecond=0)
    assert parts(url) == parts(theirs("PUT", key, second, 900, headers=headers))


def test_an_address_is_the_same_for_an_hour() -> None:
    clock = Clock(NOW.replace(minute=0, second=0, microsecond=0))
    signs = presigner(clock)
    first = signs.view("thumbs/a/320.webp")
    for minutes in (1, 30, 59):
        clock.now = NOW.replace(minute=minutes)
        assert signs.view("thumbs/a/320.webp") == first
    clock.now = NOW.replace(hour=17, minute=0, second=0, microsecond=0)
    assert signs.view("thumbs/a/320.webp") != first
    clock.now = NOW
    assert signs.view("thumbs/a/320.webp") == first


def test_other_credentials_are_seen_at_once() -> None:
    using = [KEYS]
    signs = Presigner(ADDRESS, lambda: using[0], clock=Clock())
    before = signs.view("a")
    using[0] = TEMPORARY
    assert "X-Amz-Security-Token=" in signs.view("a") != before


def test_a_ticket_ends_with_its_credentials() -> None:
    soon = Credentials("ASIA", "s", "t", NOW + timedelta(minutes=3))
    assert presigner(credentials=soon).put("a", {}, timedelta(minutes=15))[1] == soon.ends
    later = NOW.replace(microsecond=0) + timedelta(minutes=15)
    assert presigner().put("a", {}, timedelta(minutes=15))[1] == later


@pytest.mark.parametrize(
    ("bucket", "region", "endpoint", "expected"),
    [
        ("b", "eu-west-1", "", "https://b.s3.eu-west-1.amazonaws.com/a%20b%2B"),
        ("b", "", "", "https://b.s3.us-east-1.amazonaws.com/a%20b%2B"),
        ("b", "cn-north-1", "", "https://b.s3.cn-north-1.amazonaws.com.cn/a%20b%2B"),
        ("my.b", "eu-west-1", "", "https://s3.eu-west-1.amazonaws.com/my.b/a%20b%2B"),
        ("b", "x", "http://127.0.0.1:9000", "http://127.0.0.1:9000/b/a%20b%2B"),
        ("b", "x", "http://localhost:9000", "http://b.localhost:9000/a%20b%2B"),
        ("b", "x", "https://minio.example.org/s3/", "https://minio.example.org/s3/b/a%20b%2B"),
        ("b", "x", "https://[::1]:9000", "https://[::1]:9000/b/a%20b%2B"),
    ],
)
def test_buckets_have_their_addresses(
    bucket: str, region: str, endpoint: str, expected: str
) -> None:
    address = S3Address.of(bucket, region, endpoint)
    assert address.origin + address.path("a b+") == expected


def test_thumbnails_are_fetched_and_kept(s3_site: S3Site) -> None:
    record = picture("ä b+c%.jpg", etag='d41d8cd9"8f00-2')
    s3_site.store().put(thumbnail_key(record.key, 320), b"webp", content_type="image/webp")
    url = S3Urls(s3_site.presigner()).thumbnail(record, 320)
    assert url is not None
    status, headers, content = send(s3_site, "GET", url)
    assert (status, content) == (200, b"webp"), content
    assert headers["cache-control"] == "private, max-age=7200, immutable"
    assert S3Urls(s3_site.presigner()).thumbnail(record, 1280) is None


def test_originals_come_with_their_name_and_a_type_that_cannot_run(s3_site: S3Site) -> None:
    record = replace(picture("x.jpg"), name='süß "1"; a=b.jpg')
    s3_site.store().put(record.key, b"jpeg", content_type="text/html")
    status, headers, content = send(s3_site, "GET", S3Urls(s3_site.presigner()).original(record))
    assert (status, content, headers["content-type"]) == (200, b"jpeg", "image/jpeg")
    assert (
        "filename*=UTF-8''s%C3%BC%C3%9F%20%221%22%3B%20a%3Db.jpg" in headers["content-disposition"]
    )


def test_a_download_is_saved(s3_site: S3Site) -> None:
    record = picture("x.jpg")
    s3_site.store().put(record.key, b"jpeg")
    _, headers, _ = send(s3_site, "GET", S3Urls(s3_site.presigner()).download(record))
    assert headers["content-disposition"].startswith('attachment; filename="x.jpg"')


def test_what_is_no_picture_is_saved_not_shown(s3_site: S3Site) -> None:
    record = picture("x.svg", content_type="image/svg+xml")
    s3_site.store().put(record.key, b"<svg/>", content_type="image/svg+xml")
    _, headers, _ = send(s3_site, "GET", S3Urls(s3_site.presigner()).original(record))
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"].startswith("attachment")


def test_what_is_in_the_trash_shows_its_original(s3_site: S3Site) -> None:
    folder = "trash/20260101T000000Z-00000000/"
    record = picture("x.jpg", trash=folder)
    s3_site.store().put(folder + record.key, b"jpeg")
    url = S3Urls(s3_site.presigner()).thumbnail(record, 320)
    assert url is not None
    assert send(s3_site, "GET", url)[2] == b"jpeg"


def test_credentials_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    found = EnvironmentCredentials()()
    assert (found.access_key, found.secret_key, found.token) == ("AKIA1", "secret", "token")
    assert "secret" not in repr(found)


def test_credentials_come_from_a_profile(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("aws") / "credentials"
    file.write_text("[home]\naws_access_key_id = AKIA2\naws_secret_access_key = s2\n")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.setenv("AWS_PROFILE", "home")
    assert EnvironmentCredentials()() == Credentials("AKIA2", "s2")


def test_without_credentials_it_says_how_to_give_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(StoreUnavailableError, match="no credentials to sign with"):
        EnvironmentCredentials()()
