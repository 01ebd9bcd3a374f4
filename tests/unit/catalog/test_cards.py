"""Cards are the JSON of a picture, cut by confidence without being read."""

import json
from typing import Any

import pytest

from catalog.cards import LABELS_ON_CARD, Card, card_line, cut, write_card
from catalog.terms import DEFAULT_MIN

VALUES: dict[str, Any] = {
    "public_id": "id", "key": 'uploads/a"\n},{é.jpg', "name": "a\n\\\u2028", "status": "tagged",
    "width": None, "height": 3, "uploaded_at": 1_000_000, "taken_at": "", "error_code": "",
    "error_message": "", "thumbnails": '[["thumbs/a/1280.webp",9,9],["thumbs/a/320.webp",320,7]]',
}  # fmt: skip
LABELS = [
    ("All\n", 100.0), ('{"confidence":1,', 95.5),
    ('"},{', 90.00001), ("Umlaut ü", 70.0), ("d", 69.99999999999999),
    *[(f"n{n}", 30.0 - n) for n in range(9)],
]  # fmt: skip


def card(labels: list[tuple[str, float]]) -> str:
    lines = [card_line(name, repr(confidence)) for name, confidence in labels]
    return write_card(VALUES, lines, sum(sure >= DEFAULT_MIN for _, sure in labels))


@pytest.mark.parametrize("least", [0.0, 30.0, 69.99999999999999, 70.0, 70.1, 90.00001, 95, 100.0])
@pytest.mark.parametrize("count", [0, 1, 3, 4, 10, 13])
def test_the_surest_ten_at_a_confidence_and_over(least: float, count: int) -> None:
    found = Card("id", "key", "etag", card(LABELS[:count]))
    found.write('{"labels":[', "/small.webp")
    (text,) = cut([found], least)
    assert json.loads(f"{text}]}}")["labels"] == [
        {"name": name, "confidence": confidence}
        for name, confidence in LABELS[:count][:LABELS_ON_CARD]
        if confidence >= least
    ]
    assert json.loads(found.small + "}") == {"width": 320, "height": 7}
    assert json.loads(found.facts + "}") == {
        "id": "id", "key": VALUES["key"], "name": VALUES["name"], "width": None, "height": 3,
        "uploaded_at": "1970-01-01T00:00:01Z", "taken_at": None, "status": "tagged", "error": None,
    }  # fmt: skip


def test_a_picture_without_a_thumbnail_and_with_an_error() -> None:
    values = VALUES | {"thumbnails": "[]", "error_code": "truncated", "error_message": "It ends."}
    found = Card("id", "key", "etag", write_card(values, [], 0))
    assert json.loads(found.facts + "}")["error"] == {"code": "truncated", "message": "It ends."}
    found.write("[", "")
    assert (found.small, cut([found], 70.0), cut([found], 30.0)) == ("", ["["], ["["])
