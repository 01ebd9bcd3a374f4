"""What every recogniser does alike. A new recogniser is one more entry in RECOGNIZERS."""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from catalog.document import Document, read_document, write_document
from tagger.recognizers import Recognizer
from tagger.recognizers.local import LocalRecognizer
from tagger.recognizers.rekognition import RekognitionRecognizer
from tests import pictures
from tests.fake_rekognition import FakeRekognition
from tests.fakes import FakeRecognizer

RECOGNIZERS: dict[str, Callable[[], Recognizer]] = {
    "local": LocalRecognizer,
    "rekognition": lambda: RekognitionRecognizer(FakeRekognition("v3-people-properties")),
    "fake": FakeRecognizer,
}


@pytest.fixture(scope="module", params=sorted(RECOGNIZERS))
def recognizer(request: pytest.FixtureRequest) -> Recognizer:
    return RECOGNIZERS[request.param]()


@pytest.fixture(scope="module")
def photograph() -> Image.Image:
    return Image.open(io.BytesIO(pictures.photograph("coffee"))).convert("RGB")


def test_it_has_the_name_that_documents_know(recognizer: Recognizer) -> None:
    assert recognizer.name in {"local", "rekognition", "fake"}


def test_labels_come_surest_first_and_at_least_as_sure_as_asked(
    recognizer: Recognizer, photograph: Image.Image
) -> None:
    for least in (0.0, 30.0, 60.0):
        answer = recognizer.recognize(photograph, min_confidence=least, max_labels=100)
        sure = [label.confidence for label in answer.labels]
        assert sure == sorted(sure, reverse=True)
        assert all(least <= each <= 100 for each in sure)
        assert len({label.name.casefold() for label in answer.labels}) == len(answer.labels)
    assert answer.labels, "surer than 60 % of something"


def test_no_more_labels_come_than_asked(recognizer: Recognizer, photograph: Image.Image) -> None:
    every = recognizer.recognize(photograph, min_confidence=10, max_labels=100).labels
    some = recognizer.recognize(photograph, min_confidence=10, max_labels=2).labels
    assert some == every[:2] and len(some) == 2


def test_nothing_comes_that_a_document_cannot_hold(
    recognizer: Recognizer, photograph: Image.Image
) -> None:
    answer = recognizer.recognize(photograph, min_confidence=10, max_labels=100)
    document = Document(labels=answer.labels, label_model_version=answer.model_version)
    document.properties = answer.properties
    again = read_document(write_document(document))
    assert again.labels == answer.labels
    assert again.label_model_version == answer.model_version


@pytest.mark.parametrize("size", [(1, 1), (1, 2048), (2048, 1), (30, 40), (2048, 1536)])
def test_any_size_and_shape_is_taken(recognizer: Recognizer, size: tuple[int, int]) -> None:
    image = Image.new("RGB", size, "red")
    before = image.tobytes()
    recognizer.recognize(image, min_confidence=30, max_labels=10)
    assert image.tobytes() == before, "the picture is left as it was"


def test_many_threads_may_ask_at_once(recognizer: Recognizer, photograph: Image.Image) -> None:
    def ask(_: int) -> list[str]:
        answer = recognizer.recognize(photograph, min_confidence=30, max_labels=10)
        return [label.name for label in answer.labels]

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(ask, range(8)))
    assert all(each == answers[0] for each in answers)
