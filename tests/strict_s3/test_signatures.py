"""The front's own checks, against signatures that botocore makes."""

import hashlib
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.strict_s3.sending import send
from tests.strict_s3.signatures import Key
from tests.strict_s3.site import S3Site

BODY = b"the very bytes"
SUM = b64encode(hashlib.sha256(BODY).digest()).decode()
RULES = [
    {
        "AllowedOrigins": ["https://pictures.example.org"],
        "AllowedMethods": ["PUT", "GET"],
        "AllowedHeaders": ["content-type", "if-none-match", "x-amz-checksum-sha256"],
        "ExposedHeaders": ["etag"],
        "MaxAge": 3000,
    }
]
KEYS = ["plain.jpg", "a b+c%2F.jpg", "ünï/🐶.jpg", "tilde~(1)!*'.jpg", "a\nb", "x=1&y=2?z#f"]


def put_url(site: S3Site, key: str = "uploads/a b.jpg", **given: Any) -> tuple[str, dict[str, str]]:
    """Return a presigned PUT of BODY as botocore makes it, with the headers it is for."""
    asked = {
        "Bucket": site.bucket,
        "Key": key,
        "ContentType": "image/jpeg",
        "ContentLength": len(BODY),
        "ChecksumSHA256": SUM,
        "IfNoneMatch": "*",
    } | given
    client = site.client(signature_version="s3v4")
    url = client.generate_presigned_url("put_object", asked, ExpiresIn=900)
    client.close()
    headers = {"Content-Type": "image/jpeg", "x-amz-checksum-sha256": SUM, "If-None-Match": "*"}
    return url, headers


@pytest.mark.parametrize("key", KEYS)
def test_it_takes_what_botocore_presigns(s3_site: S3Site, key: str) -> None:
    url, headers = put_url(s3_site, key)
    assert send(s3_site, "PUT", url, headers, BODY)[0] == 200
    client = s3_site.client(signature_version="s3v4")
    assert client.get_object(Bucket=s3_site.bucket, Key=key)["Body"].read() == BODY
    asked = {"Bucket": s3_site.bucket, "Key": key, "ResponseContentDisposition": "inline; a=é +%"}
    view = client.generate_presigned_url("get_object", asked)
    client.close()
    assert send(s3_site, "GET", view)[::2] == (200, BODY)
    assert send(s3_site, "PUT", url, headers, BODY)[0] == 412


def test_it_takes_temporary_credentials_while_they_last(s3_site: S3Site) -> None:
    s3_site.key = Key("ASIATEMP", "temporary", "a token/+=", datetime.now(UTC) + timedelta(hours=1))
    s3_site.front.keys[s3_site.key.id] = s3_site.key
    url, headers = put_url(s3_site)
    assert send(s3_site, "PUT", url, headers, BODY)[0] == 200
    view = url.replace("a%20b", "other")
    assert send(s3_site, "PUT", view, headers, BODY)[0] == 403
    s3_site.front.clock = lambda: datetime.now(UTC) + timedelta(minutes=61)
    assert send(s3_site, "PUT", url, headers, BODY)[0] in (400, 403)


def test_buckets_are_names_too(s3_site: S3Site) -> None:
    s3_site.client().put_object(Bucket=s3_site.bucket, Key="uploads/a", Body=BODY)
    client = s3_site.client(signature_version="s3v4")
    client.close()
    from botocore.auth import S3SigV4QueryAuth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    host = f"http://{s3_site.bucket}.localhost:{s3_site.port}/uploads/a"
    request = AWSRequest("GET", host)
    keys = Credentials(s3_site.key.id, s3_site.key.secret)
    S3SigV4QueryAuth(keys, "s3", s3_site.region, expires=60).add_auth(request)
    assert send(s3_site, "GET", request.url)[::2] == (200, BODY)
    assert s3_site.requests[-1].bucket == s3_site.bucket


Tamper = Callable[[str, dict[str, str]], tuple[str, dict[str, str], bytes]]
TAMPERED: dict[str, tuple[int, Tamper]] = {
    "path": (403, lambda url, h: (url.replace("uploads/", "metadata/"), h, BODY)),
    "signature": (403, lambda url, h: (url[:-1] + ("0" if url[-1] != "0" else "1"), h, BODY)),
    "expiry": (403, lambda url, h: (url.replace("Expires=900", "Expires=901"), h, BODY)),
    "week": (400, lambda url, h: (url.replace("Expires=900", "Expires=999999"), h, BODY)),
    "date": (400, lambda url, h: (url.replace("X-Amz-Date=2", "X-Amz-Date=1"), h, BODY)),
    "key id": (403, lambda url, h: (url.replace("AKIA", "AKIB"), h, BODY)),
    "region": (400, lambda url, h: (url.replace("eu-west-1", "eu-west-2"), h, BODY)),
    "algorithm": (400, lambda url, h: (url.replace("SHA256&", "SHA512&"), h, BODY)),
    "added parameter": (403, lambda url, h: (url + "&response-content-type=text/html", h, BODY)),
    "no signature": (400, lambda url, h: (url.split("&X-Amz-Signature")[0], h, BODY)),
    "nothing": (403, lambda url, h: (url.split("?")[0], h, BODY)),
    "type": (403, lambda url, h: (url, h | {"Content-Type": "text/html"}, BODY)),
    "sum": (403, lambda url, h: (url, h | {"x-amz-checksum-sha256": SUM[::-1]}, BODY)),
    "no condition": (403, lambda url, h: (url, _without(h, "If-None-Match"), BODY)),
    "no sum": (403, lambda url, h: (url, _without(h, "x-amz-checksum-sha256"), BODY)),
    "length": (403, lambda url, h: (url, h, BODY + b"x")),
    "bytes": (400, lambda url, h: (url, h, BODY[::-1])),
    "header beside": (403, lambda url, h: (url, h | {"x-amz-meta-a": "b"}, BODY)),
    "two ways": (400, lambda url, h: (url, h | {"Authorization": "AWS4-HMAC-SHA256 x"}, BODY)),
}


