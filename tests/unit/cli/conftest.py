"""A library's home on a temporary folder, with real parts and a recogniser that is played."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.home import Home, open_home


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = open_home(str(tmp_path / "library"))
    yield home
    home.close()
