import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from catalog.document import Document, read_document, write_document
from catalog.document.reader import MAX_DOCUMENT_BYTES
from catalog.errors import DocumentError
from tests.hostile_json import json_texts


def read(content: Any) -> Document:
    return read_document(json.dumps(content).encode())


def labels(content: Any) -> list[tuple[str, float]]:
    return [(label.name, label.confidence) for label in read(content).labels]


REKOGNITION_1 = {
    "Labels": [{"Name": "Dog", "Confidence": 98.3}],
    "OrientationCorrection": "ROTATE_0",
}
REKOGNITION_2 = {
    "Labels": [
        {
            "Name": "Dog",
            "Confidence": 98.31,
            "Instances": [
                {
                    "BoundingBox": {"Width": 0.5, "Height": 0.6, "Left": 0.1, "Top": -0.01},
                    "Confidence": 97.2,
                }
            ],
            "Parents": [{"Name": "Mammal"}, {"Name": "Animal"}],
        }
    ],
    "LabelModelVersion": "2.0",
    "ResponseMetadata": {"RequestId": "1", "HTTPStatusCode": 200, "RetryAttempts": 0},
}
REKOGNITION_3 = {
    "Labels": [
        {
            "Name": "Car",
            "Confidence": 99.99999237060547,
            "Instances": [],
            "Parents": [],
            "Aliases": [{"Name": "Automobile"}],
            "Categories": [{"Name": "Vehicles and Automotive"}],
        }
    ],
    "LabelModelVersion": "3.0",
    "ImageProperties": {
        "Quality": {"Brightness": 61.2, "Sharpness": 80.4, "Contrast": 55.0},
        "DominantColors": [
            {
                "Red": 161,
                "Green": 178,
                "Blue": 195,
                "HexCode": "#A1B2C3",
                "CSSColor": "darkgray",
                "SimplifiedColor": "grey",
                "PixelPercent": 41.5,
            }
        ],
        "Foreground": {"Quality": {"Brightness": 1.0}, "DominantColors": []},
    },
}
NULLS = {
    "Labels": [
        {
            "Name": "Dog",
            "Confidence": 98.3,
            "Parents": None,
            "Aliases": None,
            "Categories": None,
            "Instances": None,
        }
    ],
    "LabelModelVersion": None,
    "ImageProperties": None,
    "ResponseMetadata": None,
}


def test_a_rekognition_response_of_the_first_model() -> None:
    document = read(REKOGNITION_1)
    assert document.tagging is None
    assert document.status == "tagged"
    assert document.labels[0].parents == []
    assert document.extra == {"OrientationCorrection": "ROTATE_0"}


def test_a_rekognition_response_of_the_second_model() -> None:
    document = read(REKOGNITION_2)
    (label,) = document.labels
    (instance,) = label.instances
    assert (label.name, label.confidence, label.parents) == ("Dog", 98.31, ["Mammal", "Animal"])
    box = instance.box
    assert (box.left, box.top, box.width, box.height) == (0.1, -0.01, 0.5, 0.6)
    assert instance.confidence == 97.2
    assert document.label_model_version == "2.0"
    assert document.extra["ResponseMetadata"]["RequestId"] == "1"


def test_a_rekognition_response_of_the_third_model() -> None:
    document = read(REKOGNITION_3)
    (label,) = document.labels
    assert label.aliases == ["Automobile"]
    assert label.categories == ["Vehicles and Automotive"]
    assert document.properties is not None
    (color,) = document.properties.dominant_colors
    assert (color.hex_code, color.simplified_color, color.pixel_percent) == (
        "#a1b2c3",
        "grey",
        41.5,
    )
    assert color.extra == {"Red": 161, "Green": 178, "Blue": 195}
    assert "Foreground" in document.properties.extra
    assert document.properties.sharpness == 80.4


def test_nulls_are_nothing() -> None:
    document = read(NULLS)
    (label,) = document.labels
    assert (label.parents, label.aliases, label.categories, label.instances) == ([], [], [], [])
    assert document.properties is None
    assert labels({"Labels": None}) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_any_unicode_encoding(encoding: str) -> None:
    data = json.dumps({"Labels": ["Größe"]}, ensure_ascii=False).encode(encoding)
    assert [label.name for label in read_document(data).labels] == ["Größe"]


