"""The store in memory as tests of the catalog want it: a fixed time, and a count of its reads."""

from datetime import UTC, datetime

from catalog.storage import ObjectInfo
from tests import fakes

DAY_ONE = datetime(2026, 1, 1, tzinfo=UTC)


class MemoryStore(fakes.MemoryStore):
    """Objects in a dictionary; `modified` is what the test says (DAY_ONE where it does not)."""

    def __init__(self) -> None:
        super().__init__()
        self.modified = DAY_ONE
        self.reads = 0

    def head(self, key: str) -> ObjectInfo:
        return super().read(key)[1]

    def read(self, key: str) -> tuple[bytes, ObjectInfo]:
        self.reads += 1
        return super().read(key)
