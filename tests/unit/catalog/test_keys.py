import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from catalog.errors import InvalidKeyError
from catalog.keys import (
    MAX_COMPONENT_BYTES,
    MAX_KEY_BYTES,
    MAX_STEM_BYTES,
    METADATA,
    THUMBNAIL_WIDTHS,
    UPLOADS,
    check_key,
    file_name,
    image_id,
    is_picture_key,
    is_plain_key,
    is_shortened,
    metadata_key,
    new_upload_key,
    picture_key,
    safe_stem,
    split_trash_key,
    thumbnail_key,
    thumbnail_prefix,
    trash_folder,
    trash_key,
    trash_time,
    upload_path,
)

NOW = datetime(2026, 11, 22, 16, 4, 56, tzinfo=UTC)
FOLDER = "trash/20261122T160456Z-0123abcd/"
HASH = "~" + "0a" * 16


def is_valid(key: str) -> bool:
    try:
        check_key(key)
    except InvalidKeyError:
        return False
    return True


COMPONENTS = st.one_of(
    st.text(min_size=1, max_size=12),
    st.sampled_from(
        [
            "a.jpg",
            "a.jpg.json",
            "320.webp",
            "x" + HASH,
            HASH,
            "é" * 127,
            "a" * 255,
            "b" * 250,
            "+%2F ",
        ]
    ),
)
PATHS = st.lists(COMPONENTS, min_size=1, max_size=7).map("/".join)
KEYS = PATHS.map(lambda path: UPLOADS + path).filter(is_valid)


def derived(key: str) -> list[str]:
    return [metadata_key(key), *(thumbnail_key(key, width) for width in THUMBNAIL_WIDTHS)]


def test_the_layout_of_the_bucket() -> None:
    key = "uploads/2026/11/cute dog+1.jpg"
    assert metadata_key(key) == "metadata/2026/11/cute dog+1.jpg.json"
    assert thumbnail_key(key, 320) == "thumbs/2026/11/cute dog+1.jpg/320.webp"
    assert thumbnail_prefix(key) == "thumbs/2026/11/cute dog+1.jpg/"
    assert trash_key(FOLDER, key) == FOLDER + key
    assert picture_key(metadata_key(key)) == key
    assert file_name(key) == "cute dog+1.jpg"
    assert upload_path(key) == "2026/11/cute dog+1.jpg"


@given(KEYS, KEYS)
def test_no_two_pictures_share_a_derived_key(one: str, other: str) -> None:
    assume(one != other)
    assert not set(derived(one)) & set(derived(other))
    assert image_id(one) != image_id(other)


@pytest.mark.parametrize("name", ["a" * 1016, "b" * 251, "x/" * 300 + "c" * 300])
def test_a_picture_named_like_a_shortened_key_gets_a_key_of_its_own(name: str) -> None:
    long = UPLOADS + name
    short = metadata_key(long)
    assert is_shortened(short.removesuffix(".json"))
    impostor = UPLOADS + short.removeprefix(METADATA).removesuffix(".json")
    assert metadata_key(impostor) != short
    assert picture_key(short) is None


@given(KEYS)
def test_every_derived_key_keeps_the_limits(key: str) -> None:
    for made in [*derived(key), trash_key(FOLDER, key), trash_key(FOLDER, metadata_key(key))]:
        check_key(made)
        assert len(made.encode()) <= MAX_KEY_BYTES
        assert len(file_name(made).encode()) <= MAX_COMPONENT_BYTES
    prefix = thumbnail_prefix(key)
    assert all(thumbnail_key(key, width).startswith(prefix) for width in (1, 320, 1280, 99999))


@given(KEYS)
def test_a_documents_key_leads_back_to_the_picture_or_nowhere(key: str) -> None:
    assert picture_key(metadata_key(key)) in (key, None)
    if len(key.encode()) < 1000 and len(file_name(key).encode()) <= 250 and "~" not in key:
        assert picture_key(metadata_key(key)) == key


@given(st.text(max_size=40).map(lambda path: METADATA + path))
def test_any_documents_key_leads_to_the_picture_whose_document_it_is(document_key: str) -> None:
    key = picture_key(document_key)
    assert key is None or metadata_key(key) == document_key


@pytest.mark.parametrize(
    "key",
    [
        "metadata/.json",
        "metadata/a.txt",
        "uploads/a.json",
        "metadata/a/.json",
        f"metadata/a{HASH}.json",
    ],
)
def test_what_is_no_documents_key_leads_nowhere(key: str) -> None:
    assert picture_key(key) is None


