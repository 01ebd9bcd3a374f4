"""Rekognition asked with pictures: recorded answers, every refusal, and lies."""

import math
import os
from typing import Any

import pytest
from botocore import exceptions, session
from botocore.parsers import ResponseParserError
from PIL import Image

from catalog.document import Document, Label, read_document, write_document
from tagger.errors import RecognitionError
from tagger.recognizers import Recognition
from tagger.recognizers.errors import RecognizerBusyError, RecognizerUnavailableError
from tagger.recognizers.rekognition import RekognitionRecognizer
from tests.fake_rekognition import RECORDINGS, STATUS, FakeRekognition, recorded, refusal

PICTURE = Image.new("RGB", (200, 100), "blue")


def ask(fake: FakeRekognition, image: Image.Image = PICTURE, **options: Any) -> Recognition:
    wanted = {"min_confidence": 30.0, "max_labels": 100} | options
    return RekognitionRecognizer(fake).recognize(image, **wanted)


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recorded_answer_is_read_whole(name: str) -> None:
    answer = recorded(name)
    found = ask(FakeRekognition(name))
    assert {label.name: label.confidence for label in found.labels} == {
        label["Name"]: label["Confidence"] for label in answer["Labels"]
    }
    sure = [label.confidence for label in found.labels]
    assert sure == sorted(sure, reverse=True)
    assert found.model_version == answer.get("LabelModelVersion", "")
    told = {label["Name"]: label for label in answer["Labels"]}
    for label in found.labels:
        assert label.parents == [each["Name"] for each in told[label.name].get("Parents", [])]
        assert label.aliases == [each["Name"] for each in told[label.name].get("Aliases", [])]
        assert len(label.instances) == len(told[label.name].get("Instances", []))


def test_what_is_asked_for_is_what_the_settings_say() -> None:
    fake = FakeRekognition()
    ask(fake, min_confidence=41, max_labels=7)
    (request,) = fake.requests
    assert (request["MinConfidence"], request["MaxLabels"]) == (41.0, 7)
    assert request["Features"] == ["GENERAL_LABELS"]


def test_properties_are_asked_for_where_the_operator_wants_them() -> None:
    fake = FakeRekognition("v3-people-properties")
    assert ask(fake).properties is None
    recognizer = RekognitionRecognizer(fake, image_properties=True)
    found = recognizer.recognize(PICTURE, min_confidence=30, max_labels=100).properties
    assert fake.requests[-1]["Features"] == ["GENERAL_LABELS", "IMAGE_PROPERTIES"]
    assert found and found.brightness == 59.91098403930664 and found.contrast is not None
    assert "Contrast" not in found.extra["Foreground"]["Quality"]


def test_boxes_of_a_picture_with_a_border_are_those_of_the_picture() -> None:
    fake = FakeRekognition()
    box = {"Left": 0.25, "Top": 0.0, "Width": 0.5, "Height": 1.0}
    beside = {"Left": 0.0, "Top": 0.0, "Width": 0.1, "Height": 1.0}
    instances = [{"BoundingBox": each, "Confidence": 90.0} for each in (box, beside)]
    fake.says({"Labels": [{"Name": "Mast", "Confidence": 90.0, "Instances": instances}]})
    (label,) = ask(fake, Image.new("RGB", (40, 160), "red")).labels
    (instance,) = label.instances
    assert (instance.box.left, instance.box.width) == pytest.approx((0.0, 1.0))


def test_every_error_of_the_services_model_is_known() -> None:
    model = session.get_session().get_service_model("rekognition").operation_model("DetectLabels")
    assert {shape.name for shape in model.error_shapes} == set(STATUS)


@pytest.mark.parametrize("code", ["ThrottlingException", "ProvisionedThroughputExceededException"])
def test_too_many_requests_may_pass(code: str) -> None:
    fake = FakeRekognition()
    fake.fails(code)
    with pytest.raises(RecognizerBusyError, match=r"\.$"):
        ask(fake)
    assert ask(fake).labels


PASSING = [
    "InternalServerError",
    refusal("ServiceUnavailable", 503),
    refusal("", 502),
    refusal("ExpiredTokenException", 400),
    refusal("UnrecognizedClientException", 400),
    exceptions.EndpointConnectionError(endpoint_url="https://rekognition"),
    exceptions.ConnectTimeoutError(endpoint_url="https://rekognition"),
    exceptions.ReadTimeoutError(endpoint_url="https://rekognition"),
    exceptions.ConnectionClosedError(endpoint_url="https://rekognition"),
    exceptions.NoCredentialsError(),
    exceptions.NoRegionError(),
    exceptions.CredentialRetrievalError(provider="env", error_msg="about to expire"),
    ResponseParserError("<html>"),
]


