import numpy as np
import pytest
from PIL import Image

from tagger.recognizers.local.views import centre_views, crop_views, shrink, to_input


def colour(view: np.ndarray) -> tuple[int, ...]:
    """The colour in the middle of a view, as the picture had it."""
    return tuple(round(float(x) * 128 + 127) for x in view[0, :, 112, 112])


def test_input_is_planes_of_red_green_blue_around_zero() -> None:
    view = to_input(Image.new("RGB", (224, 224), (255, 127, 0)), 0, 0, 224)

    assert view.shape == (1, 3, 224, 224)
    assert view.dtype == np.float32
    assert view.flags.c_contiguous
    assert view[0, :, 0, 0].tolist() == [1.0, 0.0, -127 / 128]


def test_centre_views_show_the_middle() -> None:
    image = Image.new("RGB", (900, 300), "red")
    image.paste((0, 0, 255), (300, 0, 600, 300))

    views = list(centre_views(image))

    assert len(views) == 2
    for view in views:
        assert (view[0, 2] > 0.9).mean() > 0.98


def test_crops_show_the_corners() -> None:
    image = Image.new("RGB", (600, 500))
    corners = [(200, 0, 0), (0, 200, 0), (0, 0, 200), (200, 200, 0)]
    for n, corner in enumerate(corners):
        x, y = n % 2 * 300, n // 2 * 250
        image.paste(corner, (x, y, x + 300, y + 250))

    assert [colour(view) for view in crop_views(image)] == corners


def test_crops_of_a_strip_go_along_it() -> None:
    image = Image.new("RGB", (1200, 300))
    parts = [(200, 0, 0), (0, 200, 0), (0, 0, 200), (200, 200, 0)]
    for n, part in enumerate(parts):
        image.paste(part, (n * 300, 0, n * 300 + 300, 300))

    assert [colour(view) for view in crop_views(image)] == parts
    upright = image.transpose(Image.Transpose.ROTATE_270)
    assert [colour(view) for view in crop_views(upright)] == parts


@pytest.mark.parametrize("size", [(1, 1), (100, 100), (150, 180), (2048, 40)])
def test_a_picture_with_few_pixels_has_no_crops(size: tuple[int, int]) -> None:
    image = Image.new("RGB", size)

    assert list(crop_views(image)) == []
    assert len(list(centre_views(image))) == 2


@pytest.mark.parametrize("size", [(2048, 1536), (1365, 2048), (2048, 2048), (640, 480), (5, 9)])
def test_shrinking_leaves_pixels_for_the_crops(size: tuple[int, int]) -> None:
    small = shrink(Image.new("RGB", size))

    assert min(small.size) >= min(min(size), 330)
    assert small.width / small.height == pytest.approx(size[0] / size[1], rel=0.01)
