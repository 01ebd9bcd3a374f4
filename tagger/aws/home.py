"""The home on AWS: everything a Lambda works with, composed from its environment."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from catalog.database import Database
from catalog.errors import SettingsError
from catalog.storage import ObjectStore
from catalog.storage.s3 import S3Store
from tagger.aws.environment import LambdaEnvironment
from tagger.aws.indexes import CONNECTIONS, LazyIndex, NoIndex
from tagger.aws.messages import Measure, Messages
from tagger.aws.modest_store import ModestStore
from tagger.aws.queues import WorkQueues
from tagger.aws.reconcile import Reconcile
from tagger.decoding import Decoder
from tagger.handlers import Handlers
from tagger.imaging import Opener
from tagger.pipeline import Tagger
from tagger.recognizers import Recognizer
from tagger.recognizers.rekognition import RekognitionRecognizer
from tagger.settings import tagging_settings

Tell = Callable[[str], None]
About = Callable[[str], AbstractContextManager[Any]]


@dataclass(frozen=True, slots=True)
class Parts:
    """What tests put in place of what the environment names."""

    store: ObjectStore | None = None
    recognizer: Recognizer | None = None
    opener: Opener | None = None
    sqs: Any = None


@dataclass(frozen=True, slots=True)
class Home:
    """What a Lambda works with; `reconcile` is None where there is no catalog, or no queue."""

    messages: Messages
    reconcile: Callable[[], Reconcile] | None
    close: Callable[[], None]


def compose(
    environment: LambdaEnvironment,
    tell: Tell = lambda _: None,
    about: About = lambda _: nullcontext(),
    parts: Parts | None = None,
    measure: Measure = lambda _took, _since: None,
) -> Home:
    """Compose the home; nothing is connected to before it is needed. Raises SettingsError."""
    parts = parts or Parts()
    answers = 0

    def telling(what: str) -> None:
        nonlocal answers
        answers += what in ("tagged", "failed")
        tell(what)

    def measuring(took: float, since: float | None) -> None:
        """Pass on how long an answer took; an event that came once more took no time at all."""
        nonlocal answers
        if answers:
            measure(took, since)
        answers = 0

    queues = _queues(environment, parts)
    store, index = _store_and_index(environment, parts)
    decoder = Decoder()
    tagger = Tagger(
        store,
        index,
        parts.recognizer or make_recognizer(environment),
        tagging_settings(environment),
        tell=telling,
        opener=parts.opener or decoder,
        clears_away=isinstance(index, LazyIndex),
    )
    handlers = Handlers(
        store,
        index,
        tagger,
        queues.announce if queues else None,
        max_attempts=environment.max_attempts,
    )
    messages = Messages(
        environment.bucket_name,
        handlers,
        tagger.fail,
        queues,
        max_attempts=environment.max_attempts,
        longest_wait=timedelta(hours=environment.longest_wait_hours),
        tell=tell,
        about=about,
        measure=measuring,
    )

    def close() -> None:
        decoder.close()
        index.close()

    return Home(messages, _reconcile(store, index, queues), close)


def make_recognizer(environment: LambdaEnvironment) -> Recognizer:
    """Return the recogniser that the environment names. Raises SettingsError."""
    if environment.recognizer == "rekognition":
        return RekognitionRecognizer(image_properties=environment.image_properties)
    try:
        from tagger.recognizers.local import LocalRecognizer
    except ImportError as error:
        raise SettingsError(
            "RECOGNIZER is 'local', but this package does not carry that recogniser: "
            "unset RECOGNIZER, or build the package with the extra 'local'."
        ) from error
    return LocalRecognizer()


def _queues(environment: LambdaEnvironment, parts: Parts) -> WorkQueues | None:
    tag, index = environment.tag_queue_url, environment.index_queue_url
    if bool(tag) != bool(index):
        raise SettingsError("TAG_QUEUE_URL and INDEX_QUEUE_URL go together: set both, or neither.")
    return WorkQueues(environment.bucket_name, tag, index, parts.sqs) if tag else None


def _store_and_index(
    environment: LambdaEnvironment, parts: Parts
) -> tuple[ObjectStore, LazyIndex | NoIndex]:
    url = environment.catalog_url
    if not url:
        store = parts.store or S3Store(environment.bucket_name, may_list=False)
        return ModestStore(store), NoIndex()
    store = parts.store or S3Store(environment.bucket_name)
    return store, LazyIndex(store, lambda: Database.open(url, connections=CONNECTIONS))


def _reconcile(
    store: ObjectStore, index: LazyIndex | NoIndex, queues: WorkQueues | None
) -> Callable[[], Reconcile] | None:
    if queues is None or not isinstance(index, LazyIndex):
        return None
    return lambda: Reconcile(store, index.database, index.indexer, queues)
