"""Which files are offered as pictures."""

import pytest

from webapp.picture_types import extension, normal_type, picture_type


@pytest.mark.parametrize(
    ("name", "declared", "expected"),
    [
        ("dog.jpg", "image/jpeg", ("image/jpeg", "jpg")),
        ("DOG.JPEG", "", ("image/jpeg", "jpeg")),
        ("dog.jpg", "image/jpg", ("image/jpeg", "jpg")),
        ("dog.jpg", "IMAGE/JPEG; charset=binary", ("image/jpeg", "jpg")),
        ("dog.heic", "", ("image/heic", "heic")),
        ("dog.heic", "application/octet-stream", ("image/heic", "heic")),
        ("dog", "image/png", ("image/png", "png")),
        ("Screenshot 12.30.15", "image/png", ("image/png", "png")),
        ("No. 5 in Rome", "image/webp", ("image/webp", "webp")),
        ("dog.png", "image/jpeg", ("image/jpeg", "png")),
        (".jpg", "image/jpeg", ("image/jpeg", "jpg")),
        ("notes.txt", "text/plain", None),
        ("notes.txt", "image/jpeg", None),
        ("notes.txt", "", None),
        ("dog.jpg", "text/html", None),
        ("drawing.svg", "image/svg+xml", None),
        ("drawing.jpg", "image/svg+xml", None),
        ("dog", "", None),
        ("", "", None),
        ("page.html.jpg", "text/html", None),
    ],
)
def test_picture_type(name: str, declared: str, expected: tuple[str, str] | None) -> None:
    assert picture_type(name, declared) == expected


def test_extension_of_paths() -> None:
    assert extension("..\\..\\dog.JPG") == "jpg"
    assert extension("a.jpg/..") == ""


def test_types_that_tell_nothing() -> None:
    assert normal_type(" application/octet-stream ") == ""
