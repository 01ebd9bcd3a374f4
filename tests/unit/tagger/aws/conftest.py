"""The tagger's Lambda on fakes, each time on an empty bucket."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lambda_house import House


@pytest.fixture
def new_house(tmp_path: Path) -> Iterator[Callable[..., House]]:
    made: list[House] = []

    def make(**settings: Any) -> House:
        catalog = settings.pop("catalog", f"sqlite:///{tmp_path}/{len(made)}.sqlite")
        made.append(House(catalog, settings=settings))
        return made[-1]

    yield make
    for house in made:
        house.close()


@pytest.fixture
def house(new_house: Callable[..., House]) -> House:
    return new_house()
