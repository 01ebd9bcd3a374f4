"""Aurora DSQL: PostgreSQL's language, IAM tokens as passwords, and limits of its own.

`dsql://<endpoint>` or `dsql://<role>@<endpoint>`; the role is `admin` where none is named.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import URL, Engine, create_engine

from catalog.dialects.postgresql import PREPARE_AFTER, engine_arguments, take_any_text

NAME = "auroradsql"
# What one transaction may change.
MOST_ROWS = 3_000
MOST_BYTES = 8 * 1024 * 1024
# Of one picture: each may be taken out, put in, and be the first of its label.
MOST_NAMES = (MOST_ROWS - 2) // 3
# A connection is closed by the service after 60 minutes, whatever it does.
_CONNECTION_LIVES = 50 * 60
# Seconds to sign in with a token; the connection may stay.
_TOKEN_LIVES = 900
_ADMIN = "admin"
_ENDPOINT = re.compile(r"[a-z0-9-]+\.dsql[a-z0-9-]*\.(?P<region>[a-z0-9-]+)\.on\.aws")

# endpoint, region, role -> a token to sign in with
Tokens = Callable[[str, str, str], str]


def open_dsql(url: URL, connections: int, tokens: Tokens | None = None) -> Engine:
    """Make an engine for a cluster's endpoint; none of its connections is opened yet.

    Every new connection asks for a token of its own. Raises ValueError for a URL that names no
    endpoint, and ImportError where the extra `aws` is not installed.
    """
    import aurora_dsql_sqlalchemy.psycopg  # noqa: F401 - says early what is not installed
    import psycopg

    endpoint, role = url.host or "", url.username or _ADMIN
    region = region_of(endpoint)
    if url.password or url.query or url.port or (url.database or "postgres") != "postgres":
        raise ValueError("A dsql:// address is dsql://<endpoint> or dsql://<role>@<endpoint>.")
    make_token = tokens or _iam_token

    def connect() -> psycopg.Connection:
        return psycopg.connect(
            host=endpoint,
            user=role,
            dbname="postgres",
            password=make_token(endpoint, region, role),
            sslmode="verify-full",
            sslrootcert=_roots(),
            sslnegotiation="direct",
            connect_timeout=5,
            application_name="taglight",
            prepare_threshold=PREPARE_AFTER,
        )

    engine = create_engine(
        URL.create(f"{NAME}+psycopg", role, host=endpoint, database="postgres"),
        creator=connect,
        pool_recycle=_CONNECTION_LIVES,
        **engine_arguments(connections),
    )
    take_any_text(engine)
    return engine


def _roots() -> str:
    """Return the file of certificates that vouch for a cluster; Amazon's are among botocore's.

    psycopg's wheels bring an OpenSSL that looks for the system's roots where no system has any,
    so `system` trusts nobody there. SSL_CERT_FILE names others.
    """
    import botocore

    return os.environ.get("SSL_CERT_FILE") or str(Path(botocore.__file__).with_name("cacert.pem"))


def region_of(endpoint: str) -> str:
    """Return the region in a cluster's endpoint. Raises ValueError where it is none."""
    match = _ENDPOINT.fullmatch(endpoint)
    if match is None:
        raise ValueError(
            f"{endpoint or 'Nothing'} is no endpoint of Aurora DSQL: it looks like "
            "abc123.dsql.eu-central-1.on.aws."
        )
    return match["region"]


def _iam_token(endpoint: str, region: str, role: str) -> str:
    """Sign a token with the credentials of this process, as boto3's dsql client would.

    The signer alone: making a client reads service models, which a cold start need not.
    """
    from botocore.awsrequest import prepare_request_dict
    from botocore.model import ServiceId
    from botocore.session import Session
    from botocore.signers import RequestSigner

    session = Session()
    events = session.get_component("event_emitter")
    credentials = session.get_credentials()
    signer = RequestSigner(ServiceId("dsql"), region, "dsql", "v4", credentials, events)
    action = "DbConnectAdmin" if role == _ADMIN else "DbConnect"
    request = {"url_path": "/", "query_string": "", "headers": {}, "body": {"Action": action}}
    request["method"] = "GET"
    prepare_request_dict(request, f"https://{endpoint}")
    signed: str = signer.generate_presigned_url(
        request, region_name=region, operation_name=action, expires_in=_TOKEN_LIVES
    )
    return signed.removeprefix("https://")
