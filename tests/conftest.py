"""What holds for every test: no log line of the product carries what is secret or personal."""

import logging
import re
from collections.abc import Iterator

import pytest

from tests.postgres import postgres
from tests.strict_s3.fixtures import s3_servers, s3_site

__all__ = ["nothing_secret_is_logged", "postgres", "s3_servers", "s3_site"]

# Signed addresses, tokens, cookies, hashes of passwords, e-mail addresses.
SECRET = re.compile(
    r"/upload/[\w.-]{20,}|X-Amz-(Signature|Credential|Security-Token)=|eyJ[\w-]{10,}\."
    r"|taglight_session=|taglight_signin=|Bearer \S|\$argon2|[?&](code|state|nonce)="
    r"|[\w.+-]+@[\w-]+\.[a-z]{2,}",
    re.IGNORECASE,
)
OTHERS = ("httpx", "httpcore", "asyncio", "hypothesis", "PIL", "playwright", "urllib3")


class Ears(logging.Handler):
    """Keeps the lines that nobody may ever write."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Listen to the product and to what it runs on; the tests' own clients are not it."""
        if not record.name.startswith(OTHERS) and SECRET.search(line := self.format(record)):
            self.heard.append(line)


@pytest.fixture(autouse=True)
def nothing_secret_is_logged() -> Iterator[None]:
    """Fail the test in which something secret was logged, at any level."""
    ears = Ears()
    root = logging.getLogger()
    root.addHandler(ears)
    yield
    root.removeHandler(ears)
    assert ears.heard == [], "secrets do not belong into logs"
