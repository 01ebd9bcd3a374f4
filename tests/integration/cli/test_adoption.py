"""A bucket that was there before its stack: the doctor joins it to the queues, taking nothing away.

The strict front refuses notifications that overlap, as S3 does.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from cli.checkup import adoption
from cli.checkup.bucket_notifications import EVENT_BRIDGE, merge, wanted
from cli.checkup.permissions import EVENTS, S3, statement
from cli.doctor import doctor
from cli.main import app
from tests.fakes import ToldRecognizer
from tests.strict_s3.errors import RefusedError
from tests.strict_s3.front import Seen
from tests.strict_s3.site import S3Site

PAGE = "https://pictures.example.org"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:audit"
OWN_RULE = {
    "AllowedOrigins": ["https://shop.example.org"],
    "AllowedMethods": ["GET"],
    "AllowedHeaders": ["*"],
}


@dataclass
class Set:
    """A bucket of others and the queues of a stack."""

    site: S3Site
    s3: Any
    sqs: Any
    events: Any
    queues: dict[str, tuple[str, str]]

    @property
    def library(self) -> str:
        return f"s3://{self.site.bucket}"

    def told(self) -> dict[str, Any]:
        """Return the bucket's notifications."""
        found = self.s3.get_bucket_notification_configuration(Bucket=self.site.bucket)
        found.pop("ResponseMetadata")
        return dict(found)

    def tell_topic(self, events: list[str], prefix: str) -> None:
        """Have the bucket tell somebody else."""
        rules = [{"Name": "prefix", "Value": prefix}]
        own = {"Id": "audit", "TopicArn": TOPIC, "Events": events}
        one = {**own, "Filter": {"Key": {"FilterRules": rules}}}
        self.s3.put_bucket_notification_configuration(
            Bucket=self.site.bucket, NotificationConfiguration={"TopicConfigurations": [one]}
        )

    def let(self, queue: str, *statements: dict[str, Any]) -> None:
        """Give a queue its policy."""
        policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        self.sqs.set_queue_attributes(QueueUrl=self.queues[queue][0], Attributes={"Policy": policy})

    def from_bucket(self, queue: str) -> dict[str, Any]:
        return statement(self.queues[queue][1], S3, f"arn:aws:s3:::{self.site.bucket}")


@pytest.fixture
def bucket(s3_site: S3Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Set]:
    monkeypatch.setattr(adoption, "_PAUSE_SECONDS", 0)
    clients = {name: s3_site.client() if name == "s3" else _moto(s3_site, name) for name in
               ("s3", "sqs", "events", "sns")}  # fmt: skip
    clients["sns"].create_topic(Name="audit")
    queues = {}
    for name in ("tag", "index"):
        url = clients["sqs"].create_queue(QueueName=f"{s3_site.bucket}-{name}")["QueueUrl"]
        asked = {"QueueUrl": url, "AttributeNames": ["QueueArn"]}
        arn = clients["sqs"].get_queue_attributes(**asked)["Attributes"]["QueueArn"]
        queues[name] = (url, arn)
        monkeypatch.setenv(f"{name.upper()}_QUEUE_URL", url)
    monkeypatch.setenv("PUBLIC_URL", PAGE)
    made = Set(s3_site, clients["s3"], clients["sqs"], clients["events"], queues)
    for name in queues:
        made.let(name, made.from_bucket(name))
    yield made
    for client in clients.values():
        client.close()


def _moto(site: S3Site, service: str) -> Any:
    import boto3

    return boto3.client(
        service, endpoint_url=site.moto_url, region_name=site.region,
        aws_access_key_id=site.key.id, aws_secret_access_key=site.key.secret,
    )  # fmt: skip


def run(bucket: Set, *, fix: bool = False) -> int:
    return doctor(bucket.library, fix=fix, recognizer=ToldRecognizer())


def test_it_says_what_is_missing_and_changes_nothing(
    bucket: Set, capsys: pytest.CaptureFixture[str]
) -> None:
    before = bucket.told()
    assert run(bucket) == 1
    said = capsys.readouterr().out
    assert "The bucket keeps 6 of 6 kinds of changes from the queues." in said
    assert f"do not let a page at {PAGE} send pictures." in said
    assert "taglight doctor --fix mends 2 of 2" in said
    assert bucket.told() == before
    assert not any(seen.method == "PUT" for seen in bucket.site.requests)


