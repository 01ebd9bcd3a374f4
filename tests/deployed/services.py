"""What stands for Amazon's services beyond S3: Rekognition's answers, and SQS that hurries."""

import base64
import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from tests.fake_rekognition import FakeRekognition
from tests.strict_s3.front import Answer, Seen

# Seconds that a delayed message waits at most: nobody wants to wait a minute for a test.
LONGEST_DELAY = 1
_AMZ_JSON = [("content-type", "application/x-amz-json-1.1")]


@dataclass
class Services:
    """Answers in moto's place where moto would say nothing true. `sqs` is a client of moto's."""

    sqs: Any
    rekognition: FakeRekognition = field(default_factory=FakeRekognition)
    # Seconds that Rekognition takes for each of its next answers.
    slow: list[float] = field(default_factory=list)
    delays: list[int] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, seen: Seen) -> Answer | None:
        """Answer a request, or leave it to moto."""
        if seen.service == "rekognition":
            return self._detect_labels(seen)
        if seen.service == "sqs" and "SendMessage" in seen.headers.get("x-amz-target", ""):
            return self._send_soon(seen)
        return None

    def _detect_labels(self, seen: Seen) -> Answer:
        asked = json.loads(seen.body)
        with self._lock:
            wait = self.slow.pop(0) if self.slow else 0.0
        time.sleep(wait)
        image = {"Bytes": base64.b64decode(asked.pop("Image")["Bytes"])}
        try:
            with self._lock:
                said = self.rekognition.detect_labels(Image=image, **asked)
        except ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            return status, _AMZ_JSON, json.dumps({"__type": code, "Message": message}).encode()
        said.pop("ResponseMetadata", None)
        return 200, _AMZ_JSON, json.dumps(said).encode()

    def _send_soon(self, seen: Seen) -> Answer:
        """Send what is to be delayed with a short delay; how long it was to be is kept.

        The trace of the call that sends goes along, as SQS keeps it.
        """
        asked = json.loads(seen.body)
        trace = seen.headers.get("x-amzn-trace-id")
        for each in asked.get("Entries", [asked]):
            if "DelaySeconds" in each:
                self.delays.append(each["DelaySeconds"])
                each["DelaySeconds"] = min(each["DelaySeconds"], LONGEST_DELAY)
            if trace:
                told = {"StringValue": trace, "DataType": "String"}
                each["MessageSystemAttributes"] = {"AWSTraceHeader": told}
        batch = "Entries" in asked
        said = (self.sqs.send_message_batch if batch else self.sqs.send_message)(**asked)
        said.pop("ResponseMetadata", None)
        return 200, [("content-type", "application/x-amz-json-1.0")], json.dumps(said).encode()
