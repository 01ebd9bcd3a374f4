"""moto's server with the strict front before it, and a bucket of a test's own."""

import itertools
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import boto3
import uvicorn
from botocore.config import Config
from moto.server import ThreadedMotoServer

from catalog.clock import utc_now
from catalog.storage.s3 import S3Store
from catalog.storage.s3_address import S3Address
from tests.strict_s3.front import Seen, StrictFront
from tests.strict_s3.signatures import Key
from webapp.s3_credentials import Credentials
from webapp.s3_signing import Presigner

REGION = "eu-west-1"
KEY = Key("AKIATESTS", "a secret of the tests/+=")
Clock = Callable[[], datetime]
_numbers = itertools.count(1)


@dataclass
class S3Site:
    """One empty bucket behind the front.

    `endpoint` is for Python; browsers use `browser_endpoint`, where buckets are names of their own.
    """

    bucket: str
    front: StrictFront
    port: int
    moto_url: str
    key: Key = KEY
    region: str = REGION

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def browser_endpoint(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def requests(self) -> list[Seen]:
        return self.front.requests

    def address(self, *, browser: bool = False) -> S3Address:
        """Return where objects of the bucket are."""
        endpoint = self.browser_endpoint if browser else self.endpoint
        return S3Address.of(self.bucket, self.region, endpoint)

    def presigner(self, *, browser: bool = False, clock: Clock = utc_now) -> Presigner:
        """Return who signs addresses of the bucket, with the site's credentials."""
        credentials = Credentials(self.key.id, self.key.secret, self.key.token, self.key.ends)
        return Presigner(self.address(browser=browser), lambda: credentials, clock=clock)

    def client(self, service: str = "s3", **config: Any) -> Any:
        """Return a boto3 client of its own that talks to the front."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=self.key.id,
            aws_secret_access_key=self.key.secret,
            aws_session_token=self.key.token or None,
            config=Config(**{"s3": {"addressing_style": "path"}, **config}),
        )

    def environment(self) -> dict[str, str]:
        """Return the variables with which every part of the product finds this bucket."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": self.region,
            "AWS_ACCESS_KEY_ID": self.key.id,
            "AWS_SECRET_ACCESS_KEY": self.key.secret,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def store(self) -> S3Store:
        """Return a store on the bucket, as the environment makes it."""
        return S3Store(self.bucket)


@contextmanager
def servers() -> Iterator[tuple[StrictFront, int, str]]:
    """Run moto's server and the front in threads; give the front, its port and moto's URL."""
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    moto_url = "http://{}:{}".format(*moto.get_host_and_port())
    front = StrictFront(moto_url, {KEY.id: KEY}, REGION)
    try:
        with served(front) as port:
            yield front, port, moto_url
    finally:
        moto.stop()


@contextmanager
def served(app: Any, **options: Any) -> Iterator[int]:
    """Serve an ASGI app in a thread until the block ends; give its port. Options are uvicorn's."""
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        log_level="error",
        access_log=False,
        lifespan="off",
        **options,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < deadline, "a server did not start"
        time.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(10)


def new_site(front: StrictFront, port: int, moto_url: str) -> S3Site:
    """Return a site with a bucket of its own, the front as new."""
    site = S3Site(f"pictures-{next(_numbers)}", front, port, moto_url)
    front.cors, front.interfere = (), None
    front.clock = StrictFront.clock
    front.keys.clear()
    front.keys[KEY.id] = KEY
    place = {"LocationConstraint": REGION}
    client = site.client()
    client.create_bucket(Bucket=site.bucket, CreateBucketConfiguration=place)
    client.close()
    front.requests.clear()
    return site
