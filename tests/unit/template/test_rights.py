"""The roles of template.yaml allow what the code calls, and nothing else."""

from contextlib import suppress

import pytest
from botocore.exceptions import ClientError

from tests.recorded_calls import nothing_forbidden, seen
from tests.rights import EXPECTED, allowed
from tests.stack import Stack
from tests.strict_s3.site import S3Site

KEY = "arn:aws:kms:eu-west-1:123456789012:key/0a1b"


@pytest.fixture(scope="module")
def stack() -> Stack:
    return Stack()


@pytest.mark.parametrize(("role", "function"), [("WebRole", "web"), ("TaggerRole", "tagger")])
def test_a_role_allows_exactly_what_is_called(stack: Stack, role: str, function: str) -> None:
    assert allowed(stack, role) == EXPECTED[function]


def test_originals_are_never_changed_by_the_tagger(stack: Stack) -> None:
    may = {action for action, place in allowed(stack, "TaggerRole") if place == "uploads/"}
    assert may == {"s3:GetObject"}


def test_the_one_wildcard_is_for_a_service_without_resources(stack: Stack) -> None:
    rows = allowed(stack, "WebRole") | allowed(stack, "TaggerRole")
    assert [action for action, place in rows if place == "*"] == ["rekognition:DetectLabels"]
    assert not [action for action, _ in rows if "*" in action]


def test_each_function_has_a_role_of_its_own_and_no_policy_of_aws(stack: Stack) -> None:
    functions = stack.of_type("AWS::Lambda::Function")
    roles = {name: each["Role"] for name, each in functions.items()}
    assert len(set(roles.values())) == len(roles) == 2
    for role in stack.of_type("AWS::IAM::Role").values():
        assert "ManagedPolicyArns" not in role
        statement = role["AssumeRolePolicyDocument"]["Statement"]
        assert [each["Principal"] for each in statement] == [{"Service": "lambda.amazonaws.com"}]


def test_a_database_of_ones_own_takes_away_the_right_to_ours() -> None:
    stack = Stack(CatalogUrl="postgresql://me@example.org/pictures")
    for role in ("WebRole", "TaggerRole"):
        assert not [row for row in allowed(stack, role) if row[0].startswith("dsql:")]


def test_a_key_of_ones_own_may_be_used_through_s3_alone() -> None:
    stack = Stack(KmsKeyArn=KEY)
    for role in ("WebRole", "TaggerRole"):
        policy = stack.properties(role)["Policies"][0]["PolicyDocument"]
        [statement] = [each for each in policy["Statement"] if each.get("Resource") == KEY]
        assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
        assert statement["Condition"] == {
            "StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}
        }


def test_calls_of_the_product_are_heard(s3_site: S3Site) -> None:
    from catalog.storage.s3 import S3Store
    from webapp.health import ask

    assert ask(S3Store(s3_site.bucket).check) == "ok"
    assert ("s3:ListBucket", "bucket") in seen()["web"]


def test_a_call_without_the_right_fails_the_test(s3_site: S3Site) -> None:
    from webapp.health import ask

    def empty_it() -> None:
        s3_site.client().delete_objects(Bucket=s3_site.bucket, Delete={"Objects": []})

    with (
        pytest.raises(AssertionError, match="web: s3:DeleteObjects"),
        nothing_forbidden(),
        suppress(ClientError),
    ):
        ask(empty_it)
