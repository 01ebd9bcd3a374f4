"""The tagger as the template wires it: bucket, events, queues, function, documents, catalog."""

import io
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from catalog import reads
from catalog.database import Database
from catalog.keys import metadata_key
from catalog.storage.changes import ObjectChange, event_body
from cli.doctor import doctor
from tests.deployed.sources import trace
from tests.deployed.stack import Deployment, deployed, queue_url, wait_until_empty
from tests.fakes import ToldRecognizer
from tests.postgres import Cluster
from tests.strict_s3.site import S3Site

# Seconds for which a message that was not done is out of sight: the template has 12 minutes, a
# test that waits for it to come back has not.
VISIBILITY, SOON = 90, 12
Deploy = Callable[..., Deployment]


@pytest.fixture
def catalog(postgres: Cluster) -> str:
    return postgres.create(f"deployed_{time.monotonic_ns()}")


@pytest.fixture
def deploy(s3_site: S3Site, tmp_path: Path, catalog: str) -> Iterator[Deploy]:
    with ExitStack() as ending:
        yield lambda visibility=VISIBILITY, **options: ending.enter_context(
            deployed(s3_site, tmp_path, visibility=visibility, CatalogUrl=catalog, **options)
        )


@pytest.fixture
def aws(deploy: Deploy) -> Deployment:
    return deploy()


def jpeg(color: str = "teal") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (640, 480), color).save(file, "JPEG")
    return file.getvalue()


def put(aws: Deployment, key: str, content: bytes) -> None:
    client = aws.site.client()
    client.put_object(Bucket=aws.bucket, Key=key, Body=content)
    client.close()


def document(aws: Deployment, key: str) -> dict[str, Any]:
    body = aws.site.client().get_object(Bucket=aws.bucket, Key=metadata_key(key))["Body"]
    found: dict[str, Any] = json.loads(body.read())
    return found


def status(catalog: str, key: str) -> str:
    database = Database.open(catalog)
    try:
        with database.reading() as connection:
            found = reads.find_by_key(connection, key)
    finally:
        database.close()
    return found.status if found else "none"


def test_a_message_between_two_counts_is_waited_for() -> None:
    counts = iter([1, 0, 1, 0, 0])
    wait_until_empty(lambda: next(counts), seconds=60, pause=0)
    assert next(counts, "none") == "none"
    with pytest.raises(AssertionError, match="left over"):
        wait_until_empty(lambda: 1, seconds=0, pause=0)


