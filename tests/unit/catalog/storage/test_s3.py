"""What only a bucket does: bad answers, lost answers, markers, and roles that may not list."""

import hashlib
import http.client
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from catalog import reads
from catalog.database import Database
from catalog.errors import (
    ContentMismatchError,
    KeyTakenError,
    ObjectNotFoundError,
    PreconditionFailedError,
    StoreRefusedError,
    StoreUnavailableError,
    TaglightError,
)
from catalog.indexer import Indexer
from catalog.query import parse
from catalog.storage import s3, s3_client
from catalog.storage.s3 import S3Store
from tests.strict_s3.errors import RefusedError
from tests.strict_s3.front import Answer, Seen
from tests.strict_s3.site import S3Site


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for nothing, and give up soon."""
    monkeypatch.setattr(s3, "_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(s3_client, "ATTEMPTS", 2)
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)


def first(times: int, act: Callable[[Seen], Answer | None]) -> Callable[[Seen], Answer | None]:
    """Return an interference with the first few requests that change something or read."""
    left = iter(range(times))
    return lambda seen: act(seen) if next(left, None) is not None else None


def refuse(code: str, message: str = "no") -> Callable[[Seen], Answer | None]:
    """Return an interference that says no."""

    def act(_: Seen) -> Answer | None:
        raise RefusedError(code, message)

    return act


def test_nothing_of_boto3_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys; from catalog.storage.s3 import S3Store; from catalog.queues import "
        "SqsTagQueue; S3Store('b'); SqsTagQueue('q'); "
        "assert not {'boto3', 'botocore'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_client_can_be_made_anew(s3_site: S3Site) -> None:
    store = s3_site.store()
    before = store.client
    store.forget_client()
    assert store.client is not before
    store.check()


def test_it_knows_the_sha256_of_what_it_holds(s3_site: S3Site) -> None:
    store = s3_site.store()
    store.put("uploads/a", b"bytes")
    assert store.sha256("uploads/a") == hashlib.sha256(b"bytes").hexdigest()
    store.copy("uploads/a", "uploads/b")
    assert store.sha256("uploads/b") == hashlib.sha256(b"bytes").hexdigest()
    client = s3_site.client(request_checksum_calculation="when_required")
    client.put_object(Bucket=s3_site.bucket, Key="uploads/c", Body=b"by another tool")
    client.close()
    assert store.sha256("uploads/c") == ""


def test_folder_markers_and_impossible_keys_are_not_listed(s3_site: S3Site) -> None:
    store = s3_site.store()
    client = s3_site.client()
    for key in ("uploads/", "uploads/folder/", "uploads/a//b", "uploads/a/../b"):
        client.put_object(Bucket=s3_site.bucket, Key=key, Body=b"")
    client.close()
    store.put("uploads/folder/a.jpg", b"x")
    assert [info.key for info in store.list("uploads/")] == ["uploads/folder/a.jpg"]


def test_it_lists_more_than_one_page(s3_site: S3Site) -> None:
    store = s3_site.store()
    names = [f"uploads/{number:02}.jpg" for number in range(7)]
    for name in names:
        store.put(name, b"x")
    list_objects = store.client.list_objects_v2

    class Small:
        """The client, with pages of two."""

        def list_objects_v2(self, **asked: Any) -> Any:
            return list_objects(**asked, MaxKeys=2)

    assert [info.key for info in S3Store(s3_site.bucket, client=Small()).list("uploads/")] == names


def test_a_catalog_is_filled_by_many_reads_at_once(s3_site: S3Site, tmp_path: Path) -> None:
    store = s3_site.store()
    for number in range(12):
        store.put(f"uploads/{number:02}.jpg", b"x%d" % number)
    together, most = threading.Semaphore(0), [0]

    def slowly(seen: Seen) -> Answer | None:
        if seen.method == "GET" and seen.key.startswith("metadata/"):
            together.release()
            most[0] = max(most[0], together._value)
            time.sleep(0.1)
            together.acquire()
        return None

    s3_site.front.interfere = slowly
    database = Database.open(f"sqlite:///{tmp_path}/catalog.sqlite")
    assert Indexer(store, database).reindex() == 12
    with database.reading() as connection:
        assert reads.search(connection, parse("is:pending")).total == 12
    database.close()
    assert most[0] > 2


ANSWERS = [
    ("AccessDenied", StoreRefusedError, "refuses PutObject"),
    ("InvalidAccessKeyId", StoreRefusedError, "does not take these credentials"),
    ("InvalidToken", StoreRefusedError, "does not take these credentials"),
    ("SlowDown", StoreUnavailableError, "asked too much just now"),
    ("ServiceUnavailable", StoreUnavailableError, "asked too much just now"),
    ("AuthorizationHeaderMalformed", StoreUnavailableError, "another region"),
    ("PreconditionFailed", PreconditionFailedError, "has changed"),
    ("ConditionalRequestConflict", PreconditionFailedError, "has changed"),
    ("BadDigest", ContentMismatchError, "checksum"),
    ("KeyTooLongError", TaglightError, "too long"),
]


@pytest.mark.parametrize(("code", "error", "words"), ANSWERS)
def test_every_answer_is_in_our_words(
    s3_site: S3Site, code: str, error: type[Exception], words: str
) -> None:
    s3_site.front.interfere = refuse(code)
    with pytest.raises(error, match=words):
        s3_site.store().put("uploads/a", b"x")


def test_what_is_refused_names_what_to_do(s3_site: S3Site) -> None:
    s3_site.front.interfere = refuse("AccessDenied", "not authorized to perform: s3:GetObject")
    with pytest.raises(StoreUnavailableError, match=r"s3:GetObject\. Give this user or role"):
        s3_site.store().read("uploads/a")


def test_a_missing_bucket_is_told(s3_site: S3Site) -> None:
    store = S3Store("no-such-bucket-here")
    with pytest.raises(StoreUnavailableError, match="There is no bucket no-such-bucket-here"):
        store.check()
    with pytest.raises(StoreUnavailableError, match="There is no bucket"):
        list(store.list(""))


def test_who_may_not_list_is_told_403_where_nothing_is(s3_site: S3Site) -> None:
    s3_site.front.interfere = refuse("AccessDenied")
    blind = S3Store(s3_site.bucket, may_list=False)
    with pytest.raises(ObjectNotFoundError):
        blind.read("metadata/a.json")
    with pytest.raises(ObjectNotFoundError):
        blind.head("metadata/a.json")
    with pytest.raises(StoreUnavailableError):
        s3_site.store().head("metadata/a.json")


def test_without_credentials_it_says_how_to_give_them(
    s3_site: S3Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(StoreUnavailableError, match="Set AWS_ACCESS_KEY_ID"):
        s3_site.store().check()


def test_where_nobody_answers(s3_site: S3Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(StoreUnavailableError, match="cannot be reached"):
        s3_site.store().check()


def test_it_waits_only_so_long(s3_site: S3Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_client, "READ_SECONDS", 0.2)
    late = threading.Event()
    s3_site.front.interfere = lambda _: late.wait(2) and None  # type: ignore[func-returns-value]
    try:
        with pytest.raises(StoreUnavailableError, match="did not answer in time"):
            s3_site.store().check()
    finally:
        late.set()


def test_passing_trouble_is_waited_out(s3_site: S3Site) -> None:
    store = s3_site.store()
    s3_site.front.interfere = first(1, refuse("SlowDown"))
    store.put("uploads/a", b"x", if_none_match=True)
    s3_site.front.interfere = first(1, refuse("ServiceUnavailable"))
    assert store.read("uploads/a")[0] == b"x"


def test_two_at_once_are_asked_to_try_again(s3_site: S3Site) -> None:
    store = s3_site.store()
    s3_site.front.interfere = first(2, refuse("ConditionalRequestConflict"))
    info = store.put("uploads/a", b"x", if_none_match=True)
    s3_site.front.interfere = first(1, refuse("ConditionalRequestConflict"))
    store.put("uploads/a", b"y", if_match=info.etag)
    assert store.read("uploads/a")[0] == b"y"


class Lost:
    """Has the first answer to a change lost on the way, after its effect."""

    def __init__(self, site: S3Site, method: str) -> None:
        self.front, self.method, self.lost = site.front, method, 0
        site.front.interfere = self

    def __call__(self, seen: Seen) -> Answer | None:
        if seen.method != self.method or self.lost:
            return None
        self.lost += 1
        host = self.front.upstream.partition("://")[2]
        connection = http.client.HTTPConnection(host, timeout=10)
        headers = {
            name: value
            for name, value in seen.headers.items()
            if name.startswith(("x-amz-", "if-", "content-t", "authorization"))
        }
        if "x-amz-checksum-sha256" in headers:
            headers["x-amz-sdk-checksum-algorithm"] = "SHA256"
        connection.request(seen.method, f"/{seen.bucket}/{seen.key}", seen.body or None, headers)
        assert connection.getresponse().status in (200, 204)
        connection.close()
        raise RefusedError("ServiceUnavailable", "the answer is lost")


def test_a_lost_answer_to_a_new_object_is_no_conflict(s3_site: S3Site) -> None:
    store = s3_site.store()
    lost = Lost(s3_site, "PUT")
    info = store.put("uploads/a", b"mine", if_none_match=True)
    assert lost.lost == 1
    assert store.head("uploads/a").etag == info.etag


def test_a_lost_answer_to_a_change_is_no_conflict(s3_site: S3Site) -> None:
    store = s3_site.store()
    before = store.put("uploads/a", b"old")
    lost = Lost(s3_site, "PUT")
    store.put("uploads/a", b"new", if_match=before.etag)
    assert (lost.lost, store.read("uploads/a")[0]) == (1, b"new")


def test_a_lost_answer_to_a_copy_is_no_conflict(s3_site: S3Site) -> None:
    store = s3_site.store()
    store.put("uploads/a", b"same")
    lost = Lost(s3_site, "PUT")
    assert store.copy("uploads/a", "trash/a").etag == store.head("uploads/a").etag
    assert lost.lost == 1


def test_a_retry_over_anothers_object_is_a_conflict(s3_site: S3Site) -> None:
    store = s3_site.store()
    store.put("uploads/a", b"another's")
    s3_site.front.interfere = first(1, refuse("ServiceUnavailable"))
    with pytest.raises(KeyTakenError):
        store.put("uploads/a", b"mine", if_none_match=True)
    assert store.read("uploads/a")[0] == b"another's"


def test_a_copy_is_of_what_was_there_when_it_began(s3_site: S3Site) -> None:
    store, other = s3_site.store(), s3_site.store()
    other.check()
    store.put("uploads/a", b"old")

    def replaced(seen: Seen) -> Answer | None:
        if seen.method == "PUT" and "x-amz-copy-source" in seen.headers:
            s3_site.front.interfere = None
            other.put("uploads/a", b"new")
            raise RefusedError("PreconditionFailed", "x-amz-copy-source-If-Match")
        return None

    s3_site.front.interfere = replaced
    assert store.read(store.copy("uploads/a", "trash/a").key)[0] == b"new"
