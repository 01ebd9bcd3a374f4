"""`taglight doctor`: finds what does not fit, says what it means, and mends without loss."""

import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from catalog.database import Database
from catalog.library import Library
from cli.checkup import machine
from cli.doctor import doctor
from cli.home import open_home
from cli.main import app
from cli.tag import Options, tag
from tagger.recognizers.errors import RecognizerUnavailableError
from tests.fakes import ToldRecognizer
from tests.integration.cli.conftest import Folder
from tests.postgres import Cluster

runner = CliRunner()


@pytest.fixture
def library(folder: Folder) -> Folder:
    """A library in which all is well."""
    for name in ("a.png", "b/b.png", "c.png"):
        folder.add(name)
    tag(str(folder), Options(), ToldRecognizer())
    return folder


def looked_at(folder: Folder, *, fix: bool = False) -> int:
    return doctor(str(folder), fix=fix, recognizer=ToldRecognizer())


def everything(folder: Folder) -> dict[str, bytes]:
    """Return all files but our own, by path."""
    return {
        str(path.relative_to(folder.root)): path.read_bytes()
        for path in folder.root.rglob("*")
        if path.is_file() and ".taglight/" not in str(path)
    }


def test_all_is_well(library: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert looked_at(library) == 0
    out = capsys.readouterr().out
    assert "3 pictures" in out
    assert out.endswith("All is well.\n")
    assert "!!" not in out


def hurt_pictures(folder: Folder) -> None:
    folder.add("new.png")


def hurt_changed(folder: Folder) -> None:
    folder.add("a.png", folder.add("x.png").read_bytes())
    (folder.root / "uploads/x.png").unlink()


def hurt_unreadable(folder: Folder) -> None:
    folder.write_document("a.png", '{"Labels": [')


def hurt_documents(folder: Folder) -> None:
    folder.write_document("gone/one.png", ["Dog"])


def hurt_missing_thumbnails(folder: Folder) -> None:
    (folder.root / "thumbs/a.png/320.webp").unlink()


def hurt_lone_thumbnails(folder: Folder) -> None:
    (folder.root / "thumbs/gone.png").mkdir()
    (folder.root / "thumbs/gone.png/320.webp").write_bytes(b"small")


def hurt_temporary(folder: Folder) -> None:
    (folder.root / "uploads/.0123.taglight-tmp").write_bytes(b"half")


def hurt_rows(folder: Folder) -> None:
    for path in ("uploads/a.png", "metadata/a.png.json", "thumbs/a.png/320.webp"):
        (folder.root / path).unlink()
    shutil.rmtree(folder.root / "thumbs/a.png")


def hurt_catalog(folder: Folder) -> None:
    (folder.root / ".taglight/catalog.sqlite").write_bytes(b"noise" * 1000)


def hurt_no_catalog(folder: Folder) -> None:
    shutil.rmtree(folder.root / ".taglight")


def hurt_version(folder: Folder) -> None:
    with sqlite3.connect(folder.root / ".taglight/catalog.sqlite") as connection:
        connection.execute("UPDATE meta SET value = '0' WHERE name = 'schema_version'")
    connection.close()


def hurt_journal(folder: Folder) -> None:
    (folder.root / ".taglight/journal.sqlite").write_bytes(b"noise" * 1000)


def hurt_folders(folder: Folder) -> None:
    (folder.root / "trash").rmdir()


def hurt_secret(folder: Folder) -> None:
    secret = folder.root / ".taglight/secret"
    secret.write_text("of this library")
    secret.chmod(0o644)


HURTS = {
    hurt_pictures: "1 picture has no document",
    hurt_changed: "1 picture has changed",
    hurt_unreadable: "1 picture has a document that makes no sense",
    hurt_documents: "1 document has no picture",
    hurt_missing_thumbnails: "1 picture lacks a thumbnail",
    hurt_lone_thumbnails: "1 thumbnail has no picture",
    hurt_temporary: "1 temporary file is left",
    hurt_rows: "1 picture that is gone",
    hurt_catalog: "catalog.sqlite is damaged",
    hurt_no_catalog: "There is no catalog",
    hurt_version: "of another version",
    hurt_journal: "journal.sqlite, is damaged",
    hurt_folders: "Folders of the library are missing",
    hurt_secret: "Other users of this machine can read",
}


@pytest.mark.parametrize("hurt", HURTS, ids=lambda hurt: hurt.__name__)
def test_it_finds_says_and_mends(
    library: Folder, hurt: object, capsys: pytest.CaptureFixture[str]
) -> None:
    hurt(library)  # type: ignore[operator]
    before = everything(library)
    capsys.readouterr()
    assert looked_at(library) == 1
    out = capsys.readouterr().out
    assert HURTS[hurt] in out  # type: ignore[index]
    assert "What to do: " in out
    assert "doctor --fix mends" in out
    assert everything(library) == before  # looking changes nothing
    assert looked_at(library, fix=True) == 0
    out = capsys.readouterr().out
    assert "Mending:" in out
    assert out.endswith("All is well now.\n")
    assert looked_at(library) == 0
    kept = set(everything(library).values())
    for path, content in before.items():
        written_anew = path.startswith("metadata/") and hurt is hurt_changed
        if not path.startswith("thumbs/") and not path.endswith("-tmp") and not written_anew:
            assert content in kept, path


def test_mending_puts_away_what_has_no_picture(library: Folder) -> None:
    hurt_documents(library)
    hurt_lone_thumbnails(library)
    hurt_unreadable(library)
    assert looked_at(library, fix=True) == 0
    put_away = {path.partition("/")[2] for path in library.files("trash")}
    assert put_away == {
        "metadata/gone/one.png.json",
        "thumbs/gone.png/320.webp",
        "metadata/a.png.json",
    }
    assert library.labels("a.png") == ["Dog"]


def test_another_tools_document_is_no_illness_once_it_is_measured(folder: Folder) -> None:
    folder.add("a.png")
    folder.write_document("a.png", ["Poodle"])
    assert looked_at(folder, fix=True) == 0
    assert folder.labels("a.png") == ["Poodle"]
    assert looked_at(folder) == 0


def test_a_library_whose_pictures_are_on_a_missing_disk_is_left_alone(
    library: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(20):
        library.write_document(f"{number}.png", ["Dog"])
    shutil.rmtree(library.root / "uploads")
    (library.root / "uploads").mkdir()
    documents = library.files("metadata")
    assert looked_at(library, fix=True) == 1
    assert library.files("metadata") == documents
    assert "is a disk missing" in capsys.readouterr().out


def test_failed_pictures_are_no_illness(folder: Folder) -> None:
    folder.add("letter.jpg", b"no picture")
    tag(str(folder), Options(), ToldRecognizer())
    assert looked_at(folder) == 0


def test_a_shortened_key_is_no_illness(folder: Folder) -> None:
    folder.add("x" * 240 + ".png")
    folder.add("a/b.png")
    tag(str(folder), Options(), ToldRecognizer())
    assert looked_at(folder) == 0


def test_a_picture_in_the_trash_is_no_illness(library: Folder) -> None:
    home = open_home(str(library))
    Library(home.store, home.indexer, home.journal).delete("uploads/a.png")
    home.close()
    assert looked_at(library) == 0


def test_what_was_set_aside_is_told(library: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    (library.root / ".taglight/catalog.sqlite.damaged-20261128T000000Z").write_bytes(b"noise")
    assert looked_at(library) == 0
    assert "1 file was set aside as damaged" in capsys.readouterr().out


def test_no_folder_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor(str(tmp_path / "none"), fix=True, recognizer=ToldRecognizer()) == 1
    assert not (tmp_path / "none").exists()
    assert "is not there" in capsys.readouterr().out


def test_a_recogniser_that_does_not_work(
    library: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    recognizer = ToldRecognizer()

    def fail() -> None:
        raise RecognizerUnavailableError("The weights are damaged: install them again.")

    recognizer.before = fail
    assert doctor(str(library), fix=False, recognizer=recognizer) == 1
    assert "The weights are damaged" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "value"), [("MAX_LABELS", "many"), ("RECOGNIZER", "abacus")])
def test_settings_that_make_no_sense(
    library: Folder,
    name: str,
    value: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(name, value)
    assert looked_at(library) == 1
    assert name in capsys.readouterr().out


def test_little_space_is_said(tmp_path: Path) -> None:
    found = machine.check_folder(tmp_path, free=lambda _: 5 << 20)
    assert any("Only 5 MB are free" in finding.title for finding in found)


def test_the_command_with_the_real_recogniser(library: Folder) -> None:
    result = runner.invoke(app, ["doctor", str(library)])
    assert result.exit_code == 0, result.output
    assert "The recogniser works: local, efficientnet" in result.stdout
    assert runner.invoke(app, ["doctor", "s3://bucket/folder"]).exit_code == 2


# --- a catalog on a server ---


def test_looks_at_the_catalog_of_catalog_url(
    folder: Folder,
    postgres: Cluster,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CATALOG_URL", postgres.create("doctor"))
    folder.add("a.png")
    assert looked_at(folder) == 1
    assert "There is no catalog in the database yet." in capsys.readouterr().out
    tag(str(folder), Options(), ToldRecognizer())
    assert looked_at(folder) == 0
    assert not (folder.root / ".taglight" / "catalog.sqlite").exists()
    folder.add("b.png")
    assert looked_at(folder) == 1
    assert looked_at(folder, fix=True) == 0
    database = Database.open(os.environ["CATALOG_URL"])
    database.set_needs_reindex(True)
    database.close()
    capsys.readouterr()
    assert looked_at(folder) == 1
    assert "was not filled to its end" in capsys.readouterr().out
    assert looked_at(folder, fix=True) == 0


@pytest.mark.parametrize(
    "url",
    ["postgresql://taglight:secret@/name?host=/nowhere/at/all", "mysql://host/name", "no address"],
)
def test_says_that_a_server_does_not_answer(
    library: Folder, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = everything(library)
    monkeypatch.setenv("CATALOG_URL", url)
    capsys.readouterr()
    assert looked_at(library) == 1
    out = capsys.readouterr().out
    assert "cannot be looked at." in out
    assert "correct CATALOG_URL" in out
    assert "secret" not in out
    assert everything(library) == before
