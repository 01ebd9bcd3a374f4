"""Fixtures: `s3_site` is a bucket behind the strict front, and the environment leads to it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.strict_s3.front import StrictFront
    from tests.strict_s3.site import S3Site

# moto takes a second to import: only tests of S3 pay for it.


@pytest.fixture(scope="session")
def s3_servers() -> Iterator[tuple["StrictFront", int, str]]:
    """moto's server and the strict front, started once."""
    from tests.strict_s3.site import servers

    with servers() as started:
        yield started


@pytest.fixture
def s3_site(
    s3_servers: tuple["StrictFront", int, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator["S3Site"]:
    """An empty bucket, and an environment in which boto3 finds it and nothing else."""
    from tests.strict_s3.site import new_site

    site = new_site(*s3_servers)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in site.environment().items():
        monkeypatch.setenv(name, value)
    yield site
    site.front.interfere = None