def test_fix_prints_its_plan_then_adds_what_is_missing_beside_what_is_there(
    bucket: Set, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket.tell_topic(["s3:ObjectCreated:*"], "films/")
    [others] = bucket.told()["TopicConfigurations"]
    bucket.s3.put_bucket_cors(
        Bucket=bucket.site.bucket, CORSConfiguration={"CORSRules": [OWN_RULE]}
    )
    assert run(bucket, fix=True) == 0
    said = capsys.readouterr().out
    tag = bucket.queues["tag"][1].rsplit(":", 1)[-1]
    assert said.index(f"Add: s3:ObjectCreated:* under uploads/ to {tag}.") < said.index(
        "All is well now."
    )
    assert "Notifications of others that stay as they are: 1." in said
    assert "CORS rules that stay as they are: 1." in said
    assert bucket.told()["TopicConfigurations"] == [others]
    ours = wanted(*(bucket.queues[name][1] for name in ("tag", "index")))
    assert merge(bucket.told(), ours).present == ours
    rules = bucket.s3.get_bucket_cors(Bucket=bucket.site.bucket)["CORSRules"]
    assert rules[0] == OWN_RULE
    assert rules[1]["AllowedOrigins"] == [PAGE]

    written = bucket.told()
    bucket.site.requests.clear()
    assert run(bucket, fix=True) == 0
    assert bucket.told() == written
    assert not any(seen.method == "PUT" for seen in bucket.site.requests)


def test_where_another_trigger_is_in_the_way_eventbridge_is_used(
    bucket: Set, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket.tell_topic(["s3:ObjectCreated:Put"], "uploads/")
    [others] = bucket.told()["TopicConfigurations"]
    assert run(bucket, fix=True) == 1  # the rules are still missing
    said = capsys.readouterr().out
    assert "S3 allows no second notification beside audit" in said
    assert "BucketEvents=eventbridge" in said
    assert bucket.told() == {"TopicConfigurations": [others], EVENT_BRIDGE: {}}

    ours = wanted(*(bucket.queues[name][1] for name in ("tag", "index")))
    plan = merge(bucket.told(), ours)
    rules: dict[str, list[str]] = {}
    for number, (arn, pattern) in enumerate(plan.patterns(bucket.site.bucket)):
        name = f"{bucket.site.bucket}-{number}"
        made = bucket.events.put_rule(Name=name, EventPattern=json.dumps(pattern))
        bucket.events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
        rules.setdefault(arn, []).append(made["RuleArn"])
    assert run(bucket) == 1  # nobody has let the rules send
    for name, (_, arn) in bucket.queues.items():
        bucket.let(name, *(statement(arn, EVENTS, rule) for rule in rules[arn]))
    assert run(bucket) == 0
    assert "All is well." in capsys.readouterr().out
    assert bucket.told() == {"TopicConfigurations": [others], EVENT_BRIDGE: {}}


def test_the_front_refuses_what_overlaps(bucket: Set) -> None:
    topic = {"TopicArn": TOPIC, "Events": ["s3:ObjectCreated:Put"]}
    ours = wanted(*(bucket.queues[name][1] for name in ("tag", "index")))
    queue = ours[0].as_configuration()
    both = {"TopicConfigurations": [topic], "QueueConfigurations": [queue]}
    with pytest.raises(ClientError, match="cannot share a common event type"):
        bucket.s3.put_bucket_notification_configuration(
            Bucket=bucket.site.bucket, NotificationConfiguration=both
        )


def test_a_queue_that_does_not_let_the_bucket_send_comes_first(
    bucket: Set, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket.let("tag", bucket.from_bucket("index"))
    assert run(bucket, fix=True) == 1
    said = capsys.readouterr().out
    assert f"{bucket.site.bucket}-tag does not let the bucket send to it." in said
    assert json.dumps(bucket.from_bucket("tag")) in said
    assert f"ExistingBucket={bucket.site.bucket}" in said
    assert "QueueConfigurations" not in bucket.told()


def test_what_somebody_changed_meanwhile_is_not_overwritten(
    bucket: Set, monkeypatch: pytest.MonkeyPatch
) -> None:
    meant = adoption.Adoption.steps

    def between(self: adoption.Adoption) -> list[str]:
        bucket.tell_topic(["s3:ObjectCreated:*"], "films/")
        return meant(self)

    monkeypatch.setattr(adoption.Adoption, "steps", between)
    said = CliRunner().invoke(app, ["doctor", bucket.library, "--fix"])
    assert said.exit_code == 1
    assert "Somebody has changed the bucket's settings meanwhile." in said.output
    assert list(bucket.told()) == ["TopicConfigurations"]


@pytest.mark.parametrize("part", ["notification", "cors"])
def test_a_right_that_is_missing_is_a_sentence(
    bucket: Set, part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(seen: Seen) -> None:
        if seen.query.startswith(part):
            raise RefusedError("AccessDenied", "not authorized")

    bucket.site.front.interfere = refuse
    assert run(bucket, fix=True) == 1
    said = capsys.readouterr().out
    assert "The set-up cannot be seen." in said
    assert "docs/deploy.md, An existing bucket" in said


def test_one_queue_alone_makes_no_sense(bucket: Set, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INDEX_QUEUE_URL")
    said = CliRunner().invoke(app, ["doctor", bucket.library])
    assert said.exit_code == 2
    assert "TAG_QUEUE_URL and INDEX_QUEUE_URL go together" in said.output


def test_without_the_pages_address_cors_is_left_alone(
    bucket: Set, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PUBLIC_URL")
    assert run(bucket, fix=True) == 0
    assert "Set PUBLIC_URL to the stack's output Address" in capsys.readouterr().out
    assert not any(seen.query.startswith("cors") for seen in bucket.site.requests)
