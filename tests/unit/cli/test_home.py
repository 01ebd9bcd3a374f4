"""What is a library, and what is said of what is none."""

from pathlib import Path

import pytest

from catalog.errors import SettingsError, TaglightError
from catalog.settings import tagging_environment
from cli.home import LibraryError, library_folder, open_home


def test_a_home_folder_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert library_folder("~/Pictures") == tmp_path / "Pictures"


def test_a_relative_folder_is_from_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert library_folder("./library") == tmp_path / "library"


@pytest.mark.parametrize(
    ("library", "sentence"),
    [
        ("s3://bucket", "is a bucket"),
        ("", "Give the path"),
        ("a\x00b", "Give the path"),
        ("~nobody-of-this-name/x", "no such home folder"),
    ],
)
def test_says_what_is_no_library(library: str, sentence: str) -> None:
    with pytest.raises(LibraryError, match=sentence):
        library_folder(library)


def test_opening_makes_all_that_is_missing(tmp_path: Path) -> None:
    home = open_home(str(tmp_path / "new" / "library"))
    names = {path.name for path in home.store.root.iterdir()}
    assert names == {"uploads", "metadata", "thumbs", "trash", ".taglight"}
    home.store.check()
    home.database.check()
    home.close()


def test_a_file_is_no_library(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(TaglightError, match="a library is a folder"):
        open_home(str(tmp_path / "file"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MIN_CONFIDENCE", "101"),
        ("MIN_CONFIDENCE", "much"),
        ("MAX_LABELS", "0"),
        ("RECOGNIZER", "magic"),
    ],
)
def test_a_wrong_setting_is_named_with_the_cure(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name) as caught:
        tagging_environment()
    assert value in str(caught.value)
    assert "unset it" in str(caught.value)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MIN_CONFIDENCE", "MAX_LABELS", "RECOGNIZER"):
        monkeypatch.delenv(name, raising=False)
    found = tagging_environment()
    assert (found.min_confidence, found.max_labels, found.recognizer) == (30.0, 100, "local")
    monkeypatch.setenv("MIN_CONFIDENCE", "12.5")
    assert tagging_environment().min_confidence == 12.5


def test_the_catalog_is_where_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CATALOG_URL", f"sqlite:///{tmp_path}/elsewhere/catalog.sqlite")
    open_home(str(tmp_path / "library")).close()
    assert (tmp_path / "elsewhere" / "catalog.sqlite").exists()
    assert not (tmp_path / "library" / ".taglight" / "catalog.sqlite").exists()


def test_an_address_of_no_catalog_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CATALOG_URL", "mysql://somewhere/catalog")
    with pytest.raises(TaglightError, match="no catalog for mysql"):
        open_home(str(tmp_path))
