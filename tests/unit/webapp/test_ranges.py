"""Parts and conditions as RFC 9110 has them."""

import pytest

from webapp import ranges

ETAG = '"abc"'


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=2-", (2, 10)),
        ("bytes=2-99", (2, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-99", (0, 10)),
        ("bytes=9-9", (9, 10)),
        ("bytes=5-2", None),
        ("bytes=0-1,3-4", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("lines=0-1", None),
        ("", None),
    ],
)
def test_part(asked: str, part: tuple[int, int] | None) -> None:
    assert ranges.part({"range": asked}, ETAG, 10) == part


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=10-12", "bytes=-0"])
def test_beyond_the_end(asked: str) -> None:
    with pytest.raises(ranges.UnsatisfiableRangeError):
        ranges.part({"range": asked}, ETAG, 10)


def test_part_of_another_version_is_all_of_this() -> None:
    assert ranges.part({"range": "bytes=0-1", "if-range": '"old"'}, ETAG, 10) is None
    assert ranges.part({"range": "bytes=0-1", "if-range": ETAG}, ETAG, 10) == (0, 2)


@pytest.mark.parametrize(
    ("given", "fresh"),
    [('"abc"', True), ('W/"abc"', True), ('"x", "abc"', True), ("*", True), ('"x"', False)],
)
def test_known_copy(given: str, fresh: bool) -> None:
    assert ranges.is_fresh({"if-none-match": given}, ETAG) is fresh


def test_no_condition() -> None:
    assert not ranges.is_fresh({}, ETAG)
