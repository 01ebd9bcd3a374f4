import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tagger.recognizers.local.cache import cached_model, default_cache


class Builder:
    """Stands for building the model, which takes seconds; counts how often it was asked."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> bytes:
        self.calls += 1
        return b"a model" * 1000


@pytest.fixture
def build() -> Builder:
    return Builder()


def test_builds_once(tmp_path: Path, build: Builder) -> None:
    folder = tmp_path / "new" / "taglight"

    assert cached_model(folder, build) == cached_model(folder, build) == build()
    assert build.calls == 2  # one of them here
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("damage", [b"", b"short", b"x" * 8000])
def test_builds_a_damaged_one_anew(
    tmp_path: Path, build: Builder, caplog: pytest.LogCaptureFixture, damage: bytes
) -> None:
    cached_model(tmp_path, build)
    (path,) = tmp_path.iterdir()
    path.write_bytes(damage)

    with caplog.at_level(logging.WARNING):
        assert cached_model(tmp_path, build) == b"a model" * 1000

    assert "damaged" in caplog.text
    cached_model(tmp_path, build)
    assert build.calls == 2


def test_one_flipped_bit_is_damage(tmp_path: Path, build: Builder) -> None:
    cached_model(tmp_path, build)
    (path,) = tmp_path.iterdir()
    content = bytearray(path.read_bytes())
    content[-10] ^= 1
    path.write_bytes(content)

    assert cached_model(tmp_path, build) == b"a model" * 1000
    assert build.calls == 2


def test_works_where_nothing_can_be_kept(
    tmp_path: Path, build: Builder, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")  # a folder cannot be made below a file, whoever asks

    with caplog.at_level(logging.WARNING):
        assert cached_model(blocked / "taglight", build) == b"a model" * 1000

    assert "could not be kept" in caplog.text


def test_many_at_once_get_a_whole_model(tmp_path: Path, build: Builder) -> None:
    with ThreadPoolExecutor(8) as pool:
        models = list(pool.map(lambda _: cached_model(tmp_path, build), range(16)))

    assert set(models) == {b"a model" * 1000}
    assert len(list(tmp_path.iterdir())) == 1


def test_the_cache_is_where_the_user_keeps_caches(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache() == tmp_path / "taglight"

    for unusable in ("", "relative/path"):
        monkeypatch.setenv("XDG_CACHE_HOME", unusable)
        monkeypatch.setenv("HOME", "/home/someone")
        assert default_cache() == Path("/home/someone/.cache/taglight")
