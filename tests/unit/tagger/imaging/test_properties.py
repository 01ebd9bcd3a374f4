"""Brightness, sharpness, contrast and colours: figures that mean what they say."""

import io

import pytest
from PIL import Image, ImageColor, ImageEnhance, ImageFilter

from catalog.query import COLORS
from tagger.imaging import image_properties, open_picture
from tagger.imaging.colors import css_name, simple_name
from tests import pictures


@pytest.fixture(scope="module")
def coffee() -> Image.Image:
    return open_picture(io.BytesIO(pictures.photograph("coffee"))).image


def test_black_and_white_are_the_ends_of_brightness() -> None:
    assert image_properties(Image.new("RGB", (50, 50))).brightness == 0
    assert image_properties(Image.new("RGB", (50, 50), "white")).brightness == 100


def test_a_flat_picture_has_neither_contrast_nor_sharpness() -> None:
    flat = image_properties(Image.new("RGB", (50, 50), "teal"))
    assert (flat.contrast, flat.sharpness) == (0, 0)
    assert [color.pixel_percent for color in flat.dominant_colors] == [100]


def test_blurring_lowers_sharpness(coffee: Image.Image) -> None:
    blurred = [coffee.filter(ImageFilter.GaussianBlur(radius)) for radius in (0, 1, 2, 4)]
    figures = [image_properties(image).sharpness for image in blurred]
    assert figures == sorted(figures, reverse=True)
    assert figures[0] > 2 * figures[2]


def test_contrast_follows_contrast_and_sharpness_does_not(coffee: Image.Image) -> None:
    soft = image_properties(ImageEnhance.Contrast(coffee).enhance(0.5))
    full = image_properties(coffee)
    assert soft.contrast < 0.6 * full.contrast
    assert abs(soft.sharpness - full.sharpness) < 8


def test_colours_of_a_photograph(coffee: Image.Image) -> None:
    colors = image_properties(coffee).dominant_colors
    assert len(colors) <= 12
    assert [c.pixel_percent for c in colors] == sorted(
        (c.pixel_percent for c in colors), reverse=True
    )
    assert sum(c.pixel_percent for c in colors) <= 100.1
    assert {c.simplified_color for c in colors} <= set(COLORS)
    assert {"brown", "black"} <= {c.simplified_color for c in colors[:4]}
    assert all(c.css_color in ImageColor.colormap for c in colors)
    assert all(len(c.hex_code) == 7 and c.hex_code.startswith("#") for c in colors)


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (2048, 1), (1, 2048), (3, 700)])
def test_any_shape_is_measured(size: tuple[int, int]) -> None:
    properties = image_properties(pictures.noise(*size))
    for figure in (properties.brightness, properties.sharpness, properties.contrast):
        assert 0 <= figure <= 100


@pytest.mark.parametrize(
    ("color", "name"),
    [
        ("#ff0000", "red"),
        ("#771519", "red"),
        ("#ff8800", "orange"),
        ("#d5633e", "orange"),
        ("#8b4513", "brown"),
        ("#6e4325", "brown"),
        ("#ffff00", "yellow"),
        ("#228b22", "green"),
        ("#00ffff", "cyan"),
        ("#0000ff", "blue"),
        ("#87ceeb", "blue"),
        ("#800080", "purple"),
        ("#ff69b4", "pink"),
        ("#ffc0cb", "pink"),
        ("#000000", "black"),
        ("#ffffff", "white"),
        ("#808080", "grey"),
        ("#c5bab6", "grey"),
    ],
)
def test_simple_names_are_what_people_say(color: str, name: str) -> None:
    assert simple_name(*ImageColor.getrgb(color)) == name


def test_every_colour_has_one_of_the_names_that_search_knows() -> None:
    steps = range(0, 256, 17)
    found = {simple_name(r, g, b) for r in steps for g in steps for b in steps}
    assert found == set(COLORS)


def test_css_names_are_the_nearest() -> None:
    assert css_name(255, 0, 0) == "red"
    assert css_name(1, 2, 130) == "navy"