@pytest.mark.parametrize("error", PASSING, ids=str)
def test_what_may_pass_is_told_from_what_will_not(error: Any) -> None:
    fake = FakeRekognition()
    fake.fails(error)
    with pytest.raises(RecognizerUnavailableError, match=r"\.$"):
        ask(fake)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("InvalidImageFormatException", "recognizer_format"),
        ("ImageTooLargeException", "recognizer_too_large"),
        ("InvalidParameterException", "recognizer_parameter"),
        ("InvalidS3ObjectException", "recognizer_object"),
        ("AccessDeniedException", "recognizer_access"),
        (refusal("SomethingNewException", 400), "recognizer_refused"),
        (exceptions.ParamValidationError(report="MaxLabels"), "recognizer_parameter"),
    ],
    ids=str,
)
def test_what_will_not_pass_is_a_reason_for_a_person(error: Any, code: str) -> None:
    fake = FakeRekognition()
    fake.fails(error)
    with pytest.raises(RecognitionError) as caught:
        ask(fake)
    assert caught.value.code == code
    assert caught.value.message.endswith(".")


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        {"Labels": None},
        {"Labels": "Dog"},
        {"Labels": {"Dog": 90.0}},
        {"Labels": [None, 7, "Dog"]},
        {"Labels": [{"Name": "Dog"}]},
        {"Labels": [{"Name": "Dog", "Confidence": math.nan}]},
        {"Labels": [{"Name": "Dog", "Confidence": "sure"}]},
        {"Labels": [{"Name": "Dog", "Confidence": 250.0}]},
        {"Labels": [{"Name": "", "Confidence": 90.0}]},
        {"Labels": [{"Confidence": 90.0}]},
    ],
)
def test_an_answer_that_makes_no_sense_is_no_answer(answer: Any) -> None:
    fake = FakeRekognition()
    fake.says(answer)
    with pytest.raises(RecognitionError, match="makes no sense") as caught:
        ask(fake)
    assert caught.value.code == "recognizer_nonsense"


def test_nothing_seen_is_an_answer() -> None:
    fake = FakeRekognition()
    fake.says({"Labels": [], "LabelModelVersion": "3.0"})
    assert ask(fake) == Recognition([], "3.0")


def test_what_was_not_asked_for_is_left_out() -> None:
    fake = FakeRekognition()
    labels = [{"Name": name, "Confidence": sure} for name, sure in [("A", 31), ("B", 99), ("C", 5)]]
    fake.says({"Labels": [*labels, {"Name": "D"}, {"Name": "E", "Confidence": math.nan}]})
    assert [label.name for label in ask(fake, max_labels=1).labels] == ["B"]
    fake.says({"Labels": labels})
    assert [label.name for label in ask(fake).labels] == ["B", "A"]


def test_confidences_below_one_percent_stay_what_they_are() -> None:
    fake = FakeRekognition()
    fake.says({"Labels": [{"Name": "A", "Confidence": 0.9}]})
    assert [label.confidence for label in ask(fake, min_confidence=0).labels] == [0.9]


def test_nulls_and_strange_parts_do_no_harm() -> None:
    fake = FakeRekognition()
    lies: dict[str, Any] = {
        "Name": "Dog",
        "Confidence": 90.0,
        "Parents": None,
        "Aliases": [{"Name": None}, {"Name": "Hound"}],
        "Categories": "Animals",
        "Instances": [
            {"BoundingBox": {"Left": math.nan, "Top": 0, "Width": 1, "Height": 1}},
            {"BoundingBox": None},
            {"BoundingBox": {"Left": 0, "Top": 0, "Width": 1, "Height": 1}, "Confidence": None},
            None,
        ],
        "New": {"Depth": math.inf, "Text": "\ud800"},
    }
    fake.says({"Labels": [lies], "LabelModelVersion": 4, "ImageProperties": {"Quality": 1}})
    found = ask(fake)
    (label,) = found.labels
    assert isinstance(label, Label)
    assert (label.parents, label.aliases) == ([], ["Hound"])
    assert len(label.instances) == 1
    document = Document(labels=found.labels, properties=found.properties)
    (again,) = read_document(write_document(document)).labels
    assert again.instances == label.instances
    assert again.extra == {"New": {"Depth": None, "Text": "\ufffd"}}, "JSON has no infinity"


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_a_client_is_made_only_when_a_picture_comes(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    recognizer = RekognitionRecognizer()
    assert (recognizer.name, recognizer._client) == ("rekognition", None)
    monkeypatch.setenv(variable, "eu-west-3")
    client = recognizer._made()
    assert client is recognizer._made()
    config = client.meta.config
    assert (client.meta.region_name, config.connect_timeout, config.read_timeout) == (
        "eu-west-3",
        3,
        20,
    )
    assert config.retries == {"mode": "standard", "total_max_attempts": 3}
    client.close()


@pytest.mark.usefixtures("nowhere")
def test_pictures_are_sent_to_no_region_that_nobody_named() -> None:
    with pytest.raises(RecognizerUnavailableError, match="AWS_REGION"):
        RekognitionRecognizer().recognize(PICTURE, min_confidence=30, max_labels=10)
