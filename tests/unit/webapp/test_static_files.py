"""The tree of static files and its hash."""

from pathlib import Path

from webapp.static_files import StaticTree


def tree(folder: Path, **files: str) -> StaticTree:
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    return StaticTree(folder)


def test_the_hash_follows_content_and_names(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    first = tree(tmp_path / "a", main_js="1")
    assert first.version == tree(tmp_path / "b", main_js="1").version
    assert first.version != tree(tmp_path / "c", main_js="2").version
    assert first.url("js/main.js") == f"/static/{first.version}/js/main.js"


def test_hidden_and_unknown_files_are_left_out(tmp_path: Path) -> None:
    (tmp_path / ".secret.js").write_text("1")
    (tmp_path / "notes.md").write_text("1")
    assert tree(tmp_path, main_js="1").read(".secret.js") is None
    assert tree(tmp_path).read("notes.md") is None


def test_outside_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "outside.js").write_text("1")
    assert tree(tmp_path / "inside", main_js="1").read("../outside.js") is None


def test_compressed_where_that_pays(tmp_path: Path) -> None:
    files = tree(tmp_path, big_css="a{}" * 1000, small_css="a{}", picture_png="x" * 1000)
    assert files.read_compressed("big.css") is not None
    assert files.read_compressed("small.css") is None
    assert files.read_compressed("picture.png") is None
    assert files.read_compressed("missing.css") is None
