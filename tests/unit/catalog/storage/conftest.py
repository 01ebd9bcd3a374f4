"""What the tests of stores share."""

from pathlib import Path

import pytest

from catalog.storage.folder import FolderStore


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    store = FolderStore(tmp_path / "library")
    store.prepare()
    return store
