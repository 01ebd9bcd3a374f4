"""Brings a stack up from its own resolved properties, and takes it down."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from tests.deployed.functions import Function
from tests.deployed.gateway import Gateway
from tests.deployed.names import certificate
from tests.deployed.services import Services
from tests.deployed.sources import REGION, EventSource
from tests.stack import Stack
from tests.strict_s3.site import S3Site, served

SESSION_SECRET = "the session secret of the tests"
ORIGIN_SECRET = "the secret between distribution and function"
# What reaches a function besides the template's own variables.
_SYSTEM = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "AWS_REGION": REGION,
           "AWS_DEFAULT_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true"}  # fmt: skip


@dataclass
class Deployment:
    """A stack that runs; `hosts` is what a browser has to resolve to this machine, and where."""

    stack: Stack
    site: S3Site
    services: Services
    functions: dict[str, Function]
    sources: dict[str, EventSource]
    gateway: Gateway
    hosts: dict[str, int]
    bucket: str

    @property
    def url(self) -> str:
        """The address that people open."""
        return str(self.stack.outputs["Address"])

    def waiting(self, queue: str) -> int:
        """Return how many messages a queue holds, also those being handled or delayed."""
        names = [f"ApproximateNumberOfMessages{kind}" for kind in ("", "NotVisible", "Delayed")]
        answer = self.services.sqs.get_queue_attributes(
            QueueUrl=queue_url(self.services.sqs, queue), AttributeNames=names
        )
        return sum(int(answer["Attributes"][name]) for name in names)

    def settle(self, seconds: float = 60) -> None:
        """Wait until both queues are empty. Raises AssertionError where they do not become so."""
        wait_until_empty(lambda: self.waiting("TagQueue") + self.waiting("IndexQueue"), seconds)


def wait_until_empty(waiting: Callable[[], int], seconds: float, pause: float = 0.1) -> None:
    """Ask how many messages are `waiting` until none are, twice in a row.

    SQS counts messages that are seen, delayed and being handled one after the other (and so does
    moto): one whose delay ends between two of these counts is in none of them.
    Raises AssertionError where messages are left over after so many seconds.
    """
    deadline = time.monotonic() + seconds
    empty = 0
    while empty < 2:
        empty = 0 if waiting() else empty + 1
        assert time.monotonic() < deadline or empty, "messages are left over"
        time.sleep(pause)


def queue_url(sqs: Any, name: str) -> str:
    """Return the URL of a queue of the stack."""
    return str(sqs.get_queue_url(QueueName=f"taglight-{name}")["QueueUrl"])


@contextmanager
def deployed(
    site: S3Site,
    folder: Path,
    *,
    visibility: float | None = None,
    timeout: float | None = None,
    attempts: int | None = None,
    **parameters: str,
) -> Iterator[Deployment]:
    """Bring the stack of these parameters up.

    Who has not the time for them gives other seconds than the template's, for which a message is
    out of sight (`visibility`) and a call may take (`timeout`), and fewer `attempts`.
    """
    stack = Stack(**parameters)
    if attempts:
        variables = stack.properties("TaggerFunction")["Environment"]["Variables"]
        variables["MAX_ATTEMPTS"] = str(attempts)
        for queue in stack.of_type("AWS::SQS::Queue").values():
            queue.get("RedrivePolicy", {})["maxReceiveCount"] = attempts
    bucket = stack.properties("Bucket")
    name = bucket["BucketName"]
    with ExitStack() as ending:
        sqs = boto3.client(
            "sqs", endpoint_url=site.moto_url, region_name=REGION,
            aws_access_key_id=site.key.id, aws_secret_access_key=site.key.secret,
        )  # fmt: skip
        ending.callback(_take_down, site, sqs, stack, name)
        services = Services(sqs)
        site.front.interfere = services
        site.front.cors = bucket["CorsConfiguration"]["CorsRules"]
        _make_queues(sqs, stack, visibility)
        _make_bucket(site.client(), name, bucket)
        distribution = stack.outputs["DistributionName"]
        s3_host = f"{name}.s3.{REGION}.amazonaws.com"
        pair = certificate(folder, distribution, s3_host, f"*.{REGION}.amazonaws.com")
        tls = {"ssl_certfile": pair[0], "ssl_keyfile": pair[1]}
        aws_port = ending.enter_context(served(site.front, **tls))
        functions = {
            each: _function(stack, each, site, folder, aws_port, pair[0], timeout)
            for each in stack.of_type("AWS::Lambda::Function")
        }
        for function in functions.values():
            ending.callback(function.close)
        gateway = Gateway(functions["WebFunction"], _origin_headers(stack))
        web_port = ending.enter_context(served(gateway, **tls))
        sources = _sources(stack, sqs, functions)
        for source in sources.values():
            source.start()
            ending.callback(source.join)
        for source in sources.values():
            ending.callback(source.stop)
        hosts = {distribution: web_port, s3_host: aws_port}
        yield Deployment(stack, site, services, functions, sources, gateway, hosts, name)


def _make_queues(sqs: Any, stack: Stack, visibility: float | None) -> None:
    queues = stack.of_type("AWS::SQS::Queue")
    for name in sorted(queues, key=lambda each: "RedrivePolicy" in queues[each]):
        attributes: dict[str, str] = {}
        if "VisibilityTimeout" in queues[name]:
            seconds = visibility or queues[name]["VisibilityTimeout"]
            attributes["VisibilityTimeout"] = str(round(seconds))
        if "RedrivePolicy" in queues[name]:
            attributes["RedrivePolicy"] = json.dumps(queues[name]["RedrivePolicy"])
        sqs.create_queue(QueueName=f"taglight-{name}", Attributes=attributes)


def _make_bucket(s3: Any, name: str, properties: dict[str, Any]) -> None:
    """Make the bucket. moto sends no event for a delete marker, so versions are left out."""
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    rules = properties["NotificationConfiguration"]["QueueConfigurations"]
    configurations = [
        {
            "QueueArn": rule["Queue"],
            "Events": [rule["Event"]],
            "Filter": {"Key": {"FilterRules": rule["Filter"]["S3Key"]["Rules"]}},
        }
        for rule in rules
    ]
    s3.put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration={"QueueConfigurations": configurations}
    )


def _function(
    stack: Stack,
    name: str,
    site: S3Site,
    folder: Path,
    port: int,
    trusted: Path,
    timeout: float | None,
) -> Function:
    properties = stack.properties(name)
    secrets = {"SessionSecret": SESSION_SECRET, "OriginSecret": ORIGIN_SECRET}
    variables = {key: _resolved(value, secrets) for key, value in stack.environment(name).items()}
    environment = {
        **_SYSTEM,
        "AWS_ACCESS_KEY_ID": site.key.id,
        "AWS_SECRET_ACCESS_KEY": site.key.secret,
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_CA_BUNDLE": str(trusted),
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        **variables,
    }
    seconds = timeout or properties["Timeout"]
    return Function(name, properties["Handler"], environment, seconds, folder, port)


def _resolved(value: str, secrets: dict[str, str]) -> str:
    """Return a variable with what CloudFormation would have fetched from Secrets Manager."""
    if value.startswith("{{resolve:secretsmanager:"):
        return next(secret for name, secret in secrets.items() if name in value)
    return value


def _origin_headers(stack: Stack) -> dict[str, str]:
    (distribution,) = stack.of_type("AWS::CloudFront::Distribution").values()
    added: dict[str, str] = {}
    for origin in distribution["DistributionConfig"]["Origins"]:
        for header in origin.get("OriginCustomHeaders", []):
            value = _resolved(header["HeaderValue"], {"OriginSecret": ORIGIN_SECRET})
            added[header["HeaderName"].lower()] = value
    return added


def _sources(stack: Stack, sqs: Any, functions: dict[str, Function]) -> dict[str, EventSource]:
    found = {}
    for each in stack.of_type("AWS::Lambda::EventSourceMapping").values():
        assert each["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        queue = each["EventSourceArn"].rpartition("-")[2]
        # Two cores tag no quicker with five at once.
        concurrency = min(int(each["ScalingConfig"]["MaximumConcurrency"]), 2)
        found[queue] = EventSource(
            queue_url(sqs, queue), each["EventSourceArn"], each["BatchSize"], concurrency,
            functions["TaggerFunction"], sqs,
            may_loop=stack.properties("TaggerFunction").get("RecursiveLoop") == "Allow",
        )  # fmt: skip
    return found


def _take_down(site: S3Site, sqs: Any, stack: Stack, bucket: str) -> None:
    """Remove what the next test's stack would find under the same names."""
    site.front.interfere, site.front.cors = None, ()
    for name in stack.of_type("AWS::SQS::Queue"):
        sqs.delete_queue(QueueUrl=queue_url(sqs, name))
    s3 = site.client()
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for each in page.get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=each["Key"])
    s3.delete_bucket(Bucket=bucket)
