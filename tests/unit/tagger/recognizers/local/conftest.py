"""One network, built once for all tests here in a cache of its own; photographs by name."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from skimage import data

from tagger.recognizers.local import LocalRecognizer
from tests import pictures


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def recognizer(cache: Path) -> LocalRecognizer:
    made = LocalRecognizer(cache)
    made.prepare()
    return made


@pytest.fixture(scope="session")
def photograph() -> Callable[[str], Image.Image]:
    def load(name: str) -> Image.Image:
        if name in ("china.jpg", "flower.jpg"):
            return Image.open(pictures.photographs()[name.removesuffix(".jpg")]).convert("RGB")
        if name == "motorcycle":
            return Image.fromarray(data.stereo_motorcycle()[0])
        return Image.fromarray(getattr(data, name)()).convert("RGB")

    return load
