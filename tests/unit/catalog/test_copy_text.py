"""What COPY is sent reads, by PostgreSQL's rules, as the values it was made from."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.dialects import copy_text
from catalog.terms import clean

_ESCAPED = {"\\\\": "\\", "\\t": "\t", "\\n": "\n", "\\r": "\r"}
_VALUES = st.none() | st.integers() | st.text(max_size=8) | st.sampled_from(
    ["", "\\N", "\\", "\t", "a\nb", "\r\n", "\x00", "\x00N", "a\x00Eb", "\ud800", "ä\udfff\x00B"]
)  # fmt: skip


def read(text: str) -> list[list[str | None]]:
    """Read rows as the server does: columns end at tabs, \\N is NULL."""
    lines = text.split("\n")
    assert lines.pop() == ""
    return [
        [
            None if part == r"\N" else re.sub(r"\\.", lambda found: _ESCAPED[found[0]], part)
            for part in line.split("\t")
        ]
        for line in lines
    ]


def expected(value: Any) -> str | None:
    return value if value is None else clean(value) if isinstance(value, str) else repr(value)


@given(st.lists(st.tuples(_VALUES, _VALUES, _VALUES), max_size=4))
def test_every_value_arrives_as_it_is_stored(rows: list[tuple[Any, ...]]) -> None:
    assert read(copy_text.of_values(rows)) == [list(map(expected, row)) for row in rows]


@pytest.mark.parametrize("value", [0, -1, 0.1 + 0.2, 98.31, 1e-9])
def test_numbers_arrive_to_the_last_digit(value: float) -> None:
    ((found, again),) = read(copy_text.of_numbers([(value, value)]))
    assert found == again
    assert found is not None
    assert float(found) == value
