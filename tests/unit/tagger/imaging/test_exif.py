"""What cameras write, and what they should not have written."""

import io

import pytest

from tagger.imaging import open_picture
from tagger.imaging.exif import camera_name, clean_date
from tests import pictures


@pytest.mark.parametrize("extension", ["jpg", "png", "webp", "avif", "tiff", "heic"])
def test_date_and_camera_are_read_from_every_format(extension: str) -> None:
    picture = open_picture(io.BytesIO(pictures.with_exif(extension=extension)))
    assert picture.taken_at == "2026-11-21T09:12:03"
    assert picture.camera == "Canon EOS R6"


def test_a_picture_without_exif_says_nothing() -> None:
    picture = open_picture(io.BytesIO(pictures.encode(pictures.asymmetric())))
    assert (picture.taken_at, picture.camera) == ("", "")


def test_damaged_exif_does_not_cost_the_picture() -> None:
    data = pictures.with_exif()
    at = data.index(b"Exif\x00\x00") + 6
    broken = data[:at] + b"MM\x00*\xff\xff\xff\xff" + data[at + 8 :]
    picture = open_picture(io.BytesIO(broken))
    assert (picture.width, picture.taken_at) == (120, "")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026:11:21 09:12:03", "2026-11-21T09:12:03"),
        ("2026-11-21T09:12:03+02:00", "2026-11-21T09:12:03"),
        ("2026:11:21 09:12:03\x00", "2026-11-21T09:12:03"),
        (b"2026:11:21 09:12:03", "2026-11-21T09:12:03"),
        ("0000:00:00 00:00:00", ""),
        ("1970:01:01 00:00:00", ""),
        ("1700:01:01 00:00:00", ""),
        ("9999:12:31 23:59:59", ""),
        ("2026:02:30 10:00:00", ""),
        ("2026:01:01 10:00:60", ""),
        ("    :  :     :  :  ", ""),
        ("yesterday", ""),
        (20261121, ""),
        (None, ""),
    ],
)
def test_dates_that_cannot_be_true_are_dropped(value: object, expected: str) -> None:
    assert clean_date(value) == expected


@pytest.mark.parametrize(
    ("make", "model", "expected"),
    [
        ("Canon", "Canon EOS R6", "Canon EOS R6"),
        ("NIKON CORPORATION", "NIKON D750", "NIKON D750"),
        ("Apple", "iPhone 15", "Apple iPhone 15"),
        ("Apple\x00\x00junk", "iPhone\x0715\n", "Apple iPhone 15"),
        (b"Sony", None, "Sony"),
        (None, "X100", "X100"),
        (None, None, ""),
        (7, ("a",), ""),
        ("\x00", "\x1b[31m", "[31m"),
        ("\u202eevil", "", "evil"),
        ("x" * 500, "y", "x" * 100),
    ],
)
def test_a_camera_is_named_in_sane_text(make: object, model: object, expected: str) -> None:
    assert camera_name(make, model) == expected
