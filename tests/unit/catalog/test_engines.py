"""CATALOG_URL: which engine it means, what is refused, and what Aurora DSQL is sent."""

import ssl
from datetime import UTC, datetime
from typing import Any

import boto3
import psycopg
import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.schema import CreateTable

from catalog import dialects
from catalog.database import Database
from catalog.dialects import dsql
from catalog.dialects.tables import definitions, tables
from catalog.errors import CatalogUnavailableError
from catalog.rows import ImageRow, pending_row
from catalog.schema import image, image_label, meta
from catalog.storage import ObjectInfo
from tests.dsql_rules import refused

ENDPOINT = "abc123.dsql.eu-central-1.on.aws"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://host/name", "no catalog for mysql"),
        ("not an address", "looks like postgresql"),
        ("dsql://localhost", "no endpoint of Aurora DSQL"),
        ("dsql://", "no endpoint of Aurora DSQL"),
        (f"dsql://admin:secret@{ENDPOINT}", "dsql://<endpoint>"),
        (f"dsql://{ENDPOINT}/other", "dsql://<endpoint>"),
    ],
)
def test_says_what_is_no_address_of_a_catalog(url: str, sentence: str) -> None:
    with pytest.raises(CatalogUnavailableError, match=sentence) as caught:
        Database.open(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("user", "role"), [("", "admin"), ("tagger@", "tagger")])
def test_every_connection_signs_in_with_a_token(
    user: str, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []

    def connect(**arguments: Any) -> None:
        asked.append(arguments)
        raise psycopg.OperationalError("there is no such cluster here")

    monkeypatch.setattr(psycopg, "connect", connect)
    url = make_url(f"dsql://{user}{ENDPOINT}")
    engine = dsql.open_dsql(url, 3, lambda *facts: "token of " + " ".join(facts))
    assert engine.dialect.name == dsql.NAME
    for _ in range(2):
        with pytest.raises(Exception, match="no such cluster"):
            engine.connect()
    assert [each["password"] for each in asked] == [f"token of {ENDPOINT} eu-central-1 {role}"] * 2
    assert (asked[0]["host"], asked[0]["user"]) == (ENDPOINT, role)
    assert asked[0]["sslmode"] == "verify-full"
    trusted = ssl.create_default_context(cafile=asked[0]["sslrootcert"]).get_ca_certs()
    assert "Amazon Root CA 1" in str(trusted)


@pytest.mark.parametrize("role", ["admin", "tagger"])
def test_a_token_is_the_one_that_boto3_makes(role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made up")
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: datetime(2026, 1, 1))  # noqa: DTZ001 - as botocore's
    # A session of its own: that of the module remembers the credentials of an earlier test.
    client = boto3.Session().client("dsql", region_name="eu-central-1")
    make = {
        "admin": client.generate_db_connect_admin_auth_token,
        "tagger": client.generate_db_connect_auth_token,
    }[role]
    assert dsql._iam_token(ENDPOINT, "eu-central-1", role) == make(ENDPOINT, "eu-central-1")


def test_all_definitions_keep_to_what_aurora_dsql_allows() -> None:
    engine = dsql.open_dsql(make_url(f"dsql://{ENDPOINT}"), 1, lambda *_: "token")
    statements = [CreateTable(meta), *definitions(dsql.NAME)]
    texts = [str(each.compile(dialect=engine.dialect)) for each in statements]
    assert [said for text in texts for said in refused(text)] == []
    indexes = [text for text in texts if " INDEX " in text]
    assert indexes
    assert all("INDEX ASYNC" in text for text in indexes)
    assert not any("IDENTITY" in text or "INCLUDE" in text for text in texts)
    for table in tables(dsql.NAME):
        assert len(table.primary_key.columns) <= 8
        assert len(table.indexes) <= 24
        assert all(len(index.columns) <= 8 for index in table.indexes)


@pytest.mark.parametrize(
    "sql",
    ["TRUNCATE image", "SAVEPOINT a", "CREATE TEMP TABLE a (b int)", "VACUUM image",
     "CREATE TABLE a (b int REFERENCES c)", "CREATE INDEX a ON b (lower(c))",
     "CREATE INDEX a ON b (c) WHERE d", "CREATE TABLE a (b JSONB)", "COPY a FROM STDIN"],
)  # fmt: skip
def test_the_rules_know_what_is_forbidden(sql: str) -> None:
    assert refused(sql)


def test_one_transaction_changes_no_more_than_aurora_dsql_takes() -> None:
    engine = dsql.open_dsql(make_url(f"dsql://{ENDPOINT}"), 1, lambda *_: "token")
    info = ObjectInfo("uploads/a.jpg", 1, "etag", datetime(2026, 1, 1, tzinfo=UTC))
    rows: list[ImageRow] = [pending_row(info, f"uploads/{n}.jpg") for n in range(4000)]
    found = list(dialects.portions(engine, rows))
    assert [row for portion in found for row in portion] == rows
    assert max(map(len, found)) * 2 <= dsql.MOST_ROWS
    assert 2 + 3 * dsql.MOST_NAMES <= dsql.MOST_ROWS
    assert {image.name, image_label.name} <= {table.name for table in tables(dsql.NAME)}
