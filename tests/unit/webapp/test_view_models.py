"""What the gallery's regions compute, without a server and without a catalog."""

from urllib.parse import parse_qs, urlsplit

import pytest

from catalog.records import ImageRecord, LabelCount, Page
from tests.view_records import TODAY, Urls, picture, search
from webapp.addresses import Address
from webapp.filter_view import FilterBar
from webapp.rendering import StyleSheet
from webapp.view_models import Facets, Mistake, Results


def results(address: Address, *records: ImageRecord, following: str | None = None) -> Results:
    page = Page(list(records), following, len(records))
    return Results.of(address, page, Urls(), StyleSheet(), TODAY)


def asked(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_a_label_is_added_then_excluded_then_cleared() -> None:
    counts = [LabelCount("Hot Dog", 12, "Food")]
    text = ""
    seen = []
    for _ in range(3):
        facets = Facets.of(search(text), counts, StyleSheet(), limit=40, total=12)
        [facet] = [each for group in facets.groups for each in group.facets]
        seen.append(facet.state)
        text = asked(facet.url).get("q", "")
    assert seen == ["", "on", "not"]
    assert text == ""


def test_labels_are_grouped_by_category_and_an_excluded_one_stays_in_sight() -> None:
    counts = [
        LabelCount("Dog", 9, "Animals"),
        LabelCount("Rex", 2),
        LabelCount("Cat", 1, "Animals"),
    ]
    facets = Facets.of(search("-person dog"), counts, StyleSheet(), limit=40, total=9)
    found = {group.title: [each.name for each in group.facets] for group in facets.groups}
    assert found == {"In this search": ["Person"], "Animals": ["Dog", "Cat"], "Other": ["Rex"]}


def test_every_link_keeps_slider_and_order() -> None:
    address = search("dog beach", 62.5, "oldest")
    bar = FilterBar.of(address, Page([], None, 0), [0] * 20)
    assert asked(bar.chips[0].remove_url) == {"q": "beach", "min": "62.5", "sort": "oldest"}
    assert asked(bar.clear_url) == {"min": "62.5", "sort": "oldest"}
    assert asked(bar.reset_url) == {"q": "dog beach", "sort": "oldest"}


def test_the_slider_rests_at_seventy_and_sends_nothing_until_it_is_moved() -> None:
    resting = FilterBar.of(search("dog"), Page([], None, 0), [1] * 20)
    assert (resting.min_value, resting.threshold, resting.reset_url) == ("", 70, "")
    assert [bar.low for bar in resting.bars if bar.inside] == [70, 75, 80, 85, 90, 95]
    moved = FilterBar.of(search("dog", 0), Page([], None, 0), [1] * 20)
    assert (moved.min_value, moved.threshold) == ("0", 0)


def test_a_count_that_is_not_exact_says_about() -> None:
    bar = FilterBar.of(search(), Page([], None, 1284, total_is_exact=False), [])
    assert bar.count == "about 1,284 pictures"


def test_a_tile_shows_the_surest_labels_that_the_slider_lets_through() -> None:
    [section] = results(search(), picture()).sections
    assert [name for name, _ in section.tiles[0].labels] == ["Dog", "Beach", "Sand"]
    [section] = results(search("", 95), picture()).sections
    assert [name for name, _ in section.tiles[0].labels] == ["Dog"]


def test_a_tile_shows_the_most_telling_labels() -> None:
    seen = [("Animal", 95.0), ("Cat", 93.0), ("Pet", 90.0), ("Egyptian Cat", 51.0)]
    record = picture(labels=seen, implied={"Animal": 93.0, "Cat": 51.0})
    [section] = results(search(), record).sections
    assert [name for name, _ in section.tiles[0].labels] == ["Cat", "Pet"]
    [section] = results(search("", 50), record).sections
    assert [name for name, _ in section.tiles[0].labels] == ["Cat", "Pet", "Egyptian Cat"]
    # Two that imply each other, as another tool may write it, are still shown.
    circle = picture(labels=seen[:2], implied={"Animal": 93.0, "Cat": 95.0})
    [section] = results(search(), circle).sections
    assert [name for name, _ in section.tiles[0].labels] == ["Animal", "Cat"]


def test_pending_and_failed_tiles_have_room_and_reason() -> None:
    waiting = picture("a.jpg", status="pending", width=None, height=None, thumbnails=[], color="")
    failed = picture("b.jpg", status="failed", error_message="It ends in the middle.")
    found = results(search(), waiting, failed)
    tiles = found.sections[0].tiles
    assert found.waiting == 1
    assert (tiles[0].source, tiles[0].status) == ("", "pending")
    assert tiles[1].reason == "It ends in the middle."


@pytest.mark.parametrize(
    ("days", "headings"),
    [
        ([0] * 3, ["Today"]),
        ([0] * 6 + [1] * 6, ["Today", "Yesterday"]),
        ([day * 4 for day in range(15)], ["November 2026", "October 2026", "September 2026"]),
        ([day * 70 for day in range(10)], ["2026", "2025"]),
        ([day * 400 for day in range(4)], [""]),
    ],
)
def test_headings_are_as_fine_as_the_pictures_allow(days: list[int], headings: list[str]) -> None:
    records = [picture(f"{index}.jpg", ago) for index, ago in enumerate(days)]
    found = results(search(), *records)
    assert [section.heading for section in found.sections] == headings
    assert sum(len(section.tiles) for section in found.sections) == len(days)


def test_there_are_no_dates_in_an_order_that_is_not_by_date() -> None:
    found = results(search(sort="name"), picture("a.jpg", 0), picture("b.jpg", 9))
    assert [section.heading for section in found.sections] == [""]


def test_pictures_without_a_date_of_their_own_come_under_one_heading() -> None:
    records = [picture(f"{index}.jpg") for index in range(5)]
    found = results(search(sort="taken"), *records)
    assert [section.heading for section in found.sections] == ["No date"]


def test_only_numbers_and_colours_reach_the_style_sheet() -> None:
    style = StyleSheet()
    style.add(".a", r=4 / 3, c="#a1b2c3")
    style.add(".b", c="red}body{display:none")
    style.add(".c", c="</style><script>alert(1)</script>", p=0.5)
    assert style.__html__() == ".a{--r:1.333;--c:#a1b2c3}\n.c{--p:0.5}"


def test_a_panorama_and_a_strip_keep_a_shape_that_can_be_seen() -> None:
    style = StyleSheet()
    panorama = picture("a.jpg", width=20000, height=1000)
    strip = picture("b.jpg", width=50, height=1000)
    Results.of(search(), Page([panorama, strip], None, 2), Urls(), style, TODAY)
    assert "--r:3.2" in style.__html__()
    assert "--r:0.5" in style.__html__()


def test_a_mistake_shows_the_place_it_means_also_in_a_long_text() -> None:
    mistake = Mistake.at("A sentence.", "a" * 100 + "!" + "b" * 100, 100)
    assert mistake.place == "!"
    assert mistake.before == "…" + "a" * 40
    assert mistake.after == "b" * 40 + "…"
    assert Mistake.at("A sentence.", "dog>", 4) == Mistake("A sentence.", "dog>", "", "")
