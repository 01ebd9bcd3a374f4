"""What the tests of the tagger share."""

import pytest

from tests.pipeline_house import House


@pytest.fixture
def house() -> House:
    return House()
