"""Each clause of a search in plain words."""

import pytest

from catalog.query import parse
from webapp.phrases import clause_phrase


@pytest.mark.parametrize(
    ("text", "phrase", "bound"),
    [
        ("dog", "Dog", ""),
        ("dog>85", "Dog", "over 85 %"),
        ("dog>=85", "Dog", "from 85 %"),
        ("dog<60", "Dog", "under 60 %"),
        ("dog<=60", "Dog", "up to 60 %"),
        ("dog:60..90", "Dog", "60 to 90 %"),
        ("-person", "not Person", ""),
        ("dog|cat", "Dog or Cat", ""),
        ("dog>90|cat", "Dog over 90 % or Cat", ""),
        ('"hot dog"', "Hot dog", ""),
        ("dog*", "Dog…", ""),
        ("is:pending", "Waiting to be tagged", ""),
        ("-is:failed", "not Failed", ""),
        ("name:img_20*", "named img_20*", ""),
        ("in:2026/11", "in 2026/11", ""),
        ("type:heic", "HEIC", ""),
        ("color:blue", "colour blue", ""),
        ("after:2026-01-01", "since 1 January 2026", ""),
        ("before:2026-02", "before 1 February 2026", ""),
    ],
)
def test_a_clause_reads_like_a_sentence(text: str, phrase: str, bound: str) -> None:
    found = clause_phrase(parse(text).clauses[0])
    assert [part.replace("\u00a0", " ") for part in found] == [phrase, bound]