@given(KEYS)
def test_the_trash_leads_back_to_the_key(key: str) -> None:
    found = split_trash_key(trash_key(FOLDER, key))
    assert found is not None
    assert found[0] == FOLDER
    assert found[1] == key or is_shortened(found[1])


def test_a_folder_of_the_trash_tells_its_time() -> None:
    folder = trash_folder(NOW.astimezone(timezone(timedelta(hours=5))), "0123abcd")
    assert folder == FOLDER
    assert trash_time(folder) == NOW


@pytest.mark.parametrize(
    "key",
    [
        "uploads/a.jpg",
        "trash/a.jpg",
        "trash/20261122T160456Z-0123abcd/",
        "trash/20261122T160456Z-0123ABCD/uploads/a",
        "trash/20269922T160456Z-0123abcd/uploads/a",
    ],
)
def test_what_is_not_of_our_making_in_the_trash_is_left_alone(key: str) -> None:
    assert split_trash_key(key) is None


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("", "1 to 1024 bytes"),
        ("a" * 1025, "1 to 1024 bytes"),
        ("é" * 513, "1 to 1024 bytes"),
        ("uploads/a\x00b", "NUL"),
        ("uploads/../a", "empty parts"),
        ("/uploads/a", "empty parts"),
        ("uploads//a", "empty parts"),
        ("uploads/./a", "empty parts"),
        ("uploads/a/", "empty parts"),
        ("uploads/\ud800", "Unicode"),
    ],
)
def test_impossible_keys_are_refused_with_a_reason(key: str, said: str) -> None:
    with pytest.raises(InvalidKeyError) as caught:
        check_key(key)
    assert said in caught.value.reason


@pytest.mark.parametrize(
    "key", ["uploads/a", "uploads/a b+c%2F.jpg", "uploads/...", "uploads/a/b/ç.jpg", "a" * 1024]
)
def test_possible_keys_pass(key: str) -> None:
    check_key(key)


@pytest.mark.parametrize(
    "key", ["uploads/", "uploads/folder/", "metadata/a.json", "uploads", "", "x"]
)
def test_only_what_lies_under_uploads_is_a_picture(key: str) -> None:
    assert not is_picture_key(key)
    with pytest.raises(InvalidKeyError):
        metadata_key(key)


def test_an_id_is_short_safe_and_stable() -> None:
    assert re.fullmatch("[a-z2-7]{26}", image_id("uploads/ç d.jpg"))
    assert image_id("uploads/a.jpg") == "r7uij5djcufxqn4rwn4jx52uv4"


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("cute dog.jpg", "cute_dog"),
        ("IMG_2041.HEIC", "IMG_2041"),
        ("a+b%2Fc.jpg", "a_b_2Fc"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\cat.png", "cat"),
        ("Übung (2).jpeg", "Übung_(2)"),
        ("हिन्दी.jpg", "हिन्दी"),
        ("東京.webp", "東京"),
        ("🐶.jpg", "picture"),
        (".jpg", "jpg"),
        ("...", "picture"),
        ("", "picture"),
        ("a\x00b\u202e.jpg", "a_b"),
        ("archive.tar.gz", "archive.tar"),
    ],
)
def test_a_stem_is_safe_and_readable(name: str, stem: str) -> None:
    assert safe_stem(name) == stem


@given(st.text(max_size=300))
def test_any_name_gives_a_key_that_every_store_takes(name: str) -> None:
    stem = safe_stem(name)
    assert 0 < len(stem.encode()) <= MAX_STEM_BYTES
    assert not set(stem) & set("/\\ +%?#&\"'<>|*:\x00")
    key = new_upload_key(name, "ABCDEF0123456789", "jpg", NOW)
    check_key(key)
    assert key.startswith("uploads/2026/11/")
    assert key.endswith("-abcdef01.jpg")
    assert picture_key(metadata_key(key)) == key


def test_an_upload_is_filed_under_the_utc_month() -> None:
    late = datetime(2026, 12, 31, 23, 0, tzinfo=timezone(timedelta(hours=-2)))
    assert new_upload_key("a.jpg", "0" * 64, "jpg", late) == "uploads/2027/01/a-00000000.jpg"


@given(st.text("a./\x00é", max_size=6) | st.text("ab/", min_size=250, max_size=260))
def test_plain_keys_are_possible_and_nowhere_hidden(key: str) -> None:
    if is_plain_key(key):
        parts = key.split("/")
        assert all(part and not part.startswith(".") and "\x00" not in part for part in parts)
        assert 0 < len(key.encode()) <= MAX_COMPONENT_BYTES
