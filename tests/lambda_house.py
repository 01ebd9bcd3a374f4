"""The tagger's Lambda on fakes: what a stack is to those who send events to it."""

from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from catalog.document import Document, read_document
from catalog.keys import metadata_key
from catalog.storage.changes import ObjectChange, event_body
from tagger.aws.environment import LambdaEnvironment
from tagger.aws.home import Home, Parts, compose
from tagger.aws.serving import serve
from tagger.imaging import open_here
from tagger.recognizers.rekognition import RekognitionRecognizer
from tests import pictures
from tests.fake_rekognition import FakeRekognition
from tests.fake_sqs import INDEX, TAG, FakeSqs, Sent, batch
from tests.fakes import MemoryStore

BUCKET = "family-pictures"
KEY = "uploads/a b+c.jpg"


@dataclass
class House:
    """A stack in memory; after `close` the Lambda is composed anew, as at a cold start."""

    catalog: str
    store: MemoryStore = field(default_factory=MemoryStore)
    sqs: FakeSqs = field(default_factory=FakeSqs)
    rekognition: FakeRekognition = field(default_factory=FakeRekognition)
    told: list[str] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    home: Home | None = None

    def open(self) -> Home:
        if self.home is None:
            self.home = self._composed()
        return self.home

    def close(self) -> None:
        if self.home is not None:
            self.home.close()
            self.home = None

    def _composed(self) -> Home:
        usual = {
            "bucket_name": BUCKET,
            "catalog_url": self.catalog,
            "tag_queue_url": TAG,
            "index_queue_url": INDEX,
        }
        parts = Parts(self.store, RekognitionRecognizer(self.rekognition), open_here, self.sqs)
        environment = LambdaEnvironment(**(usual | self.settings))
        return compose(environment, self.told.append, parts=parts)

    def add(self, key: str = KEY, content: bytes | None = None) -> None:
        colour = Image.new("RGB", (120, 90), "red")
        self.store.put(key, content if content is not None else pictures.encode(colour))

    def serve(self, *messages: Sent) -> list[str]:
        """Have the Lambda handle a batch; return the numbers of those that failed."""
        answer = serve(self.open(), batch(*messages))
        assert answer is not None
        return [each["itemIdentifier"] for each in answer["batchItemFailures"]]

    def document(self, key: str = KEY) -> Document:
        return read_document(self.store.read(metadata_key(key))[0])

    def labels(self, key: str = KEY) -> list[str]:
        return [label.name for label in self.document(key).labels]

    def error(self, key: str = KEY) -> str:
        tagging = self.document(key).tagging
        assert tagging and tagging.status == "failed" and tagging.error
        assert tagging.error.message.endswith(".")
        return tagging.error.code

    def is_answered(self, key: str = KEY) -> bool:
        return metadata_key(key) in self.store.objects


def created(key: str = KEY, bucket: str = BUCKET, queue: str = TAG) -> Sent:
    return Sent(queue, event_body(ObjectChange("ObjectCreated:Put", key, 1, "e"), bucket))


def changed(event: Any, key: str = KEY, queue: str = INDEX) -> Sent:
    return Sent(queue, event_body(ObjectChange(event, key), BUCKET))
