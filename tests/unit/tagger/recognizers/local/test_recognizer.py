import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tagger.recognizers import Recognizer
from tagger.recognizers.local import LocalRecognizer

Photograph = Callable[[str], Image.Image]


def confidences(
    recognizer: Recognizer, image: Image.Image, least: float = 30.0
) -> dict[str, float]:
    answer = recognizer.recognize(image, min_confidence=least, max_labels=100)
    return {label.name: label.confidence for label in answer.labels}


@pytest.mark.parametrize(
    ("name", "label", "least"),
    [
        ("chelsea", "Cat", 80),
        ("chelsea", "Pet", 80),
        ("chelsea", "Animal", 80),
        ("coffee", "Espresso", 80),
        ("coffee", "Cup", 80),
        ("coffee", "Beverage", 80),
        ("motorcycle", "Motorcycle", 70),
        ("motorcycle", "Vehicle", 70),
        ("camera", "Tripod", 80),
        ("china.jpg", "Building", 55),
        ("rocket", "Rocket", 40),
        ("astronaut", "Helmet", 50),
    ],
)
def test_says_what_is_on_a_photograph(
    recognizer: LocalRecognizer, photograph: Photograph, name: str, label: str, least: float
) -> None:
    assert confidences(recognizer, photograph(name)).get(label, 0) > least


@pytest.mark.parametrize("name", ["brick", "grass", "gravel", "moon", "page", "coins", "clock"])
def test_is_not_sure_of_what_it_has_no_word_for(
    recognizer: LocalRecognizer, photograph: Photograph, name: str
) -> None:
    assert all(sure < 70 for sure in confidences(recognizer, photograph(name)).values())


def test_finds_the_parts_of_a_collage(recognizer: LocalRecognizer, photograph: Photograph) -> None:
    collage = Image.new("RGB", (1000, 800))
    for n, name in enumerate(["chelsea", "coffee", "motorcycle", "camera"]):
        collage.paste(photograph(name).resize((500, 400)), (n % 2 * 500, n // 2 * 400))

    found = confidences(recognizer, collage)

    assert {"Cat", "Cup", "Motorcycle", "Tripod"} <= found.keys()


def test_labels_have_rekognitions_shape(
    recognizer: LocalRecognizer, photograph: Photograph
) -> None:
    answer = recognizer.recognize(photograph("coffee"), min_confidence=30, max_labels=100)
    (espresso,) = (label for label in answer.labels if label.name == "Espresso")

    assert espresso.parents[:2] == ["Coffee", "Coffee Cup"]
    assert {"Cup", "Beverage", "Food and Drink"} <= set(espresso.parents)
    assert "Food and Beverage" in espresso.categories
    assert espresso.instances == []
    assert answer.model_version == recognizer.model_version
    assert "efficientnet-lite0" in answer.model_version


def test_keeps_the_floor_the_limit_and_a_stable_order(
    recognizer: LocalRecognizer, photograph: Photograph
) -> None:
    image = photograph("chelsea")
    labels = recognizer.recognize(image, min_confidence=40, max_labels=100).labels

    assert [x.confidence for x in labels] == sorted((x.confidence for x in labels), reverse=True)
    assert min(x.confidence for x in labels) >= 40
    assert recognizer.recognize(image, min_confidence=40, max_labels=3).labels == labels[:3]
    for label in labels:  # whoever is below is at most as sure as whoever is above
        for parent in labels:
            if parent.name in label.parents:
                assert parent.confidence >= label.confidence


@pytest.mark.parametrize(
    "image",
    [
        Image.new("RGB", (1, 1)),
        Image.new("RGB", (2048, 1), "white"),
        Image.new("RGB", (3, 2048), "white"),
        Image.new("RGB", (2048, 400), "grey"),
        Image.new("L", (300, 200), 127),
        Image.new("RGBA", (300, 200)),
    ],
    ids=lambda image: f"{image.mode} {image.width}x{image.height}",
)
def test_takes_any_shape_and_mode(recognizer: LocalRecognizer, image: Image.Image) -> None:
    found = confidences(recognizer, image, least=0)

    assert all(0 <= sure <= 100 for sure in found.values())


def test_a_large_picture_gets_the_labels_of_a_small_one(
    recognizer: LocalRecognizer, photograph: Photograph
) -> None:
    small = photograph("chelsea")
    large = small.resize((small.width * 4, small.height * 4), Image.Resampling.BICUBIC)

    assert confidences(recognizer, large)["Cat"] == pytest.approx(
        confidences(recognizer, small)["Cat"], abs=8
    )


def test_threads_may_share_it_from_the_start(cache: Path, photograph: Photograph) -> None:
    shared = LocalRecognizer(cache)
    image = photograph("coffee")
    answers: list[dict[str, float]] = []

    threads = [
        threading.Thread(target=lambda: answers.append(confidences(shared, image)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(answers) == 3
    assert answers[0] == answers[1] == answers[2]
