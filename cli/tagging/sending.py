"""A plan sent to the queue of a stack on AWS, whose tagger then does the work."""

import threading
from collections.abc import Callable, Iterable

from catalog.chunks import chunks
from catalog.storage.changes import ObjectChange
from cli.checkup.queues import NAMES, queue_urls
from cli.home import Home
from cli.mistakes import MistakeError
from cli.tagging.todo import Todo
from tagger.aws.queues import WorkQueues

# While so many wait, no more are sent: what people upload meanwhile comes behind them.
MOST_WAITING = 1000
WAIT_SECONDS = 5.0
_PORTION = 100


def queues_of(home: Home) -> WorkQueues:
    """Return the queues of the stack that the environment names. Raises MistakeError."""
    if home.bucket is None:
        raise MistakeError("--to-queue is for a bucket with a stack on AWS: a folder has no queue.")
    urls = queue_urls()
    if urls is None:
        raise MistakeError(
            f"{' and '.join(NAMES)} are missing: set them to the outputs TagQueueUrl and "
            "IndexQueueUrl of the stack, or leave --to-queue out."
        )
    return WorkQueues(home.bucket.bucket, *urls)


def send(
    todo: Iterable[Todo],
    queues: WorkQueues,
    advance: Callable[[int], None],
    stop: threading.Event,
) -> int:
    """Send a plan to the queue, never far ahead of the tagger; return how many were sent.

    Raises StoreUnavailableError where the queue does not answer.
    """
    sent = 0
    for some in chunks(todo, _PORTION):
        while not stop.is_set() and queues.waiting("tag") > MOST_WAITING:
            stop.wait(WAIT_SECONDS)
        if stop.is_set():
            break
        sent += queues.announce_many(_change(each) for each in some)
        advance(len(some))
    return sent


def _change(todo: Todo) -> ObjectChange:
    return ObjectChange("Taglight:TagAgain" if todo.again else "ObjectCreated:Put", todo.key)
