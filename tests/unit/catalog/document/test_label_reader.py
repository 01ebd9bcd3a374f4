import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.document import Document, read_document, write_document


def read(content: Any) -> Document:
    return read_document(json.dumps(content).encode())


def labels(content: Any) -> list[tuple[str, float]]:
    return [(label.name, label.confidence) for label in read(content).labels]


@pytest.mark.parametrize(
    "content",
    [
        {"labels": [{"name": "Dog", "confidence": 98.3, "parents": ["Animal"]}]},
        {"LABELS": [{"NAME": "Dog", "CONFIDENCE": 98.3, "PARENTS": [{"name": "Animal"}]}]},
        {"Labels": [{"name": " Dog ", "Confidence": "98.3", "parents": "Animal"}]},
        {"labels": [{"name": "Dog", "confidence": "98.3 %", "parents": {"Name": "Animal"}}]},
        [{"Name": "Dog", "Confidence": 98.3, "Parents": ["Animal", None, "", "Animal"]}],
        {"labels": [{"name": "Dog", "confidence": 0.983, "parents": ["Animal"]}]},
    ],
)
def test_other_tools_spellings(content: Any) -> None:
    (label,) = read(content).labels
    assert (label.name, label.confidence, label.parents) == ("Dog", 98.3, ["Animal"])


def test_names_alone_are_meant() -> None:
    assert labels(["Dog", " Cat "]) == [("Dog", 100), ("Cat", 100)]
    assert labels({"labels": ["Dog"]}) == [("Dog", 100)]
    assert labels([{"Name": "Dog"}]) == [("Dog", 100)]


def test_confidences_by_name() -> None:
    assert labels({"labels": {"Dog": 98.2, "Cat": "12"}}) == [("Dog", 98.2), ("Cat", 12)]


def test_no_labels_at_all_is_an_answer() -> None:
    assert labels([]) == labels({"Labels": []}) == []


def test_confidences_up_to_one_are_fractions_in_other_tools_documents() -> None:
    assert labels([{"name": "Dog", "confidence": 0.9831}, {"name": "Cat", "confidence": 0.07}]) == [
        ("Dog", 98.31),
        ("Cat", 7),
    ]
    assert labels([{"name": "Dog", "confidence": 1}]) == [("Dog", 100)]
    assert labels([{"name": "Dog", "confidence": 0}]) == [("Dog", 0)]


def test_confidences_up_to_one_are_percent_where_one_is_higher_or_it_is_rekognitions() -> None:
    mixed = [{"Name": "Dog", "Confidence": 50}, {"Name": "Cat", "Confidence": 0.5}]
    assert labels(mixed) == [("Dog", 50), ("Cat", 0.5)]
    low = [{"Name": "Dog", "Confidence": 0.5}]
    assert labels({"Labels": low, "LabelModelVersion": "3.0"}) == [("Dog", 0.5)]
    assert labels({"Labels": low, "Tagging": {"Status": "tagged"}}) == [("Dog", 0.5)]


def test_fractions_are_scaled_once_only() -> None:
    once = read([{"name": "Dog", "confidence": 0.005}])
    assert read_document(write_document(once)) == once


def test_boxes_are_scaled_with_their_labels() -> None:
    box = {"Left": 0, "Top": 0, "Width": 1, "Height": 1}
    entry = {
        "name": "Dog",
        "confidence": 0.9,
        "instances": [{"bounding_box": box, "confidence": 0.8}, {"boundingBox": box}],
    }
    (label,) = read([entry]).labels
    assert [instance.confidence for instance in label.instances] == [80, 90]


def test_of_a_label_that_stands_there_twice_the_surest_counts() -> None:
    box = {"Left": 0, "Top": 0, "Width": 1, "Height": 1}
    document = read(
        [
            {"Name": "Person", "Confidence": 70, "Instances": [{"BoundingBox": box}]},
            {"Name": "Dog", "Confidence": 60},
            {"Name": "person", "Confidence": 90, "Instances": [{"BoundingBox": box}]},
        ]
    )
    assert [(label.name, label.confidence) for label in document.labels] == [
        ("person", 90),
        ("Dog", 60),
    ]
    assert [instance.confidence for instance in document.labels[0].instances] == [70, 90]


@pytest.mark.parametrize(
    ("confidence", "read_as"),
    [
        (100.00001, 100),
        (-3, 0),
        (1e999, 0),
        ("very", 0),
        ([], 0),
        (True, 0),
        (float("nan"), 0),
        (10**400, 0),
    ],
)
def test_a_confidence_that_cannot_be_is_brought_within_bounds(
    confidence: Any, read_as: float
) -> None:
    assert labels(["Other", {"Name": "Dog", "Confidence": confidence}])[1] == ("Dog", read_as)


def test_entries_that_are_no_labels_are_left_out() -> None:
    entries = ["Dog", 7, None, {}, {"Name": ""}, {"Name": 5}, ["Cat"], "", {"Name": "x" * 1001}]
    assert labels(entries) == [("Dog", 100)]


def test_boxes_that_are_none_are_left_out() -> None:
    boxes = [{}, {"BoundingBox": None}, {"BoundingBox": {"Left": 1}}, 5, {"BoundingBox": [1]}]
    (label,) = read([{"Name": "Dog", "Confidence": 90, "Instances": boxes}]).labels
    assert label.instances == []


NAME = st.text("aÄß \u00a0\u0301", max_size=4) | st.sampled_from(["Dog", " Dog ", "x" * 1001])
ODD = st.none() | st.integers() | st.text(max_size=3)
NAMES = st.lists(st.fixed_dictionaries({"Name": NAME}) | ODD, max_size=3) | ODD
PLACES = st.just([]) | st.just(
    [{"BoundingBox": {"Left": 0.1, "Top": 0, "Width": 0.5, "Height": 1}, "Confidence": 90.0}]
)
USUAL = st.fixed_dictionaries(
    {
        "Name": NAME | ODD,
        "Confidence": st.floats(-1, 101) | st.sampled_from([50, "50 %", True, None]),
        "Parents": NAMES,
        "Aliases": NAMES,
        "Categories": NAMES | st.just([{"Name": f"c{number}"} for number in range(40)]),
        "Instances": PLACES | ODD,
    }
)


def with_a_detour(entry: dict[str, Any]) -> dict[str, Any]:
    """Return a label that says the same, but which none of the fast ways takes."""
    found = entry | {"x": 1}
    for name in ("Parents", "Aliases", "Categories"):
        names = entry[name] if isinstance(entry[name], list) else [entry[name]]
        found[name] = [*names, None]
    return found


@given(USUAL)
def test_labels_in_our_own_shape_are_read_as_all_others_are(entry: dict[str, Any]) -> None:
    anchor = {"Name": "Anchor", "Confidence": 99.0}
    usual = read({"Labels": [anchor, entry]}).labels
    others = read({"Labels": [anchor, with_a_detour(entry)]}).labels
    for label in others[1:]:
        assert label.extra.pop("x") == 1
    assert usual == others
