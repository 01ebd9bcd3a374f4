"""The store in a bucket of Amazon S3, or of anything that speaks its language.

What S3 offers itself is left to S3: conditional writes, copies on the server, checksums. Every
object is written with its SHA-256, so that S3 refuses damaged bytes and can tell it later.
"""

import hashlib
import io
import random
import re
import shutil
import tempfile
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO, cast

from catalog.clock import utc_now
from catalog.errors import (
    ContentMismatchError,
    InvalidKeyError,
    KeyTakenError,
    ObjectNotFoundError,
    PreconditionFailedError,
    StoreUnavailableError,
)
from catalog.keys import check_key
from catalog.storage import ObjectInfo
from catalog.storage.s3_client import LazyClient, make_client
from catalog.storage.s3_errors import CONFLICT, code_of, translated, was_retried

IN_MEMORY_BYTES = 16 * 1024 * 1024  # of an opened object; what is larger lies in a temporary file
_CHUNK = 1024 * 1024
_TRIES = 4
_PAUSE_SECONDS = 0.1
_MD5 = re.compile(r"[0-9a-f]{32}")


class S3Store:
    """Implements ObjectStore on one bucket; many threads may use it at once."""

    reads_at_once = 16  # each takes some tens of milliseconds, nearly all of it waiting

    def __init__(self, bucket: str, *, client: Any = None, may_list: bool = True) -> None:
        """`may_list=False`: the role has no s3:ListBucket, so S3 hides what is not there by 403."""
        self.bucket = bucket
        self._hidden = not may_list
        self._client = LazyClient(lambda: make_client(bucket=bucket), client)

    @property
    def client(self) -> Any:
        """The boto3 client, made at its first use."""
        return self._client.get()

    @property
    def region(self) -> str:
        """The region that the client talks to, from wherever its settings come."""
        return str(self.client.meta.region_name)

    def forget_client(self) -> None:
        """Let go of all connections, as after a process was frozen."""
        self._client.forget()

    def close(self) -> None:
        """Close all connections; the next use makes new ones."""
        self._client.close()

    def head(self, key: str) -> ObjectInfo:
        """Tell about one object. Raises ObjectNotFoundError."""
        return _info(key, self._head(key))

    def sha256(self, key: str) -> str:
        """Return the SHA-256 (hex) that S3 keeps of an object, "" where it keeps none.

        Raises ObjectNotFoundError.
        """
        return _sha256(self._head(key, ChecksumMode="ENABLED"))

    def read(self, key: str) -> tuple[bytes, ObjectInfo]:
        """Return all bytes of an object and what they are. Raises ObjectNotFoundError."""
        check_key(key)
        for left in reversed(range(_TRIES)):
            try:
                with self._translated(key):
                    answer = self._get(key)
                    with answer["Body"] as body:
                        return body.read(), _info(key, answer)
            except StoreUnavailableError:
                # botocore tries again until an answer begins, not where it breaks off.
                if not left:
                    raise
                _pause(_TRIES - left)
        raise AssertionError("the last try returns or raises")

    @contextmanager
    def open(self, key: str) -> Iterator[tuple[BinaryIO, ObjectInfo]]:
        """Open an object for streaming; the file is seekable. Raises ObjectNotFoundError."""
        check_key(key)
        with tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES) as file:
            with self._translated(key):
                answer = self._get(key)
                with answer["Body"] as body:
                    shutil.copyfileobj(body, file, _CHUNK)
            file.seek(0)
            yield cast("BinaryIO", file), _info(key, answer)

    def put(
        self,
        key: str,
        content: bytes | BinaryIO,
        *,
        content_type: str = "application/octet-stream",
        if_match: str | None = None,
        if_none_match: bool = False,
    ) -> ObjectInfo:
        """Write an object at once or not at all.

        With `if_match`, only over the object of that ETag; with `if_none_match`, only where
        there is none. Raises PreconditionFailedError (KeyTakenError where the key is there).
        """
        check_key(key)
        asked: dict[str, Any] = {"Key": key, "ContentType": content_type}
        if if_match is not None:
            asked["IfMatch"] = f'"{if_match}"'
        if if_none_match:
            asked["IfNoneMatch"] = "*"
        with _measured(content) as (body, size, digest):
            asked["ChecksumSHA256"] = b64encode(digest).decode()
            try:
                answer = self._conditional("put_object", asked, body)
            except ObjectNotFoundError:
                raise PreconditionFailedError(key) from None  # nothing to match
            except _RetriedError as error:
                # An earlier try, whose answer was lost, may have been ours.
                there = self._find(key)
                if there is None or _sha256(there) != digest.hex():
                    raise error.meant from None
                return _info(key, there)
        return ObjectInfo(key, size, _etag(answer), _date(answer))

    def copy(self, source: str, target: str, *, if_none_match: bool = True) -> ObjectInfo:
        """Copy an object and verify the copy. Raises ObjectNotFoundError, KeyTakenError."""
        check_key(target)
        asked: dict[str, Any] = {
            "Key": target,
            "CopySource": {"Bucket": self.bucket, "Key": source},
            **({"IfNoneMatch": "*"} if if_none_match else {}),
        }
        for attempt in range(1, _TRIES + 1):
            before = self._head(source, ChecksumMode="ENABLED")
            if if_none_match and self._find(target):
                raise KeyTakenError(target)  # not every store minds the condition
            try:
                self._conditional("copy_object", {**asked, "CopySourceIfMatch": before["ETag"]})
            except ObjectNotFoundError:
                raise ObjectNotFoundError(source) from None
            except (PreconditionFailedError, _RetriedError) as error:
                if self.head(source).etag != _etag(before) and attempt < _TRIES:
                    continue  # the source was replaced meanwhile
                there = self._find(target)
                if not (isinstance(error, _RetriedError) and there and _same(before, there)):
                    raise (error.meant if isinstance(error, _RetriedError) else error) from None
            after = self._head(target, ChecksumMode="ENABLED")
            if not _same(before, after):
                raise ContentMismatchError(target, "checksum")
            return _info(target, after)
        raise AssertionError("the last try returns or raises")

    def delete(self, key: str, *, if_match: str | None = None) -> None:
        """Remove an object. Raises ObjectNotFoundError, PreconditionFailedError."""
        there = self.head(key)
        if if_match is not None and there.etag != if_match:
            raise PreconditionFailedError(key)
        asked = {"Key": key, **({} if if_match is None else {"IfMatch": f'"{if_match}"'})}
        try:
            self._conditional("delete_object", asked)
        except _RetriedError as error:
            if self._find(key):
                raise error.meant from None

    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:
        """Yield the objects whose keys begin with `prefix`, in the order of their UTF-8 keys.

        Folder markers (keys that end in a slash), and keys that no folder could hold, are none.
        """
        if not _is_prefix(prefix):
            return
        token = {"StartAfter": after} if after else {}
        while True:
            with self._translated():
                page = self.client.list_objects_v2(Bucket=self.bucket, Prefix=prefix, **token)
            for item in page.get("Contents", ()):
                if _is_ours(item["Key"]):
                    modified = item["LastModified"].astimezone(UTC).replace(microsecond=0)
                    yield ObjectInfo(item["Key"], item["Size"], _etag(item), modified)
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def obstacle(self, key: str) -> str:  # noqa: ARG002 - part of the protocol
        """Return "": in a bucket nothing stands in the way of a key."""
        return ""

    def check(self) -> None:
        """Return when the bucket answers. Raises StoreUnavailableError with what does not."""
        with self._translated():
            self.client.head_bucket(Bucket=self.bucket)

    def _head(self, key: str, **options: str) -> dict[str, Any]:
        check_key(key)
        with self._translated(key):
            answer: dict[str, Any] = self.client.head_object(Bucket=self.bucket, Key=key, **options)
        return answer

    def _get(self, key: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.get_object(Bucket=self.bucket, Key=key)
        return answer

    def _find(self, key: str) -> dict[str, Any] | None:
        try:
            return self._head(key, ChecksumMode="ENABLED")
        except ObjectNotFoundError:
            return None

    def _conditional(
        self, operation: str, asked: dict[str, Any], body: BinaryIO | None = None
    ) -> dict[str, Any]:
        """Ask until no other request stands in the way. Raises _RetriedError, TaglightError."""
        for attempt in range(1, _TRIES + 1):
            if body is not None:
                body.seek(0)
                asked["Body"] = body
            try:
                with self._translated(asked["Key"], taken="IfNoneMatch" in asked):
                    answer = getattr(self.client, operation)(Bucket=self.bucket, **asked)
                return cast("dict[str, Any]", answer)
            except PreconditionFailedError as error:
                cause: Any = error.__cause__
                if code_of(cause) in CONFLICT and attempt < _TRIES:
                    _pause(attempt)  # two requests at once: S3 asks to send this one again
                elif was_retried(cause.response):
                    raise _RetriedError(error) from error
                else:
                    raise
        raise AssertionError("the last try returns or raises")

    def _translated(self, key: str = "", *, taken: bool = False) -> AbstractContextManager[None]:
        return translated(self.bucket, key, taken=taken, hidden=self._hidden)


class _RetriedError(Exception):
    """A condition did not hold when the request was sent again: perhaps the first had worked."""

    def __init__(self, meant: PreconditionFailedError) -> None:
        super().__init__(str(meant))
        self.meant = meant


@contextmanager
def _measured(content: bytes | BinaryIO) -> Iterator[tuple[BinaryIO, int, bytes]]:
    """Give what is to be sent as a file that can be read again, with its size and SHA-256."""
    if isinstance(content, bytes):
        yield io.BytesIO(content), len(content), hashlib.sha256(content).digest()
        return
    with tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES) as file:
        digest, size = hashlib.sha256(), 0
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            file.write(chunk)
        yield cast("BinaryIO", file), size, digest.digest()


