"""The tree of static files and its hash."""

from pathlib import Path

from webapp.static_files import STATIC, StaticTree


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


def test_scripts_lose_their_comments_and_nothing_else(tmp_path: Path) -> None:
    source = """/** What it does. */
import { a } from "./a.js"; // not needed
const text = "// kept", more = `/* ${a} // kept */`, pattern = /\\/\\*[/*]/g;
export const done = async () => (await text) + more + pattern; // 1
"""
    small = tree(tmp_path, main_js=source).read("main.js")
    assert small is not None
    text = small.decode()
    assert all(part in text for part in ('"// kept"', "`/* ${a} // kept */`", "/\\/\\*[/*]/g"))
    assert "What it does" not in text and "not needed" not in text


def test_the_modules_behind_one_are_known_before_they_are_read(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/b.js").write_text('import { c } from "../c.js"; import "./d.js"; b();')
    (tmp_path / "deep/d.js").write_text('import "../main.js"; export { x } from "https://else";')
    files = tree(tmp_path, main_js='import "./deep/b.js"; import "./gone.js";', c_js="1")
    found = files.modules("main.js")
    assert sorted(found) == [files.url(path) for path in ("c.js", "deep/b.js", "deep/d.js")]


def test_what_a_page_fetches_stays_within_its_budget() -> None:
    files = StaticTree()
    assert files.modules("js/main.js") == []
    paths = ["js/main.js", "js/upload/hash-worker.js", "js/upload/digest.js"]
    whole = files.read("css/all.css") or b""
    for path in STATIC.glob("css/*.css"):
        assert path.read_bytes() in whole, f"{path.name} is not in css/all.css"
    assert sum(size(files, path) for path in paths) <= 30 * 1024
    assert size(files, "css/all.css") <= 12 * 1024


def size(files: StaticTree, path: str) -> int:
    """Return the bytes of a file as the browser gets it."""
    content = files.read(path)
    assert content is not None
    return len(files.read_compressed(path) or content)


def test_compressed_where_that_pays(tmp_path: Path) -> None:
    files = tree(tmp_path, big_css="a{}" * 1000, small_css="a{}", picture_png="x" * 1000)
    assert files.read_compressed("big.css") is not None
    assert files.read_compressed("small.css") is None
    assert files.read_compressed("picture.png") is None
    assert files.read_compressed("missing.css") is None
