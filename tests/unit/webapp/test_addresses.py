"""Addresses of searches: what stands in them, and where they lead on to."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import SearchSyntaxError
from catalog.query import parse
from webapp.addresses import SORTS, Address

TEXTS = ["", "dog", "  dog ", "dog>=80 -cat", '"hot dog"|"a+b & c"', "50%|é", "is:edited"]


@given(
    text=st.sampled_from(TEXTS),
    clause=st.one_of(st.sampled_from(TEXTS[1:]), st.text(max_size=20)),
    low=st.one_of(st.none(), st.sampled_from([0.0, 62.5, 100.0])),
    sort=st.sampled_from(list(SORTS)),
)
def test_one_more_clause_is_the_search_with_it(
    text: str, clause: str, low: float | None, sort: str
) -> None:
    try:
        parse(clause)
    except SearchSyntaxError:
        return
    address = Address(parse(text), low, sort)
    assert address.with_text(clause) == address.gallery(parse(text).with_clause(clause))


@pytest.mark.parametrize("text", TEXTS)
def test_the_text_comes_back_as_it_was(text: str) -> None:
    asked = dict(parse_qsl(urlsplit(Address(parse(text), 62.5, "name").gallery()).query))
    assert asked == {"q": text, "min": "62.5", "sort": "name"} if text else "q" not in asked
