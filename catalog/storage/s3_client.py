"""Clients of AWS, made when they are first needed: making one costs half a second."""

import threading
from collections.abc import Callable
from typing import Any

from catalog.storage.s3_address import (
    DEFAULT_REGION,
    endpoint_of_environment,
    needs_path,
    region_of_environment,
)

CONNECT_SECONDS = 5
READ_SECONDS = 20
ATTEMPTS = 5


class LazyClient:
    """A client that is made at its first use, once for all threads."""

    def __init__(self, make: Callable[[], Any], client: Any = None) -> None:
        """`client` is one that is there already."""
        self._make = make
        self._client = client
        self._lock = threading.Lock()

    def get(self) -> Any:
        """Return the client."""
        if self._client is None:
            with self._lock:
                if self._client is None:
                    self._client = self._make()
        return self._client

    def close(self) -> None:
        """Close the connections of the client, and let go of it."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def forget(self) -> None:
        """Let go of the client and its connections; the next use makes a new one."""
        with self._lock:
            self._client = None


def make_client(service: str = "s3", *, bucket: str = "", **options: Any) -> Any:
    """Make a client as all parts use it: time-outs, adaptive retries, signature version 4.

    Region, endpoint and credentials come from the environment. Checksums are sent where we give
    them: not every S3-compatible store takes those that boto3 would add.
    """
    from boto3.session import Session
    from botocore.config import Config

    endpoint = endpoint_of_environment()
    style = "path" if endpoint and needs_path(endpoint, bucket) else "virtual"
    settings: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": READ_SECONDS,
        "retries": {"mode": "adaptive", "total_max_attempts": ATTEMPTS},
        "max_pool_connections": 50,
    }
    if service == "s3":
        settings |= {
            "signature_version": "s3v4",
            "s3": {"addressing_style": style, "us_east_1_regional_endpoint": "regional"},
            "request_checksum_calculation": "when_required",
        }
    config = Config(**settings).merge(Config(**options.pop("config", {})))
    session = Session()  # of its own: that of the module would remember credentials
    region = region_of_environment() or session.region_name or DEFAULT_REGION
    options = {"region_name": region, **options}
    return session.client(service, config=config, **options)
