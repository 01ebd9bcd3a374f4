"""Mistakes in a search: the sentence, and a caret under the place."""

import pytest

from cli.mistakes import MistakeError, parse_query, pointed_at


def test_a_good_search_is_read() -> None:
    assert len(parse_query("dog>90 -person").clauses) == 2


def test_a_mistake_is_a_sentence_and_a_place() -> None:
    with pytest.raises(MistakeError) as caught:
        parse_query("dog cat>x")
    sentence, line, caret = str(caught.value).splitlines()
    assert sentence.endswith(".")
    assert line == "  dog cat>x"
    assert caret.index("^") == line.index("x")


@pytest.mark.parametrize(
    ("text", "position", "lines"),
    [
        ("abc", 3, ["  abc", "     ^"]),
        ("a\tb\nc", 4, ["  a b c", "      ^"]),
        ("猫 (x", 2, ["  猫 (x", "     ^"]),  # a character of two columns
    ],
)
def test_the_caret_stands_under_the_character(text: str, position: int, lines: list[str]) -> None:
    assert pointed_at(text, position).splitlines() == lines


def test_of_a_long_search_only_the_neighbourhood_is_shown() -> None:
    line, caret = pointed_at("x" * 5000 + "(" + "y" * 5000, 5000).splitlines()
    assert len(line) < 80
    assert line[caret.index("^")] == "("
    assert line.strip().startswith("…") and line.endswith("…")