def test_a_bucket_that_the_doctor_has_joined_tells_the_tagger(
    aws: Deployment,
    catalog: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    aws.settle()  # S3's own test messages
    client = aws.site.client()
    asked = {"Bucket": aws.bucket, "NotificationConfiguration": {}}
    client.put_bucket_notification_configuration(**asked)
    put(aws, "uploads/before.jpg", jpeg())
    assert (aws.waiting("TagQueue"), status(catalog, "uploads/before.jpg")) == (0, "none")
    for name in ("TagQueue", "IndexQueue"):
        url = queue_url(aws.services.sqs, name)
        policy = json.dumps(aws.stack.properties(f"{name}Policy")["PolicyDocument"])
        aws.services.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        monkeypatch.setenv("TAG_QUEUE_URL" if name == "TagQueue" else "INDEX_QUEUE_URL", url)
    monkeypatch.setenv("PUBLIC_URL", aws.url)
    assert doctor(f"s3://{aws.bucket}", fix=True, recognizer=ToldRecognizer()) == 0
    said = capsys.readouterr().out
    added = "Add: s3:ObjectCreated:* under uploads/ to taglight-TagQueue."
    assert said.index(added) < said.index("All is well now.")

    key = "uploads/after.jpg"
    put(aws, key, jpeg("red"))
    aws.settle()
    assert document(aws, key)["Tagging"]["Status"] == "tagged"
    assert status(catalog, key) == "tagged"


def test_a_picture_put_by_anybody_is_tagged_and_indexed(aws: Deployment, catalog: str) -> None:
    key = "uploads/holidays/red flower+50%.jpg"
    put(aws, key, jpeg())
    aws.settle()
    found = document(aws, key)
    assert found["Tagging"]["Status"] == "tagged"
    assert found["Labels"][0]["Confidence"] > 50
    assert status(catalog, key) == "tagged"
    assert aws.services.rekognition.asked == 1


def test_same_bytes_are_paid_once_and_what_is_no_picture_fails_with_a_reason(
    aws: Deployment, catalog: str
) -> None:
    put(aws, "uploads/first.jpg", jpeg())
    aws.settle()
    put(aws, "uploads/again.jpg", jpeg())
    put(aws, "uploads/letter.jpg", b"Dear Sir or Madam")
    put(aws, "uploads/", b"")
    aws.settle()
    assert aws.services.rekognition.asked == 1
    assert (
        document(aws, "uploads/again.jpg")["Labels"] == document(aws, "uploads/first.jpg")["Labels"]
    )
    assert document(aws, "uploads/letter.jpg")["Tagging"]["Error"]["Message"]
    assert status(catalog, "uploads/letter.jpg") == "failed"


def test_throttled_work_waits_without_using_up_attempts(aws: Deployment, catalog: str) -> None:
    # More than boto3 tries by itself in five calls, which are all the attempts there are.
    aws.services.rekognition.fails(*["ThrottlingException"] * 20)
    put(aws, "uploads/busy.jpg", jpeg())
    aws.settle(120)
    assert status(catalog, "uploads/busy.jpg") == "tagged"
    assert len(aws.services.delays) >= 3
    assert all(10 <= delay <= 900 for delay in aws.services.delays)
    assert aws.waiting("TagDeadLetters") == 0


def test_work_that_is_put_off_all_day_is_no_endless_loop_to_lambda(
    aws: Deployment, catalog: str
) -> None:
    key, queue = "uploads/patient.jpg", aws.sources["TagQueue"]
    put(aws, key, jpeg())
    aws.settle()

    def ask_again_after_a_long_chain() -> None:
        aws.services.rekognition.fails(*["ThrottlingException"] * 3)  # one call of the tagger's
        body = event_body(ObjectChange("Taglight:TagAgain", key), aws.bucket)
        told = {"AWSTraceHeader": {"StringValue": trace(15), "DataType": "String"}}
        aws.services.sqs.send_message(
            QueueUrl=queue.queue_url,
            MessageBody=json.dumps(body),
            MessageSystemAttributes=told,
        )
        aws.settle()

    before = document(aws, key)["Tagging"]["TaggedAt"]
    ask_again_after_a_long_chain()
    assert not queue.ended
    assert document(aws, key)["Tagging"]["TaggedAt"] > before
    queue.may_loop = False  # as it is where the template says nothing
    ask_again_after_a_long_chain()
    assert len(queue.ended) == 1


def test_a_call_that_never_ends_gives_up_with_an_answer(deploy: Deploy, catalog: str) -> None:
    # Time enough in each call for the answer, also where this machine has much to do.
    aws = deploy(14, timeout=12, attempts=2)
    aws.services.slow += [60.0] * 2
    put(aws, "uploads/endless.jpg", jpeg())
    aws.settle(120)
    assert document(aws, "uploads/endless.jpg")["Tagging"]["Status"] == "failed"
    assert status(catalog, "uploads/endless.jpg") == "failed"
    assert aws.waiting("TagDeadLetters") == 1
    assert len(aws.sources["TagQueue"].crashes) == 2
    aws.services.slow.clear()  # where a call ended before it came so far
    put(aws, "uploads/next.jpg", jpeg("gold"))
    aws.settle()
    assert status(catalog, "uploads/next.jpg") == "tagged"


def test_a_message_that_makes_no_sense_goes_to_the_dead_letters(
    deploy: Deploy, catalog: str
) -> None:
    aws = deploy(SOON, attempts=3)
    source = aws.sources["IndexQueue"]
    aws.services.sqs.send_message(QueueUrl=source.queue_url, MessageBody="{ not JSON")
    put(aws, "uploads/good.jpg", jpeg())
    aws.settle(120)
    assert aws.waiting("IndexDeadLetters") == 1
    assert status(catalog, "uploads/good.jpg") == "tagged"


def test_removed_pictures_leave_the_catalog_and_their_document_goes_to_the_trash(
    aws: Deployment, catalog: str
) -> None:
    key = "uploads/gone.jpg"
    put(aws, key, jpeg())
    aws.settle()
    client = aws.site.client()
    client.delete_object(Bucket=aws.bucket, Key=key)
    aws.settle()
    assert status(catalog, key) == "none"
    listed = client.list_objects_v2(Bucket=aws.bucket)["Contents"]
    assert [each["Key"].split("/")[0] for each in listed] == ["trash"]


def test_what_no_event_told_is_found_by_the_daily_comparison(aws: Deployment, catalog: str) -> None:
    client = aws.site.client()
    off: dict[str, Any] = {}
    rules = client.get_bucket_notification_configuration(Bucket=aws.bucket)
    client.put_bucket_notification_configuration(Bucket=aws.bucket, NotificationConfiguration=off)
    put(aws, "uploads/silent.jpg", jpeg())
    rules.pop("ResponseMetadata")
    client.put_bucket_notification_configuration(Bucket=aws.bucket, NotificationConfiguration=rules)
    assert status(catalog, "uploads/silent.jpg") == "none"
    (daily,) = [each for each in aws.stack.of_type("AWS::Events::Rule").values()
                if "ScheduleExpression" in each]  # fmt: skip
    body = daily["Targets"][0]["Input"]
    aws.services.sqs.send_message(QueueUrl=aws.sources["TagQueue"].queue_url, MessageBody=body)
    aws.settle(120)
    assert status(catalog, "uploads/silent.jpg") == "tagged"
