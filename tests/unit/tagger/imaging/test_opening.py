"""Every kind of picture that people drop, good and bad."""

import io
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from catalog.errors import StoreUnavailableError
from tagger.errors import PictureError
from tagger.imaging import Limits, Picture, open_picture
from tests import pictures

TOLERANCE = 12


def read(data: bytes, limits: Limits | None = None) -> Picture:
    return open_picture(io.BytesIO(data), limits or Limits())


def refused(data: bytes, limits: Limits | None = None) -> PictureError:
    with pytest.raises(PictureError) as caught:
        read(data, limits)
    return caught.value


def near(color: tuple[int, ...], expected: tuple[int, ...]) -> bool:
    return all(abs(a - b) <= TOLERANCE for a, b in zip(color, expected, strict=True))


def assert_upright(picture: Picture) -> None:
    assert (picture.width, picture.height) == picture.image.size == (120, 80)
    found = pictures.quarters(picture.image)
    assert all(near(found[place], color) for place, color in pictures.QUARTERS.items()), found


@pytest.mark.parametrize(("extension", "content_type"), pictures.FORMATS.items())
def test_every_format_is_read_by_its_content(extension: str, content_type: str) -> None:
    picture = read(pictures.encode(pictures.asymmetric(), extension))
    assert picture.content_type == content_type
    assert picture.image.mode == "RGB"
    assert_upright(picture)


@pytest.mark.parametrize("extension", ["jpg", "png", "webp", "avif", "tiff", "heic"])
@pytest.mark.parametrize("orientation", pictures.ORIENTATIONS)
def test_every_orientation_is_turned_upright(orientation: int, extension: str) -> None:
    assert_upright(read(pictures.oriented(orientation, extension)))


def test_a_rotated_large_jpeg_is_measured_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = read(pictures.encode(pictures.noise(4000, 3000), "jpg", exif=exif.tobytes()))
    assert (picture.width, picture.height) == (3000, 4000)
    assert picture.image.size == (1500, 2000)


def test_an_impossible_orientation_is_ignored() -> None:
    exif = Image.Exif()
    exif[0x0112] = 77
    assert_upright(read(pictures.encode(pictures.asymmetric(), "jpg", exif=exif.tobytes())))


def test_of_an_animation_the_first_frame_is_read() -> None:
    assert_upright(read(pictures.animated_gif()))


@pytest.mark.parametrize("profile", [None, pictures.swapped_profile(), b"no profile at all" * 20])
def test_cmyk_is_read_with_and_without_a_profile(profile: bytes | None) -> None:
    assert_upright(read(pictures.cmyk(profile)))


@pytest.mark.parametrize("extension", ["png", "tiff"])
def test_sixteen_bit_greys_keep_their_steps(extension: str) -> None:
    image = read(pictures.deep_grey(extension)).image
    steps = [image.getpixel((10 + 20 * band, 30)) for band in range(5)]
    assert steps == [(v, v, v) for v in (0, 64, 128, 192, 255)]


def test_sixteen_bit_colours_keep_their_steps() -> None:
    assert near(read(pictures.deep_color_png()).image.getpixel((5, 5)), (128, 64, 255))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0.0, 0.5, 1.0]], dtype=np.float32), [0, 128, 255]),
        (np.array([[-1.0, np.nan, 3.0]], dtype=np.float32), [0, 64, 255]),
        (np.array([[0, 100, 255]], dtype=np.int32), [0, 100, 255]),
        (np.array([[0, 32768, 65535]], dtype=np.int32), [0, 128, 255]),
    ],
)
def test_pixels_of_32_bits_are_scaled(values: np.ndarray, expected: list[int]) -> None:
    image = read(pictures.encode(Image.fromarray(values), "tiff")).image
    assert [image.getpixel((x, 0))[0] for x in range(3)] == expected


