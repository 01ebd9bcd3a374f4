"""The commands, as typed."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app

runner = CliRunner()


def test_help_names_the_commands() -> None:
    result = runner.invoke(app, ["--help"])
    assert result.exit_code == 0
    assert "pictures that tag themselves" in result.output
    for name in ("serve", "tag", "reindex", "export", "doctor"):
        assert name in result.output


def test_shows_its_version() -> None:
    result = runner.invoke(app, ["--version"])
    assert result.exit_code == 0
    assert result.output.startswith("taglight 0.")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["serve", "s3://bucket/folder"], "the whole bucket"),
        (["reindex", "s3://"], "the whole bucket"),
        (["serve", "--host", "0.0.0.0"], "--open-to-network"),  # noqa: S104
    ],
)
def test_an_error_is_a_sentence(arguments: list[str], sentence: str) -> None:
    result = runner.invoke(app, arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith("taglight: ")
    assert sentence in result.stderr
    assert "Traceback" not in result.output


def test_a_port_that_is_none_is_refused() -> None:
    assert runner.invoke(app, ["serve", "--port", "99999"]).exit_code == 2


def test_reindex_says_how_many(tmp_path: Path) -> None:
    (tmp_path / "uploads").mkdir()
    (tmp_path / "uploads/a.jpg").write_bytes(b"x")
    (tmp_path / "uploads/b.jpg").write_bytes(b"y")
    result = runner.invoke(app, ["reindex", str(tmp_path)])
    assert result.exit_code == 0
    assert "2 pictures" in result.stdout


def test_the_library_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGLIGHT_LIBRARY", str(tmp_path / "elsewhere"))
    assert runner.invoke(app, ["reindex"]).exit_code == 0
    assert (tmp_path / "elsewhere/uploads").is_dir()
