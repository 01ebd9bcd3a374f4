"""The variables that the template sets are those that the code reads, and those that it needs."""

from pathlib import Path

import pytest

from tagger.aws.environment import LambdaEnvironment
from tests.stack import Stack
from webapp.on_lambda.settings import NEEDED, LambdaSettings

READS = {"WebFunction": LambdaSettings, "TaggerFunction": LambdaEnvironment}
# Read by tagger/lambda_handler.py and aws-lambda-powertools; and by OpenSSL.
OF_LIBRARIES = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "SSL_CERT_FILE"}


@pytest.mark.parametrize("function", sorted(READS))
def test_every_variable_is_read(function: str) -> None:
    known = {str(field.validation_alias) for field in READS[function].model_fields.values()}
    assert Stack().environment(function).keys() - known <= OF_LIBRARIES


def test_nothing_that_the_web_function_needs_is_missing() -> None:
    found = Stack().environment("WebFunction")
    assert found.keys() >= NEEDED.keys() | {"SESSION_SECRET", "ORIGIN_SECRET", "OIDC_ISSUER"}
    assert all(found[name] for name in NEEDED)


def test_a_document_for_every_variable() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "settings.md").read_text("utf-8")
    for function in READS:
        for name in Stack().environment(function).keys() - {"SSL_CERT_FILE"}:
            assert f"`{name}`" in page, f"docs/settings.md does not name {name}"