@pytest.mark.parametrize(
    ("data", "left"),
    [
        (pictures.palette_with_transparency(), (255, 0, 0)),
        (pictures.half_transparent("LA"), (0, 0, 0)),
        (pictures.half_transparent("RGBA"), (0, 0, 0)),
    ],
)
def test_what_is_transparent_lies_on_white(data: bytes, left: tuple[int, ...]) -> None:
    image = read(data).image
    assert image.getpixel((5, 10)) == left
    assert image.getpixel((35, 10)) == (255, 255, 255)


def test_one_bit_pictures_are_read() -> None:
    image = read(pictures.encode(Image.new("1", (30, 30), 1), "tiff")).image
    assert image.getpixel((3, 3)) == (255, 255, 255)


def test_a_colour_profile_is_applied() -> None:
    data = pictures.encode(pictures.asymmetric(), "jpg", icc_profile=pictures.swapped_profile())
    red, _, blue = read(data).image.getpixel((20, 20))
    assert (red < 60, blue > 180) == (True, True), "red and blue are exchanged by this profile"


def test_a_profile_of_another_kind_is_ignored() -> None:
    data = pictures.encode(pictures.asymmetric(), "png", icc_profile=pictures.lab_profile())
    assert_upright(read(data))


def test_lab_pixels_are_read() -> None:
    to_lab = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    assert_upright(read(pictures.encode(to_lab.apply(pictures.asymmetric()), "tiff")))


def test_of_several_pictures_in_a_jpeg_the_first_is_read_at_its_size() -> None:
    second = pictures.noise(4000, 3000, seed=2)
    data = io.BytesIO()
    pictures.noise(4000, 3000).save(data, "MPO", save_all=True, append_images=[second])
    picture = read(data.getvalue())
    assert (picture.content_type, picture.width, picture.height) == ("image/jpeg", 4000, 3000)
    assert picture.image.size == (2000, 1500)


def test_no_metadata_stays_on_the_working_image() -> None:
    image = read(pictures.with_exif()).image
    assert image.info == {}
    assert dict(image.getexif()) == {}


def test_sizes_are_the_originals_and_the_working_image_is_bounded() -> None:
    picture = read(pictures.encode(pictures.noise(3000, 2000), "jpg"))
    assert (picture.width, picture.height) == (3000, 2000)
    assert picture.image.size == (2048, 1365)


@pytest.mark.parametrize(
    ("size", "working"), [((20_000, 10), (2048, 1)), ((10, 20_000), (1, 2048)), ((1, 1), (1, 1))]
)
@pytest.mark.parametrize("extension", ["jpg", "png"])
def test_strips_and_single_pixels_are_read(
    size: tuple[int, int], working: tuple[int, int], extension: str
) -> None:
    picture = read(pictures.encode(pictures.noise(*size), extension))
    assert (picture.width, picture.height) == size
    assert max(abs(a - b) for a, b in zip(picture.image.size, working, strict=True)) <= 1


def test_a_polyglot_is_the_picture_that_it_begins_as() -> None:
    assert_upright(read(pictures.polyglot()))


@pytest.mark.parametrize(
    ("data", "code", "message"),
    [
        (b"", "empty", "This file is empty: it has no bytes at all."),
        (pictures.text(), "not_a_picture", "This file is not a picture: it holds text."),
        (
            "Grüße aus Zürich".encode("latin-1"),
            "not_a_picture",
            "This file is not a picture: it holds text.",
        ),
        (
            "words".encode("utf-16"),
            "not_a_picture",
            "This file is not a picture: it holds text.",
        ),
        (b"BM, said the text", "not_a_picture", "This file is not a picture: it holds text."),
        (pictures.html(), "not_a_picture", "This file is not a picture: it holds a web page."),
        (
            b"%PDF-1.7\n\x00",
            "not_a_picture",
            "This file is not a picture: it holds a PDF document.",
        ),
        (
            b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomavc1",
            "not_a_picture",
            "This file is not a picture: it holds a video.",
        ),
        (
            pictures.svg(),
            "unsupported",
            "SVG drawings cannot be read: only JPEG, PNG, WebP, GIF, AVIF, TIFF, BMP and HEIC can.",
        ),
        (
            bytes(1000),
            "not_a_picture",
            "This file is not a picture that can be read: "
            "it is none of JPEG, PNG, WebP, GIF, AVIF, TIFF, BMP and HEIC.",
        ),
    ],
)
def test_what_is_no_picture_is_refused_in_words(data: bytes, code: str, message: str) -> None:
    error = refused(data)
    assert (error.code, error.message) == (code, message)


