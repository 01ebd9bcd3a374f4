"""A library's bucket, looked at without changing anything."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from catalog.errors import PreconditionFailedError, StoreUnavailableError
from catalog.keys import PREFIXES
from catalog.storage.s3 import S3Store
from catalog.storage.s3_errors import translated
from cli.checkup.findings import Finding, well

# What the page asks for when it sends a picture (webapp/s3_tickets.py).
HEADERS = ("content-type", "if-none-match", "x-amz-checksum-sha256")
_NEVER_WRITTEN = "taglight-doctor-asks-whether-it-may-write"
LOCAL_ORIGIN = "http://127.0.0.1:8000"


def check_bucket(store: S3Store) -> Finding:
    """Look whether the bucket is there and answers with these credentials."""
    try:
        store.check()
    except StoreUnavailableError as error:
        return Finding(
            "wrong",
            f"The bucket {store.bucket} does not answer.",
            str(error),
            "Check its name, AWS_REGION, and which credentials are used: "
            "aws sts get-caller-identity",
        )
    return well(f"The bucket {store.bucket} answers, in {store.region}.")


def check_rights(store: S3Store) -> Finding:
    """Look whether these credentials may write, without writing: on a condition that never holds.

    A bucket that does not know such conditions would have let two writers overwrite each other.
    """
    refused = []
    for prefix in PREFIXES:
        try:
            written = store.put(prefix + _NEVER_WRITTEN, b"", if_match="0" * 32)
        except PreconditionFailedError:
            continue
        except StoreUnavailableError as error:
            refused.append((prefix, str(error)))
        else:
            store.delete(written.key, if_match=written.etag)
            return Finding(
                "wrong",
                f"The bucket {store.bucket} does not heed If-Match.",
                "Two who write one document at once would overwrite each other's.",
                "Use a store that knows conditional writes, as S3 does.",
            )
    if refused:
        return Finding(
            "wrong",
            "These credentials may not write everywhere in the bucket.",
            refused[0][1],
            "Give them the rights that docs/bucket.md lists, under all prefixes.",
            keys=[prefix for prefix, _ in refused],
        )
    return well("The bucket can be written under all of the library's prefixes.")


def check_cors(store: S3Store, origin: str) -> Finding:
    """Look whether a page of this origin may send pictures to the bucket."""
    try:
        rules = cors_rules(store)
    except StoreUnavailableError as error:
        return Finding(
            "note",
            "It cannot be seen whether the page may send pictures.",
            str(error),
            "Look at the bucket's CORS rules yourself: docs/bucket.md shows what is needed.",
        )
    if allows(rules, origin):
        return well(f"The page at {origin} may send pictures to the bucket.")
    return Finding(
        "note",
        f"The bucket's CORS rules do not let a page at {origin} send pictures.",
        "They can be seen and tagged, but not added by the page.",
        "Add a rule to the bucket: docs/bucket.md shows it. Where the page has another address, "
        "set PUBLIC_URL to it.",
    )


def allows(rules: Iterable[Mapping[str, Any]], origin: str) -> bool:
    """Tell whether one of S3's CORS rules covers what the page sends."""
    for rule in rules:
        headers = [name.lower() for name in rule.get("AllowedHeaders", ())]
        if (
            any(fnmatchcase(origin, pattern) for pattern in rule.get("AllowedOrigins", ()))
            and "PUT" in rule.get("AllowedMethods", ())
            and all(any(fnmatchcase(name, pattern) for pattern in headers) for name in HEADERS)
        ):
            return True
    return False


def cors_rules(store: S3Store) -> list[dict[str, Any]]:
    """Return the bucket's CORS rules. Raises StoreUnavailableError."""
    from botocore.exceptions import ClientError

    with translated(store.bucket):
        try:
            answer = store.client.get_bucket_cors(Bucket=store.bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchCORSConfiguration":
                return []
            raise
    return list(answer.get("CORSRules", ()))
