"""Thumbnails: WebP, upright, without anything that the camera wrote."""

import io

import pytest
from PIL import Image

from tagger.imaging import RenderedThumbnail, make_thumbnails, open_picture
from tests import pictures


def render(data: bytes) -> list[RenderedThumbnail]:
    return make_thumbnails(open_picture(io.BytesIO(data)))


@pytest.mark.parametrize(
    ("size", "small", "large"),
    [
        ((3000, 2000), (320, 213), (1280, 853)),
        ((1500, 2000), (320, 427), (1280, 1707)),
        ((640, 480), (320, 240), (640, 480)),
        ((100, 50), (100, 50), (100, 50)),
        ((20_000, 10), (320, 1), (1280, 1)),
        ((10, 20_000), (1, 1280), (2, 2048)),
        ((1, 1), (1, 1), (1, 1)),
    ],
)
def test_widths_are_kept_and_nothing_is_enlarged(
    size: tuple[int, int], small: tuple[int, int], large: tuple[int, int]
) -> None:
    thumbnails = render(pictures.encode(pictures.noise(*size)))
    assert [item.nominal for item in thumbnails] == [320, 1280]
    assert [(item.width, item.height) for item in thumbnails] == [small, large]
    for item in thumbnails:
        assert Image.open(io.BytesIO(item.data)).size == (item.width, item.height)


def test_thumbnails_are_webp_without_metadata() -> None:
    for item in render(pictures.with_exif()):
        image = Image.open(io.BytesIO(item.data))
        assert image.format == "WEBP"
        assert dict(image.getexif()) == {}
        assert not {"exif", "xmp", "icc_profile"} & set(image.info)
        assert b"Canon" not in item.data


def test_thumbnails_are_upright() -> None:
    image = Image.open(io.BytesIO(render(pictures.oriented(7))[0].data)).convert("RGB")
    found = pictures.quarters(image)
    for place, color in pictures.QUARTERS.items():
        assert all(abs(a - b) < 20 for a, b in zip(found[place], color, strict=True)), place
