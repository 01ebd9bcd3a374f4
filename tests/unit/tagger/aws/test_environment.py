"""What the Lambda is told by its environment, and what it says where that makes no sense."""

from collections.abc import Callable

import pytest

from catalog.errors import SettingsError
from tagger.aws.environment import LambdaEnvironment, lambda_environment
from tagger.aws.home import compose, make_recognizer
from tests.lambda_house import House

NAMES = [field.validation_alias for field in LambdaEnvironment.model_fields.values()]


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(str(name), raising=False)
    monkeypatch.setenv("BUCKET_NAME", "family-pictures")


def test_the_bucket_alone_is_enough() -> None:
    environment = lambda_environment()
    assert (environment.bucket_name, environment.catalog_url) == ("family-pictures", "")
    assert environment.recognizer == "rekognition"
    assert (environment.min_confidence, environment.max_labels) == (30.0, 100)
    assert (environment.max_attempts, environment.longest_wait_hours) == (3, 24.0)
    assert not environment.image_properties
    home = compose(environment)
    assert home.reconcile is None
    home.close()


def test_everything_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = {
        "CATALOG_URL": "dsql://abc.dsql.eu-west-1.on.aws",
        "RECOGNIZER": "local",
        "MIN_CONFIDENCE": "50",
        "MAX_LABELS": "7",
        "IMAGE_PROPERTIES": "true",
        "TAG_QUEUE_URL": "https://sqs/tag",
        "INDEX_QUEUE_URL": "https://sqs/index",
        "MAX_ATTEMPTS": "5",
        "LONGEST_WAIT_HOURS": "2",
    }
    for name, value in wanted.items():
        monkeypatch.setenv(name, value)
    environment = lambda_environment()
    assert environment.image_properties is True
    assert (environment.min_confidence, environment.max_attempts) == (50.0, 5)
    assert make_recognizer(environment).name == "local"
    home = compose(environment)
    assert home.reconcile is not None
    home.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MIN_CONFIDENCE", "much"),
        ("MAX_LABELS", "0"),
        ("RECOGNIZER", "magic"),
        ("MAX_ATTEMPTS", "0"),
        ("LONGEST_WAIT_HOURS", "0"),
        ("IMAGE_PROPERTIES", "perhaps"),
        ("BUCKET_NAME", ""),
    ],
)
def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        lambda_environment()


def test_one_queue_alone_is_a_mistake(new_house: Callable[..., House]) -> None:
    with pytest.raises(SettingsError, match="INDEX_QUEUE_URL"):
        new_house(index_queue_url="").open()


def test_a_package_without_the_local_recogniser_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "tagger.recognizers.local", None)
    monkeypatch.setenv("RECOGNIZER", "local")
    with pytest.raises(SettingsError, match="RECOGNIZER"):
        make_recognizer(lambda_environment())