@pytest.mark.parametrize("extension", pictures.FORMATS)
def test_a_truncated_picture_ends_in_the_middle(extension: str) -> None:
    error = refused(pictures.truncated(extension))
    assert error.code == "truncated"
    assert error.message == "Could not read this picture: it ends in the middle."


@pytest.mark.parametrize("extension", pictures.FORMATS)
@pytest.mark.parametrize("length", [20, 100])
def test_the_first_bytes_alone_end_in_the_middle(extension: str, length: int) -> None:
    data = pictures.encode(pictures.noise(300, 200), extension)[:length]
    assert refused(data).code == "truncated"


def test_a_hundred_byte_jpeg_ends_in_the_middle() -> None:
    assert refused(pictures.hundred_bytes()).code == "truncated"


def test_a_damaged_picture_is_told_from_a_truncated_one() -> None:
    data = bytearray(pictures.encode(pictures.noise(300, 200), "png"))
    data[2000:2100] = bytes(100)
    error = refused(bytes(data))
    assert error.code == "damaged"
    assert error.message == "Could not read this picture: it is damaged."


def test_a_decompression_bomb_is_refused_before_it_is_decoded() -> None:
    data = pictures.bomb()
    tracemalloc.start()
    error = refused(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert error.code == "too_many_pixels"
    assert error.message == (
        "This picture is too large: it has 400 megapixels, and at most 200 are read."
    )
    assert peak < 5_000_000


def test_a_format_that_must_be_decoded_whole_has_a_lower_limit() -> None:
    assert refused(pictures.bomb(16_000, 10_000)).message == (
        "This picture is too large: it has 160 megapixels, and at most 100 are read."
    )


def test_a_side_may_be_too_long() -> None:
    assert "one side has 70000 pixels" in refused(pictures.bomb(70_000, 2)).message


def test_a_file_of_too_many_bytes_is_not_opened() -> None:
    error = refused(pictures.with_exif(), Limits(max_bytes=100))
    assert error.code == "too_large"
    assert error.message.startswith("This file is too large: it has ")


def test_a_progressive_jpeg_of_a_thousand_layers_is_refused() -> None:
    data = pictures.encode(pictures.noise(64, 64), "jpg", progressive=True)
    at = data.rindex(b"\xff\xda")
    assert refused(data[:at] + data[at:-2] * 1000 + data[-2:]).code == "damaged"


def test_a_disk_that_fails_is_no_fault_of_the_picture() -> None:
    class FailingDisk(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 2000:
                raise OSError(5, "Input/output error")
            return super().read(size)

    with pytest.raises(StoreUnavailableError):
        open_picture(FailingDisk(pictures.encode(pictures.noise(300, 200), "png")))


_GOOD = {
    extension: pictures.encode(pictures.asymmetric(), extension) for extension in pictures.FORMATS
}


@settings(max_examples=150, deadline=None)
@given(
    extension=st.sampled_from(sorted(_GOOD)),
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=30),
    keep=st.floats(0.05, 1),
)
def test_any_damage_ends_in_a_picture_or_a_sentence(
    extension: str, changes: list[tuple[float, int]], keep: float
) -> None:
    data = bytearray(_GOOD[extension])
    for place, value in changes:
        data[min(int(place * len(data)), len(data) - 1)] = value
    try:
        assert read(bytes(data[: int(keep * len(data))])).image.mode == "RGB"
    except PictureError as error:
        assert error.code
        assert error.message.endswith(".")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([b"", b"\xff\xd8\xff", b"II*\x00", b"RIFF"]))
def test_any_bytes_end_in_a_sentence(data: bytes, start: bytes) -> None:
    assert refused(start + data).message.endswith(".")
