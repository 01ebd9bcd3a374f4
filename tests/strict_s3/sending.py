"""Requests as they stand, for the front: nothing is added, encoded or followed."""

import http.client
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from tests.strict_s3.site import S3Site


def send(
    site: "S3Site", method: str, url: str, headers: dict[str, str] | None = None, body: bytes = b""
) -> tuple[int, dict[str, str], bytes]:
    """Send a request as it stands to the front, whatever host its address names."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body, {"Host": parts.netloc, **(headers or {})})
        answer = connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, named, answer.read()
    finally:
        connection.close()