def test_what_no_file_can_hold_is_replaced_everywhere() -> None:
    data = rb'{"Labels": ["a\u0000b", "\ud83d\ude00"], "Other\ud800": ["\udc00"]}'
    document = read_document(data)
    assert [label.name for label in document.labels] == ["a\ufffdb", "😀"]
    assert document.extra == {"Other\ufffd": ["\ufffd"]}
    write_document(document)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\xff\xfe\xfd", "not valid UTF-8"),
        (b'{"Labels": [}', "line 1, column 13"),
        (b"<html>", "not valid JSON"),
        (b'"Dog"', "neither an object nor a list"),
        (b"null", "neither an object nor a list"),
        (b"3", "neither an object nor a list"),
        (b"{}", "no labels"),
        (b'{"Image": {}}', "no labels"),
        (b'{"Tagging": {"Status": "pending"}}', "no labels"),
        (b'{"Labels": 5}', "not a list"),
        (b'{"Labels": "Dog"}', "not a list"),
        (b'{"Labels": {"Dog": "sure"}}', "not a list"),
        (b"[1, 2, 3]", "has a name"),
        (b'[{"Labels": []}]', "has a name"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"Labels": [], "a": ' + b"[" * 70 + b"]" * 70 + b"}", "nested too deeply"),
        (b'{"Labels": [{"Name": "a", "b": ' + b"[" * 70 + b"]" * 70 + b"}]}", "nested too deeply"),
        (b"9" * 5000, "number that is too long"),
        (b'["a"' + b',"a"' * 10_000 + b"]", "more than 10,000 labels"),
        (b" " * (MAX_DOCUMENT_BYTES + 1), "larger than 16 MB"),
    ],
)
def test_what_makes_no_sense_gets_a_sentence(data: bytes, said: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_document(data)
    assert said in caught.value.reason
    assert caught.value.reason.endswith(".")


def test_a_failure_keeps_its_reason_and_gets_one_where_it_has_none() -> None:
    def error(content: Any) -> tuple[str, str]:
        document = read({"Tagging": {"Status": "failed", "Error": content}})
        assert document.status == "failed"
        assert document.tagging is not None
        assert document.tagging.error is not None
        return document.tagging.error.code, document.tagging.error.message

    assert error({"Code": "truncated", "Message": "It ends."}) == ("truncated", "It ends.")
    assert error("It ends.") == ("unknown", "It ends.")
    assert error(None)[1] == "Tagging failed, and no reason was given."


def test_wrong_types_are_read_as_unknown() -> None:
    document = read(
        {
            "Labels": ["Dog"],
            "Image": {
                "Key": 5,
                "Size": -1,
                "Width": "4032",
                "Height": 0,
                "UploadedAt": "yesterday",
                "TakenAt": [],
                "SHA256": "ABC",
            },
            "Tagging": "done",
            "Thumbnails": [{"Key": "uploads/secret", "Width": 1, "Height": 1}, 5],
            "Edits": {"Added": ["Rex", {"Name": "rex"}, 5], "Removed": "Dog"},
            "ImageProperties": {
                "Quality": 5,
                "DominantColors": [{"HexCode": "red;}", "PixelPercent": 5}],
            },
        }
    )
    image = document.image
    assert (image.key, image.size, image.width, image.height) == ("", None, 4032, None)
    assert (image.uploaded_at, image.taken_at, image.sha256) == ("", "", "abc")
    assert document.tagging is None
    assert document.thumbnails == []
    assert [edit.name for edit in document.added] == ["Rex"]
    assert document.removed == []
    assert document.properties is not None
    assert document.properties.dominant_colors == []


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("2026-11-22T16:04:56Z", "2026-11-22T16:04:56Z"),
        ("2026-11-22T18:04:56+02:00", "2026-11-22T16:04:56Z"),
        ("2026-11-22 16:04:56", "2026-11-22T16:04:56Z"),
        ("2026-11-22", "2026-11-22T00:00:00Z"),
        ("2026-13-22T16:04:56Z", ""),
        ("0001-01-01T00:00:00+23:00", ""),
    ],
)
def test_moments_are_brought_to_utc(written: str, read_as: str) -> None:
    document = read({"Labels": [], "Image": {"UploadedAt": written, "TakenAt": written}})
    assert document.image.uploaded_at == read_as


