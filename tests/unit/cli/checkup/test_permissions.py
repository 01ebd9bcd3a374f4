"""What the JSON of queues and rules allows."""

import json
from typing import Any

import pytest

from cli.checkup.bucket_notifications import Wanted
from cli.checkup.permissions import EVENTS, S3, lets_send, lets_through, statement
from tests.stack import Stack

QUEUE = "arn:aws:sqs:eu-west-1:123456789012:tag"
BUCKET = "arn:aws:s3:::family-pictures"
WANTED = Wanted("", QUEUE, ("s3:ObjectCreated:*",), "uploads/").as_pattern("family-pictures")


def policy(**changes: Any) -> str:
    return json.dumps({"Statement": {**statement(QUEUE, S3, BUCKET), **changes}})


def test_the_statement_that_we_advise_is_enough() -> None:
    assert lets_send(policy(), QUEUE, S3, BUCKET)
    assert not lets_send(policy(), QUEUE, EVENTS, BUCKET)


def test_the_templates_policy_lets_its_bucket_send_and_no_other() -> None:
    stack = Stack()
    for name in ("TagQueue", "IndexQueue"):
        document = json.dumps(stack.properties(f"{name}Policy")["PolicyDocument"])
        assert lets_send(document, stack.arn_of(name), S3, stack.arn_of("Bucket"))
        assert not lets_send(document, stack.arn_of(name), S3, BUCKET)


@pytest.mark.parametrize(
    "changes",
    [
        {"Principal": "*"},
        {"Action": ["SQS:Send*"]},
        {"Resource": "*"},
        {"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::family-*"}}},
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
    ],
)
def test_wider_policies_let_it_send(changes: dict[str, Any]) -> None:
    assert lets_send(policy(**changes), QUEUE, S3, BUCKET)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "[]",
        policy(Effect="Deny"),
        policy(Principal={"Service": "sns.amazonaws.com"}),
        policy(Action="sqs:ReceiveMessage"),
        policy(Resource=QUEUE + "-other"),
        policy(Condition={"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::another"}}),
        policy(Condition={"StringEquals": {"aws:SourceAccount": "999999999999"}}),
    ],
)
def test_others_do_not(text: str) -> None:
    assert not lets_send(text, QUEUE, S3, BUCKET)


def pattern(**detail: Any) -> dict[str, Any]:
    return {**WANTED, "detail": {**WANTED["detail"], **detail}}


@pytest.mark.parametrize(
    ("given", "through"),
    [
        (WANTED, True),
        ({"source": ["aws.s3"]}, True),
        (pattern(object={"key": [{"prefix": "up"}]}), True),
        (pattern(object={"key": [{"suffix": ".jpg"}]}), False),
        (pattern(object={"key": [{"prefix": "uploads/2026/"}]}), False),
        (pattern(bucket={"name": ["another"]}), False),
        (pattern(reason=["PutObject"]), False),
        ({**WANTED, "detail-type": ["Object Deleted"]}, False),
        ({**WANTED, "source": ["aws.ec2"]}, False),
    ],
)
def test_a_rule_lets_everything_through_or_is_none(given: dict[str, Any], through: bool) -> None:
    assert lets_through(given, WANTED) is through
