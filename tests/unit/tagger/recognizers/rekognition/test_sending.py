"""What is sent to Rekognition, and where its boxes lie on the picture itself."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from catalog.document import BoundingBox
from tagger.recognizers.rekognition.sending import MAX_BYTES, MAX_SIDE, MIN_SIDE, prepare
from tests import pictures
from tests.fake_rekognition import FakeRekognition


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 3000), st.integers(1, 3000))
def test_any_size_is_taken_by_the_service(width: int, height: int) -> None:
    sent = prepare(Image.new("RGB", (width, height), "red"))
    FakeRekognition().detect_labels(
        Image={"Bytes": sent.data}, Features=["GENERAL_LABELS"], MinConfidence=30.0, MaxLabels=9
    )


def test_what_is_hard_to_pack_is_made_smaller_until_it_fits() -> None:
    image = pictures.noise(2048, 2048)
    loud = Image.effect_noise((2048, 2048), 120).convert("RGB")
    loud.putdata([(r, 255 - g, r ^ 85) for r, g, _ in loud.get_flattened_data()])
    for each in (image, loud):
        sent = prepare(each)
        assert len(sent.data) <= MAX_BYTES
        assert max(opened(sent.data).size) <= MAX_SIDE


def test_nothing_that_came_with_the_picture_is_sent() -> None:
    image = pictures.asymmetric(200, 200)
    image.info = {"exif": b"Exif\0\0GPS", "comment": b"at home", "icc_profile": b"profile"}
    sent = prepare(image)
    assert b"GPS" not in sent.data and b"at home" not in sent.data and b"profile" not in sent.data


def test_a_picture_of_the_right_size_is_sent_as_it_is() -> None:
    sent = prepare(pictures.asymmetric(300, 200))
    assert opened(sent.data).size == (300, 200)
    box = BoundingBox(0.1, 0.2, 0.3, 0.4)
    assert sent.back(box) is box


@pytest.mark.parametrize(("width", "height"), [(40, 160), (160, 40), (20, 10), (1, 1000), (79, 80)])
def test_a_small_picture_gets_a_border_and_boxes_come_back(width: int, height: int) -> None:
    sent = prepare(Image.new("RGB", (width, height), "red"))
    canvas = opened(sent.data)
    across, down = canvas.size
    assert (across, down) == (max(width, MIN_SIDE), max(height, MIN_SIDE))
    left, top = (across - width) // 2, (down - height) // 2
    whole = BoundingBox(left / across, top / down, width / across, height / down)
    back = sent.back(whole)
    assert back is not None
    assert (back.left, back.top, back.width, back.height) == pytest.approx((0, 0, 1, 1))
    # The upper left quarter of the picture, reaching far out into the border.
    corner = sent.back(
        BoundingBox(0, 0, (left + width / 2) / across, (top + height / 2) / down, {"Note": 1})
    )
    assert corner is not None and corner.extra == {"Note": 1}
    assert (corner.left, corner.top) == (0, 0)
    assert (corner.width, corner.height) == pytest.approx((0.5, 0.5))


def test_a_box_in_the_border_is_none_of_the_picture() -> None:
    sent = prepare(Image.new("RGB", (40, 100), "red"))
    assert sent.back(BoundingBox(0, 0, 0.2, 1)) is None
