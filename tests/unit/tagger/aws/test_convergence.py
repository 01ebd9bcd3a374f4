"""Law 3 on AWS: any order, repetition and stop of messages ends in the same state."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from catalog import reads
from catalog.database import Database
from catalog.document import read_document
from catalog.errors import StoreUnavailableError
from catalog.keys import METADATA, THUMBS, metadata_key
from catalog.query import parse
from tests import pictures
from tests.fake_sqs import Sent
from tests.fakes import Stopped
from tests.lambda_house import House, changed, created

KEYS = ["uploads/a.png", "uploads/b.png"]
CONTENTS = {
    "red": pictures.encode(Image.new("RGB", (120, 90), "red"), "png"),
    "blue": pictures.encode(Image.new("RGB", (90, 120), "blue"), "png"),
    "broken": pictures.text(),
}
# A message may be received three times; the third one's crash is an answer of its own.
CRASHES = 2


class World:
    """A bucket that tells of its changes, and queues that deliver as the test likes."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.crashes: dict[int, int] = {}

    def change(self, key: str, what: str) -> list[Sent]:
        """Change a picture as people do; return the events that follow."""
        if what == "gone":
            if key not in self.house.store.objects:
                return []
            self.house.store.delete(key)
            return [changed("ObjectRemoved:Delete", key)]
        self.house.add(key, CONTENTS[what])
        return [created(key)]

    def deliver(self, message: Sent, trouble: tuple[str, int]) -> bool:
        """Deliver once, meeting trouble before the n-th effect; tell whether it is done with."""
        kind, left = trouble
        if kind == "crash" and message.received >= CRASHES:
            kind = "none"

        def meet(operation: str, key: str) -> None:
            nonlocal left
            left -= 1
            if left == -1 and kind == "crash":
                raise Stopped
            if left == -1 and kind == "503":
                raise StoreUnavailableError("S3 is asked too much just now (SlowDown).")

        self.house.store.before_effect = meet
        if kind == "throttled":
            self.house.rekognition.fails("ThrottlingException")
        try:
            return self.house.serve(message) == []
        except Stopped:
            self.house.close()  # what Lambda starts then is a new process
            return False
        finally:
            self.house.store.before_effect = None
            self.house.rekognition.next.clear()

    def state(self) -> dict[str, Any]:
        """What people find: documents, thumbnails, rows."""
        store = self.house.store
        documents = {
            key: (
                document.status,
                [label.name for label in document.labels],
                document.image.sha256,
                document.tagging.error.code if document.tagging and document.tagging.error else "",
            )
            for key in sorted(store.keys(METADATA))
            for document in [read_document(store.read(key)[0])]
        }
        database = Database.open(self.house.catalog)
        with database.reading() as connection:
            found = reads.search(connection, parse("")).images
        database.close()
        rows = {image.key: (image.status, image.sha256) for image in found}
        return {"documents": documents, "thumbs": store.keys(THUMBS), "rows": rows}


TROUBLE = st.tuples(
    st.sampled_from(["none", "none", "crash", "503", "throttled"]), st.integers(0, 6)
)
CHANGES = st.tuples(st.sampled_from(KEYS), st.sampled_from([*CONTENTS, "gone"]))


@pytest.mark.slow
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_any_messages_in_any_order_stopped_anywhere_end_the_same(
    new_house: Callable[..., House], data: st.DataObject
) -> None:
    world = World(new_house())
    store = world.house.store
    owed: list[Sent] = []
    for key, what in data.draw(st.lists(CHANGES, min_size=1, max_size=6)):
        documents = set(store.keys(METADATA))
        owed += world.change(key, what)
        if owed and data.draw(st.booleans()):
            deliver_one(world, owed, data)
        for document in sorted(documents ^ set(store.keys(METADATA))):
            there = document in store.objects
            event = "ObjectCreated:Put" if there else "ObjectRemoved:Delete"
            owed.append(changed(event, document))
    for _ in range(400):
        if not owed:
            break
        deliver_one(world, owed, data)
    assert not owed, "it never ends"
    expected = World(new_house())
    for key in KEYS:
        if key in store.objects:
            expected.house.serve(*expected_events(expected, key, store.read(key)[0]))
    assert world.state() == expected.state()
    assert all(metadata_key(key) in store.objects for key in KEYS if key in store.objects)


def expected_events(world: World, key: str, content: bytes) -> list[Sent]:
    world.house.add(key, content)
    return [created(key)]


def deliver_one(world: World, owed: list[Sent], data: st.DataObject) -> None:
    """Deliver a message of those owed, perhaps once more than needed."""
    message = data.draw(st.sampled_from(owed))
    if world.deliver(message, data.draw(TROUBLE)) and not data.draw(st.booleans()):
        owed.remove(message)
    owed += world.house.sqs.messages
    world.house.sqs.messages.clear()