def _info(key: str, answer: dict[str, Any]) -> ObjectInfo:
    modified = answer["LastModified"].astimezone(UTC).replace(microsecond=0)
    return ObjectInfo(key, answer["ContentLength"], _etag(answer), modified)


def _etag(answer: dict[str, Any]) -> str:
    return str(answer["ETag"]).strip('"')


def _date(answer: dict[str, Any]) -> datetime:
    """Return when S3 says that it answered; what it wrote is of that second, or the one before."""
    told = answer["ResponseMetadata"]["HTTPHeaders"].get("date", "")
    try:
        return parsedate_to_datetime(told).astimezone(UTC)
    except ValueError:
        return utc_now().replace(microsecond=0)


def _sha256(answer: dict[str, Any]) -> str:
    """Return the SHA-256 of a whole object as hex; of one sent in parts there is none."""
    told = str(answer.get("ChecksumSHA256", ""))
    return b64decode(told).hex() if told and "-" not in told else ""


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Tell whether two objects hold the same bytes, as far as S3 lets it be known."""
    if one["ContentLength"] != other["ContentLength"]:
        return False
    sums = _sha256(one), _sha256(other)
    if all(sums):
        return sums[0] == sums[1]
    plain = all(_MD5.fullmatch(_etag(each)) and "SSEKMSKeyId" not in each for each in (one, other))
    return not plain or _etag(one) == _etag(other)


def _is_ours(key: str) -> bool:
    try:
        check_key(key)
    except InvalidKeyError:
        return False
    return True


def _is_prefix(text: str) -> bool:
    """Tell whether keys can begin so."""
    return "\x00" not in text and text.encode("utf-8", "replace").decode() == text


def _pause(attempt: int) -> None:
    time.sleep(_PAUSE_SECONDS * 2**attempt * random.uniform(0.5, 1))  # noqa: S311 - no secret
