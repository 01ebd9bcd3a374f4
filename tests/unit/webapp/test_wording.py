"""Numbers, sizes and dates as people read them."""

from datetime import date

import pytest

from webapp.wording import day, file_size, parse_day, percent, pictures, wall_time


@pytest.mark.parametrize(
    ("confidence", "text"),
    [(98.31, "98 %"), (69.99, "69 %"), (100, "100 %"), (0.4, "under 1 %"), (0, "0 %")],
)
def test_a_confidence_never_looks_surer_than_it_is(confidence: float, text: str) -> None:
    assert percent(confidence).replace("\u00a0", " ") == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (482_113, "482 KB"),
        (3_400_000, "3.4 MB"),
        (999_600, "1.0 MB"),
        (52_428_800, "52 MB"),
        (None, ""),
    ],
)
def test_a_size_is_short(size: int | None, text: str) -> None:
    assert file_size(size) == text.replace(" ", "\u00a0")


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (date(2026, 11, 22), "Today"),
        (date(2026, 11, 21), "Yesterday"),
        (date(2026, 11, 14), "Saturday 14 November"),
        (date(2025, 3, 1), "Saturday 1 March 2025"),
    ],
)
def test_a_day_is_a_heading(moment: date, text: str) -> None:
    assert day(moment, date(2026, 11, 22)) == text


def test_one_picture_is_not_pictures() -> None:
    assert [pictures(number) for number in (0, 1, 1284)] == [
        "0 pictures",
        "1 picture",
        "1,284 pictures",
    ]


def test_what_is_no_time_is_shown_as_it_is() -> None:
    assert wall_time("2026-11-21T09:12:03") == "Saturday 21 November 2026, 09:12"
    assert wall_time("last summer") == "last summer"
    assert parse_day("last summer") is None
