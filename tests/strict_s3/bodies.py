"""Whether the bytes are those that were announced."""

import hashlib
import zlib
from base64 import b64encode

from tests.strict_s3.errors import RefusedError
from tests.strict_s3.signatures import Signed

LARGEST = 5 * 1024**3


def check_body(request: Signed) -> None:
    """Compare the body with what headers say of it. Raises RefusedError."""
    if request.method not in ("PUT", "POST"):
        return
    length = request.header("content-length")
    if length is None and request.header("transfer-encoding") is None:
        raise RefusedError("MissingContentLength", "Content-Length is needed.")
    if length is not None and int(length) != len(request.body):
        raise RefusedError("IncompleteBody", "This is not the number of bytes announced.")
    said = request.header("x-amz-content-sha256") or ""
    if len(said) == 64 and said != hashlib.sha256(request.body).hexdigest():
        raise RefusedError("XAmzContentSHA256Mismatch", "The content is another.")
    md5 = hashlib.md5(request.body, usedforsecurity=False).digest()
    sums = {
        "content-md5": md5,
        "x-amz-checksum-sha256": hashlib.sha256(request.body).digest(),
        "x-amz-checksum-crc32": zlib.crc32(request.body).to_bytes(4, "big"),
    }
    for name, digest in sums.items():
        given = request.header(name)
        if given is not None and given != b64encode(digest).decode():
            raise RefusedError(
                "BadDigest", f"The {name} you specified did not match the calculated checksum."
            )
