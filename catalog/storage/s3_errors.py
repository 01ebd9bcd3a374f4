"""What S3 and the way to it say went wrong, in the words of the catalog: the one place for it."""

import contextlib
from collections.abc import Iterator
from typing import Any

from catalog.errors import (
    ContentMismatchError,
    InvalidKeyError,
    KeyTakenError,
    ObjectNotFoundError,
    PreconditionFailedError,
    StoreRefusedError,
    StoreUnavailableError,
    TaglightError,
)

NOT_FOUND = {"404", "NoSuchKey", "NotFound", "NoSuchVersion"}
NO_BUCKET = {"NoSuchBucket"}
PRECONDITION = {"412", "PreconditionFailed"}
CONFLICT = {"409", "ConditionalRequestConflict", "OperationAborted"}
READING = {"HeadObject", "GetObject"}
REFUSED = {"403", "AccessDenied", "Forbidden", "AllAccessDisabled", "AccountProblem"}
CREDENTIALS = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken"}
BUSY = {"SlowDown", "503", "ServiceUnavailable", "RequestLimitExceeded", "Throttling"}
DAMAGED = {"BadDigest", "XAmzContentChecksumMismatch", "IncompleteBody"}
ELSEWHERE = {
    "301",
    "PermanentRedirect",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraint",
}


@contextlib.contextmanager
def translated(
    bucket: str, key: str = "", *, taken: bool = False, hidden: bool = False
) -> Iterator[None]:
    """Turn errors of botocore and of the connection into the catalog's.

    `taken`: the request was made on condition that nothing is there. `hidden`: who may not list
    is told 403 where there is nothing, which then counts as not found.
    """
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ClientError as error:
        raise of_answer(bucket, key, error, taken=taken, hidden=hidden) from error
    except (BotoCoreError, HTTPClientError, HTTPError, OSError) as error:
        raise of_connection(bucket, error) from error


def code_of(error: Any) -> str:
    """Return S3's code for an error, or the HTTP status as text where the answer had no body."""
    return str(error.response.get("Error", {}).get("Code", ""))


def was_retried(answer: dict[str, Any]) -> bool:
    """Tell whether a request was sent more than once, so that an earlier one may have worked."""
    return bool(answer.get("ResponseMetadata", {}).get("RetryAttempts", 0))


def of_answer(
    bucket: str, key: str, error: Any, *, taken: bool = False, hidden: bool = False
) -> TaglightError:
    """Return our error for one that S3 has answered with."""
    code, told = code_of(error), str(error.response.get("Error", {}).get("Message", ""))
    hidden = hidden and error.operation_name in READING
    absent = code in NOT_FOUND or (code in REFUSED and (hidden or "s3:ListBucket" in told))
    if key and absent:
        return ObjectNotFoundError(key)
    if code in PRECONDITION or code in CONFLICT:
        return KeyTakenError(key) if taken else PreconditionFailedError(key)
    if code == "KeyTooLongError":
        return InvalidKeyError(key, "This name is too long for the bucket.")
    if code in DAMAGED:
        return ContentMismatchError(key, "checksum")
    sentence = _sentence(bucket, error.operation_name, code, told)
    if code in REFUSED | CREDENTIALS:
        return StoreRefusedError(sentence)
    return StoreUnavailableError(sentence)


def of_connection(bucket: str, error: BaseException) -> StoreUnavailableError:
    """Return our error for a request that got no answer."""
    name = type(error).__name__
    if name in ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"):
        return StoreUnavailableError(
            f"There are no credentials for the bucket {bucket}. Set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or sign in with: aws sso login"
        )
    if "Timeout" in name:
        return StoreUnavailableError(f"The bucket {bucket} did not answer in time. Try again.")
    return StoreUnavailableError(f"The bucket {bucket} cannot be reached: {error}")


def _sentence(bucket: str, operation: str, code: str, told: str) -> str:
    if code in NO_BUCKET | NOT_FOUND:
        return f"There is no bucket {bucket}. Check its name, region and account."
    if code in REFUSED:
        return (
            f"The bucket {bucket} refuses {operation}: {told or 'access denied'}. "
            "Give this user or role the rights that docs/ lists."
        )
    if code in CREDENTIALS:
        return f"The bucket {bucket} does not take these credentials ({code}). Renew them."
    if code in BUSY:
        return f"The bucket {bucket} is asked too much just now ({code}). Try again in a moment."
    if code in ELSEWHERE:
        return f"The bucket {bucket} is in another region. Set AWS_REGION to it."
    return f"The bucket {bucket} does not do {operation}: {told or code}."