def test_unknown_fields_survive_a_rewrite_at_every_level() -> None:
    content = {
        "Labels": [
            {
                "Name": "Dog",
                "Confidence": 90.0,
                "Breed": {"b": 1, "a": [None, "x"]},
                "Parents": [{"Name": "Animal", "Id": 7}],
                "Aliases": [{"Name": "Hound", "Lang": "en"}],
                "Instances": [
                    {
                        "BoundingBox": {"Left": 0, "Top": 0, "Width": 1, "Height": 1, "Angle": 3},
                        "Confidence": 9,
                        "Mask": "m",
                    }
                ],
            }
        ],
        "Image": {"Key": "uploads/a", "Rating": 5},
        "Tagging": {
            "Status": "failed",
            "Host": "h",
            "Error": {"Code": "c", "Message": "m", "Trace": "t"},
        },
        "ImageProperties": {"Quality": {"Noise": 1}, "Background": {}},
        "Thumbnails": [{"Key": "thumbs/a/320.webp", "Width": 1, "Height": 1, "Hash": "h"}],
        "Edits": {"Added": [{"Name": "Rex", "Why": "w"}], "Removed": [], "Note": "n"},
        "tagging_tool": "yolo",
        "ÄÖ": float("inf"),
    }
    rewritten = json.loads(write_document(read(content)))
    (label,) = rewritten["Labels"]
    assert label["Breed"] == {"b": 1, "a": [None, "x"]}
    assert label["Parents"] == [{"Name": "Animal", "Id": 7}]
    assert label["Aliases"] == [{"Name": "Hound", "Lang": "en"}]
    assert label["Instances"][0]["Mask"] == "m"
    assert label["Instances"][0]["BoundingBox"]["Angle"] == 3
    assert rewritten["Image"]["Rating"] == 5
    assert rewritten["Tagging"]["Host"] == "h"
    assert rewritten["Tagging"]["Error"]["Trace"] == "t"
    assert rewritten["ImageProperties"]["Quality"]["Noise"] == 1
    assert rewritten["ImageProperties"]["Background"] == {}
    assert rewritten["Thumbnails"][0]["Hash"] == "h"
    assert rewritten["Edits"]["Added"][0]["Why"] == "w"
    assert rewritten["Edits"]["Note"] == "n"
    assert rewritten["tagging_tool"] == "yolo"
    assert rewritten["ÄÖ"] is None


def test_another_tools_field_of_our_name_is_kept_beside_ours() -> None:
    rewritten = json.loads(
        write_document(read({"labels": ["Dog"], "image": "a.jpg", "tagging": "yolo"}))
    )
    assert rewritten["image"] == "a.jpg"
    assert rewritten["tagging"] == "yolo"
    assert rewritten["Image"]["Key"] == ""


def test_a_newer_format_is_read_and_not_taken_back() -> None:
    document = read({"SchemaVersion": 7, "Labels": ["Dog"], "News": 1})
    rewritten = json.loads(write_document(document))
    assert rewritten["SchemaVersion"] == 7
    assert rewritten["News"] == 1


# fmt: off
FIELDS = [
    "Labels", "Name", "Confidence", "Parents", "Instances", "BoundingBox", "Left", "Top",
    "Width", "Height", "Image", "Size", "UploadedAt", "TakenAt", "Tagging", "Status", "Error",
    "ImageProperties", "Quality", "DominantColors", "HexCode", "PixelPercent", "Thumbnails",
    "Key", "Edits", "Added", "At", "SchemaVersion", "labels", "name", "image_properties",
]
# fmt: on
NUMBERS = st.one_of(st.integers(), st.floats(), st.sampled_from([10**400, -0.0, 1e308]))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=8), st.just("Dog")),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.one_of(
                st.text(max_size=5),
                st.sampled_from(FIELDS),
            ),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=25,
)
DOCUMENTS = st.one_of(
    JSON,
    st.builds(
        lambda some, other: {"Labels": some, **other},
        st.lists(JSON, max_size=3),
        st.dictionaries(
            st.sampled_from(["Image", "Tagging", "Edits", "Thumbnails", "ImageProperties", "x"]),
            JSON,
            max_size=4,
        ),
    ),
)


@given(
    st.one_of(
        st.binary(max_size=60),
        DOCUMENTS.map(lambda it: json.dumps(it).encode()),
        json_texts(*FIELDS),
    )
)
@example(b'{"Labels": [], "\\ud800": 1}')
def test_any_bytes_are_a_document_or_make_no_sense(data: bytes) -> None:
    try:
        document = read_document(data)
    except DocumentError as error:
        assert error.reason
        return
    assert document.shown_labels() is not None
    written = write_document(document)
    again = read_document(written)
    assert again.labels == document.labels
    assert again.image == document.image
    assert write_document(again) == written
