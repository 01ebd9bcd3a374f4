import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.document import (
    BoundingBox,
    Document,
    DominantColor,
    Edit,
    ImageFacts,
    ImageProperties,
    Instance,
    Label,
    Tagging,
    TaggingError,
    Thumbnail,
    fold_name,
    read_document,
    write_document,
)
from catalog.errors import DocumentError

DOCS = Path(__file__).parents[4] / "docs"
SCHEMA = json.loads((DOCS / "metadata.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def is_a_name(text: str) -> bool:
    return bool(text.strip()) and text == text.strip()


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
NAME = TEXT.filter(is_a_name)
NAMES = st.lists(NAME, max_size=3, unique=True)
PERCENT = st.floats(0, 100)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
PIXELS = st.none() | st.integers(1, 100_000)
MOMENT = st.just("") | st.datetimes().map(lambda m: m.replace(microsecond=0).isoformat() + "Z")
WALL_TIME = st.just("") | st.datetimes().map(lambda m: m.replace(microsecond=0).isoformat())
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
EXTRA = st.dictionaries(TEXT.map(lambda name: f"x{name}9"), PLAIN, max_size=2)


def each_once(named: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(named, max_size=4, unique_by=lambda item: fold_name(item.name))


BOX = st.builds(BoundingBox, NUMBER, NUMBER, NUMBER, NUMBER, EXTRA)
LABEL = st.builds(
    Label,
    NAME,
    PERCENT,
    NAMES,
    NAMES,
    NAMES,
    st.lists(st.builds(Instance, BOX, PERCENT, EXTRA), max_size=2),
    EXTRA,
)
EDIT = st.builds(Edit, NAME, TEXT, MOMENT, EXTRA)
IMAGE = st.builds(
    ImageFacts,
    key=TEXT,
    name=TEXT,
    content_type=TEXT,
    size=st.none() | st.integers(0, 2**53 - 1),
    sha256=st.text("0123456789abcdef", max_size=64),
    etag=TEXT,
    width=PIXELS,
    height=PIXELS,
    uploaded_at=MOMENT,
    taken_at=WALL_TIME,
    camera=TEXT,
    extra=EXTRA,
)
TAGGED = st.builds(
    Tagging,
    st.just("tagged"),
    TEXT,
    st.none() | PERCENT,
    st.none() | st.integers(0, 1000),
    MOMENT,
    st.none(),
    EXTRA,
)
FAILED = st.builds(
    replace,
    TAGGED,
    status=st.just("failed"),
    error=st.builds(TaggingError, NAME, NAME, EXTRA),
)
HEX = st.text("0123456789abcdef", min_size=6, max_size=6).map(lambda code: "#" + code)
COLOR = st.builds(DominantColor, HEX, TEXT, st.sampled_from(["blue", "grey", ""]), PERCENT, EXTRA)
PROPERTIES = st.builds(
    ImageProperties,
    st.none() | PERCENT,
    st.none() | PERCENT,
    st.none() | PERCENT,
    st.lists(COLOR, max_size=2),
    EXTRA,
    EXTRA,
)
THUMBNAIL = st.builds(
    Thumbnail, TEXT.map("thumbs/{}".format), st.integers(1, 9999), st.integers(1, 9999), EXTRA
)
DOCUMENT = st.builds(
    Document,
    image=IMAGE,
    tagging=TAGGED | FAILED,
    labels=each_once(LABEL),
    label_model_version=TEXT,
    properties=st.none() | PROPERTIES,
    thumbnails=st.lists(THUMBNAIL, max_size=2),
    added=each_once(EDIT),
    removed=each_once(EDIT),
    extra=EXTRA,
    edits_extra=EXTRA,
)


@given(DOCUMENT)
def test_what_is_written_is_read_back_and_fits_the_schema(document: Document) -> None:
    written = write_document(document)
    assert read_document(written) == document
    assert write_document(read_document(written)) == written
    VALIDATOR.validate(json.loads(written))


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_example_in_the_docs_is_what_the_writer_writes() -> None:
    example = (DOCS / "metadata-format.md").read_text().split("```json\n")[1].split("```")[0]
    VALIDATOR.validate(json.loads(example))
    document = read_document(example.encode())
    assert json.loads(write_document(document)) == json.loads(example)


@pytest.mark.parametrize(
    "broken",
    [
        {"Labels": [{"Name": "Dog", "Confidence": 101}]},
        {"Tagging": {"Status": "pending"}},
        {"Thumbnails": [{"Key": "uploads/a", "Width": 1, "Height": 1}]},
        {"Image": {}},
    ],
)
def test_the_schema_refuses_what_is_not_the_format(broken: dict[str, Any]) -> None:
    good = json.loads(write_document(Document(tagging=Tagging("tagged"))))
    VALIDATOR.validate(good)
    assert not VALIDATOR.is_valid(good | broken)


def test_the_same_content_has_the_same_bytes() -> None:
    one = Document(labels=[Label("Dog", 90)], extra={"b": {"d": 1, "c": 2}, "a": 0})
    other = Document(labels=[Label("Dog", 90.0)], extra={"a": 0, "b": {"c": 2, "d": 1}})
    assert write_document(one) == write_document(other)


def test_it_is_plain_json_for_people() -> None:
    written = write_document(Document(labels=[Label("Größe", 90.0)]))
    assert written.endswith(b"}\n")
    assert '      "Name": "Größe",\n' in written.decode()
    assert b"Tagging" not in written


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (Document(labels=[Label("Dog", 101)]), "between 0 and 100"),
        (Document(labels=[Label("Dog", -1)]), "between 0 and 100"),
        (Document(labels=[Label("Dog", float("nan"))]), "between 0 and 100"),
        (Document(labels=[Label("", 50)]), "the name of a label"),
        (Document(labels=[Label(" Dog", 50)]), "the name of a label"),
        (Document(labels=[Label("Dog", 50, parents=[""])]), "the name of a label"),
        (Document(labels=[Label("Dog", 50), Label("dog", 60)]), "twice"),
        (Document(added=[Edit("a", "", ""), Edit("A", "", "")]), "twice"),
        (Document(added=[Edit("a", "", "today")]), "UTC moment"),
        (Document(tagging=Tagging("failed")), "needs a reason"),
        (Document(tagging=Tagging("failed", error=TaggingError("", "x"))), "a code"),
        (Document(tagging=Tagging("tagged", error=TaggingError("a", "b"))), "success has none"),
        (Document(tagging=Tagging("pending")), "no status"),  # type: ignore[arg-type]
        (Document(image=ImageFacts(size=-1)), "size"),
        (Document(image=ImageFacts(width=0)), "width"),
        (Document(image=ImageFacts(taken_at="2026-01-01T00:00:00Z")), "wall time"),
        (Document(image=ImageFacts(uploaded_at="2026-01-01T00:00:00")), "UTC moment"),
        (Document(image=ImageFacts(sha256="AB")), "lower case"),
        (Document(properties=ImageProperties(contrast=101)), "between 0 and 100"),
        (
            Document(properties=ImageProperties(dominant_colors=[DominantColor("red", "", "", 1)])),
            "not a colour",
        ),
        (
            Document(
                labels=[Label("a", 1, instances=[Instance(BoundingBox(float("inf"), 0, 1, 1), 1)])]
            ),
            "not a number",
        ),
    ],
)
def test_what_the_format_does_not_allow_is_not_written(document: Document, said: str) -> None:
    with pytest.raises(DocumentError, match=said):
        write_document(document)


@given(DOCUMENT)
def test_the_surest_labels_are_the_shown_ones(document: Document) -> None:
    document.labels += [replace(label, confidence=50.0) for label in document.labels[:2]]
    shown = [replace(label, source="recognizer") for label in document.shown_labels()]
    surest = document.surest_labels()
    assert [(it.name, it.confidence, it.parents, it.aliases, it.categories) for it in surest] == [
        (it.name, it.confidence, it.parents, it.aliases, it.categories) for it in shown
    ]
