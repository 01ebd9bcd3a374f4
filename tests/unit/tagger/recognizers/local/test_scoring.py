import numpy as np
import pytest

from tagger.recognizers.local.scoring import CROP_TRUST, label_scores

# Classes 0 and 1 are cats, 2 is a dog, 3 is both Coffee and Cup, the rest are animals.
LABELS = [
    ("Tabby", "Cat", "Animal"),
    ("Persian", "Cat", "Animal"),
    ("Pug", "Dog", "Animal"),
    ("Espresso", "Coffee", "Cup"),
    *((f"Animal {n}", "Animal") for n in range(996)),
]


def seen(**by_class: float) -> np.ndarray:
    probabilities = np.zeros(1000, np.float32)
    for name, probability in by_class.items():
        probabilities[int(name[1:])] = probability
    return probabilities


def test_a_group_is_the_sum_of_its_classes() -> None:
    scores = label_scores([seen(c0=0.5, c1=0.3, c2=0.1)], [], LABELS)

    assert scores["Tabby"] == pytest.approx(0.5)
    assert scores["Cat"] == pytest.approx(0.8)
    assert scores["Animal"] == pytest.approx(0.9)


def test_the_whole_picture_is_the_mean_of_its_centre_views() -> None:
    scores = label_scores([seen(c0=0.9), seen(c0=0.5)], [], LABELS)

    assert scores["Tabby"] == pytest.approx(0.7)


def test_noise_over_many_classes_makes_no_group() -> None:
    uniform = np.full(1000, 0.001, np.float32)

    assert label_scores([uniform], [uniform], LABELS) == {}


def test_a_sure_crop_adds_what_the_whole_does_not_show() -> None:
    scores = label_scores([seen(c0=0.9)], [seen(c3=1.0), seen(c0=1.0)], LABELS)

    assert scores["Espresso"] == scores["Cup"] == pytest.approx(CROP_TRUST)
    assert scores["Cat"] == pytest.approx(0.9)


def test_an_unsure_crop_only_whispers() -> None:
    scores = label_scores([seen(c0=0.9)], [seen(c2=0.5)], LABELS)

    assert scores["Dog"] == pytest.approx(0.2)


def test_crops_do_not_add_up_between_them() -> None:
    scores = label_scores([seen()], [seen(c0=0.5), seen(c0=0.5), seen(c1=0.5)], LABELS)

    assert scores["Cat"] == pytest.approx(0.2)


def test_no_score_is_above_one() -> None:
    scores = label_scores([seen(c0=0.6, c1=0.4000001)], [], LABELS)

    assert scores["Cat"] <= 1.0