def _without(headers: dict[str, str], name: str) -> dict[str, str]:
    return {other: value for other, value in headers.items() if other != name}


@pytest.mark.parametrize("part", TAMPERED)
def test_it_refuses_what_was_tampered_with(s3_site: S3Site, part: str) -> None:
    status, tamper = TAMPERED[part]
    url, headers, body = tamper(*put_url(s3_site))
    answered, named, content = send(s3_site, "PUT", url, headers, body)
    assert (answered, named["content-type"]) == (status, "application/xml"), content
    assert b"<Error><Code>" in content
    assert list(s3_site.store().list("")) == []


def test_it_refuses_what_has_expired(s3_site: S3Site) -> None:
    url, headers = put_url(s3_site)
    s3_site.front.clock = lambda: datetime.now(UTC) + timedelta(seconds=901)
    status, _, content = send(s3_site, "PUT", url, headers, BODY)
    assert (status, b"Request has expired" in content) == (403, True)


def test_it_refuses_headers_signed_by_others(s3_site: S3Site) -> None:
    stranger = S3Site(s3_site.bucket, s3_site.front, s3_site.port, s3_site.moto_url)
    stranger.key = Key(s3_site.key.id, "guessed")
    client = stranger.client()
    for call in (
        lambda: client.list_objects_v2(Bucket=s3_site.bucket),
        lambda: client.put_object(Bucket=s3_site.bucket, Key="a", Body=b"x"),
    ):
        with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
            call()
    client.close()


def test_it_takes_checksums_only_where_they_are_true(s3_site: S3Site) -> None:
    client = s3_site.client()
    with pytest.raises(ClientError, match="BadDigest"):
        client.put_object(Bucket=s3_site.bucket, Key="a", Body=b"other", ChecksumSHA256=SUM)
    client.put_object(Bucket=s3_site.bucket, Key="a", Body=BODY, ChecksumSHA256=SUM)
    told = client.head_object(Bucket=s3_site.bucket, Key="a", ChecksumMode="ENABLED")
    client.close()
    assert told["ChecksumSHA256"] == SUM


def test_copies_keep_their_conditions(s3_site: S3Site) -> None:
    client = s3_site.client()
    client.put_object(Bucket=s3_site.bucket, Key="a", Body=b"a")
    client.put_object(Bucket=s3_site.bucket, Key="b", Body=b"b")
    source = {"Bucket": s3_site.bucket, "Key": "a"}
    with pytest.raises(ClientError, match="PreconditionFailed"):
        client.copy_object(Bucket=s3_site.bucket, Key="b", CopySource=source, IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        client.copy_object(
            Bucket=s3_site.bucket, Key="c", CopySource=source, CopySourceIfMatch='"0"'
        )
    client.close()


@pytest.mark.parametrize(
    ("origin", "method", "headers", "allowed"),
    [
        ("https://pictures.example.org", "PUT", "content-type,if-none-match", True),
        ("https://pictures.example.org", "PUT", "Content-Type, x-amz-checksum-sha256", True),
        ("https://pictures.example.org", "PUT", "content-type,x-amz-meta-a", False),
        ("https://pictures.example.org", "DELETE", "", False),
        ("https://elsewhere.example.org", "PUT", "content-type", False),
    ],
)
def test_browsers_are_allowed_what_the_rules_say(
    s3_site: S3Site, origin: str, method: str, headers: str, allowed: bool
) -> None:
    s3_site.front.cors = RULES
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": headers,
    }
    status, named, _ = send(s3_site, "OPTIONS", put_url(s3_site)[0], asked)
    assert status == (200 if allowed else 403)
    assert (named.get("access-control-allow-origin") == origin) is allowed


def test_pages_may_read_answers_only_where_the_rules_say(s3_site: S3Site) -> None:
    s3_site.front.cors = RULES
    url, headers = put_url(s3_site)
    for origin in ("https://elsewhere.example.org", "https://pictures.example.org"):
        _, named, _ = send(s3_site, "PUT", url, headers | {"Origin": origin}, BODY)
        told = named.get("access-control-allow-origin")
        assert told == (origin if origin == RULES[0]["AllowedOrigins"][0] else None)
    assert named["access-control-expose-headers"] == "etag"
