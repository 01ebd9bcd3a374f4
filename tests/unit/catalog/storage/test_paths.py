"""Which names are part of a library."""

import pytest

from catalog.errors import InvalidKeyError
from catalog.storage.paths import is_hidden, key_of, locate


@pytest.mark.parametrize("name", [".a", "THUMBS.DB", "Desktop.ini", "a.PART", ".taglight", "x.tmp"])
def test_hides_system_and_unfinished_files(name: str) -> None:
    assert is_hidden(name)


@pytest.mark.parametrize("name", ["a.jpg", "thumbs.db.jpg", "part", "a.b.c", "~a", "tmp"])
def test_shows_all_others(name: str) -> None:
    assert not is_hidden(name)


def test_a_folder_is_hidden_by_its_dot_alone() -> None:
    assert is_hidden(".git", folder=True)
    assert not is_hidden("trip.part", folder=True)


def test_keys_and_paths_are_told_from_each_other() -> None:
    assert locate("/library", "uploads/a/b") == "/library/uploads/a/b"
    assert key_of("/library", "/library/uploads/a/b") == "uploads/a/b"
    for path in ("/library", "/library/", "/library2/uploads/a", "/library/uploads/.a"):
        assert key_of("/library", path) is None
    with pytest.raises(InvalidKeyError):
        locate("/library", "uploads/../a")
