"""The quick way to a row says what the long one says, or nothing."""

import copy
import json
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.libraries import documents
from catalog.document import (
    BoundingBox,
    Edit,
    Instance,
    TaggingError,
    parse_document,
    read_document,
    write_document,
)
from catalog.errors import DocumentError
from catalog.rows import ImageRow, document_row
from catalog.storage import ObjectInfo
from catalog.usual_rows import usual_row

WHEN = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
FOLDER_ETAG = "ab" * 32


def usual() -> dict[str, Any]:
    """Return a document as our writer writes it, with all that one can hold but corrections."""
    _, _, document = next(documents(1))
    first, second, third = document.labels[:3]
    first.aliases, second.aliases = ["Doggo", "Straße"], ["doggo", third.name]
    first.parents = [second.name, third.name]
    third.parents, third.name, third.categories = [], "Ünï \u2028 code", ["One", "Two"]
    first.instances = [Instance(BoundingBox(0.1, 0.2, 0.3, 0.4), 97.0)]
    content: dict[str, Any] = json.loads(write_document(document))
    return content


USUAL = usual()
ODD = [
    None, True, 0, 1, -1, 5, 10**30, 0.0, -0.0, 0.5, 100.0, 100.1, 1e-7, "", " ", "Label 001",
    "label 001", " Dog ", "x" * 1001, "é" * 900, "\u2028", "\ufffd", "98.5", "98%", "AB" * 32,
    "failed", "TAGGED", "grey", "Gray", "#A1B2C3", "a1b2c3", "image/PJPEG; q=1",
    "thumbs/x/320.webp", "2026-02-30T00:00:00Z", "2026-02-03T04:05:06.789Z", "2026-02-03T04:05:06",
    "2026-02-03", "2026-02-03T24:00:00", "0001-01-01T00:00:00Z", [], {}, [{}], [[]], ["Dog"], "Dog",
    [{"Name": "Dog"}], [{"Name": "Dog"}, {"Name": "Dog"}], [{"Name": "Dog", "Id": 7}],
    [{"Name": ""}], {"Name": "Dog"}, {"Code": "x", "Message": "y"},
]  # fmt: skip


def rows(text: bytes, etag: str) -> tuple[ImageRow | None, ImageRow | None]:
    """Return the row of the quick way, and of the long one; None where there is none."""
    picture = ObjectInfo("uploads/a/b.PNG", 7, etag, WHEN)
    try:
        quick = usual_row(picture, parse_document(text), "document", "known", "cd" * 32)
    except DocumentError:
        quick = None
    try:
        document = read_document(text)
    except DocumentError:
        return quick, None
    return quick, document_row(
        picture, picture.key, document, "document", name="known", sha256="cd" * 32
    )


def same(quick: ImageRow | None, long: ImageRow | None) -> bool:
    """Tell whether two rows are the same to the sign of a zero and the order of names."""
    return repr(quick) == repr(long) or (
        quick is not None
        and long is not None
        and repr(sorted(quick.values.items())) == repr(sorted(long.values.items()))
        and repr(quick.entries) == repr(long.entries)
    )


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths to all that is in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for name, each in inner:
        found.append((*path, name))
        if isinstance(each, dict | list):
            found += places(each, (*path, name))
    return found


PLACES = places(USUAL)


def changed(path: tuple[Any, ...], how: str, value: Any) -> dict[str, Any]:
    """Return the usual document with one change."""
    content = copy.deepcopy(USUAL)
    parent: Any = content
    for step in path[:-1]:
        parent = parent[step]
    last = path[-1]
    if how == "set":
        parent[last] = value
    elif how == "drop":
        del parent[last]
    elif isinstance(parent, list):
        parent.insert(last, copy.deepcopy(parent[last]) if how == "twice" else value)
    elif how == "twice":
        parent[f"{last}"[:1].lower() + f"{last}"[1:]] = parent.pop(last)
    else:
        parent["Extra"] = value
    return content


@pytest.mark.parametrize("etag", [FOLDER_ETAG, "d41d8cd9"])
def test_what_our_writer_writes_is_usual(etag: str) -> None:
    for _, _, document in islice(documents(30), 30):
        quick, long = rows(write_document(document), etag)
        assert quick is not None
        assert same(quick, long)
    for content in (USUAL, USUAL | {"Labels": []}, USUAL | {"ImageProperties": None}):
        quick, long = rows(json.dumps(content).encode(), etag)
        assert quick is not None
        assert same(quick, long)


def test_what_people_corrected_and_what_failed_is_left_to_the_long_way() -> None:
    _, _, document = next(documents(1))
    document.removed = [Edit(document.labels[0].name, "", "")]
    assert rows(write_document(document), "")[0] is None
    document.removed = []
    assert document.tagging is not None
    document.tagging.status, document.tagging.error = "failed", TaggingError("a", "b")
    assert rows(write_document(document), "")[0] is None


@settings(max_examples=400)
@given(
    st.sampled_from(PLACES),
    st.sampled_from(["set", "set", "set", "drop", "twice", "add"]),
    st.sampled_from(ODD) | st.text(max_size=5) | st.floats(0, 100),
    st.sampled_from([FOLDER_ETAG, "d41d8cd9", USUAL["Image"]["ETag"]]),
)
def test_whatever_stands_in_a_document_both_ways_say_the_same(
    path: tuple[Any, ...], how: str, value: Any, etag: str
) -> None:
    quick, long = rows(json.dumps(changed(path, how, value)).encode(), etag)
    assert quick is None or same(quick, long)


def test_every_odd_value_in_every_place() -> None:
    """The same once more for each place of the first label and of all that is no label."""
    for path in PLACES:
        if path[0] == "Labels" and len(path) > 1 and path[1] > 0:
            continue
        for value in ODD:
            quick, long = rows(json.dumps(changed(path, "set", value)).encode(), "d41d8cd9")
            assert quick is None or same(quick, long), (path, value)
