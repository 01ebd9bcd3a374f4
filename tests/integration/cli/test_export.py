"""`taglight export`: all that is known of what a search finds, for spreadsheets and programs."""

import csv
import io
import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from benchmarks.libraries import documents
from catalog import writes
from catalog.csv_rows import csv_lines
from catalog.database import Database
from catalog.query import parse
from catalog.rows import document_row
from cli import step
from cli.main import app
from cli.step import selected
from cli.tag import Options, tag
from tests.fakes import ToldRecognizer
from tests.integration.cli.conftest import Folder
from tests.pictures import text

runner = CliRunner()
COLUMNS = (
    "id,key,name,status,error_code,error_message,content_type,size,width,height,uploaded_at,"
    "taken_at,camera,sha256,color,labels"
)


def exported(folder: Folder, form: str, *options: str) -> Result:
    return runner.invoke(app, ["export", str(folder), "--format", form, *options])


def rows(folder: Folder, *options: str) -> list[dict[str, str]]:
    result = exported(folder, "csv", *options)
    assert result.exit_code == 0, result.output
    return list(csv.DictReader(io.StringIO(result.stdout_bytes.decode(), newline="")))


def objects(folder: Folder, *options: str) -> list[dict[str, Any]]:
    result = exported(folder, "jsonl", *options)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout_bytes.decode().splitlines()]


def filled(folder: Folder, *paths: str, **labels: float) -> None:
    for path in paths:
        folder.add(path)
    tag(str(folder), Options(), ToldRecognizer(**labels or {"Dog": 97.5, "Animal": 60}))


def test_csv_has_its_columns_in_their_order(folder: Folder) -> None:
    filled(folder, "dog.png")
    result = exported(folder, "csv")
    assert result.stdout_bytes.decode().splitlines()[0] == COLUMNS
    (row,) = rows(folder)
    assert row["key"] == "uploads/dog.png"
    assert (row["status"], row["width"], row["height"]) == ("tagged", "40", "30")
    assert row["labels"] == "Dog 97.5; Animal 60"
    assert row["uploaded_at"].endswith("Z")


def test_an_empty_library_is_the_names_of_the_columns(folder: Folder) -> None:
    assert exported(folder, "csv").stdout == COLUMNS + "\n"
    assert exported(folder, "jsonl").stdout == ""


@pytest.mark.parametrize("name", ["=1+1.png", "+1.png", "-1.png", "@x.png", "\tx.png", "\rx.png"])
def test_no_cell_can_be_a_formula(folder: Folder, name: str) -> None:
    filled(folder, name)
    (row,) = rows(folder)
    assert row["name"] == "'" + name
    assert objects(folder)[0]["name"] == name


def test_labels_that_look_like_formulas_are_harmless_too(folder: Folder) -> None:
    filled(folder, "a.png", **{"=HYPERLINK(1)": 99})
    assert rows(folder)[0]["labels"] == "'=HYPERLINK(1) 99"


def test_names_of_every_script_commas_quotes_and_line_breaks_come_through(folder: Folder) -> None:
    names = {"ü 猫.png", 'a "b", c.png', "two\nlines.png"}
    filled(folder, *names)
    assert {row["name"] for row in rows(folder)} == names
    assert {each["name"] for each in objects(folder)} == names


def test_jsonl_tells_who_gave_a_label(folder: Folder) -> None:
    filled(folder, "dog.png")
    document = folder.document()
    document["Edits"] = {"Added": [{"Name": "Rex", "By": "Ann", "At": "2026-01-01T00:00:00Z"}]}
    folder.write_document("dog.png", document)
    (found,) = objects(folder)
    assert [(each["name"], each["confidence"], each["source"]) for each in found["labels"]] == [
        ("Rex", 100, "person"),
        ("Dog", 97.5, "recognizer"),
        ("Animal", 60, "recognizer"),
    ]
    assert (found["key"], found["status"], found["error"]) == ("uploads/dog.png", "tagged", None)
    assert "document" not in found


def test_failed_and_waiting_pictures_are_there_with_their_reason(folder: Folder) -> None:
    filled(folder, "dog.png")
    folder.add("letter.jpg", text())
    tag(str(folder), Options(), ToldRecognizer())
    folder.add("new.png")
    by_key = {row["key"]: row for row in rows(folder)}
    assert by_key["uploads/letter.jpg"]["error_code"] == "not_a_picture"
    assert by_key["uploads/new.png"]["status"] == "pending"
    assert {each["status"] for each in objects(folder)} == {"failed", "pending", "tagged"}


def test_the_search_and_the_slider(folder: Folder) -> None:
    filled(folder, "dogs/a.png")
    filled(folder, "cats/b.png", Cat=80, Animal=60)
    assert [row["key"] for row in rows(folder, "--query", "cat")] == ["uploads/cats/b.png"]
    assert rows(folder, "--query", "animal") == []
    assert len(rows(folder, "--query", "animal", "--min", "50")) == 2
    (row,) = rows(folder, "--query", "cat", "--min", "70")
    assert row["labels"] == "Cat 80"
    assert [each["name"] for each in objects(folder, "-q", "cat", "--min", "70")[0]["labels"]] == [
        "Cat"
    ]


def test_the_order(folder: Folder) -> None:
    filled(folder, "b.png", "a.png", "c.png")
    names = [row["name"] for row in rows(folder, "--sort", "name")]
    assert names == ["a.png", "b.png", "c.png"]


def test_pages_follow_each_other_without_gap_or_double(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, "_PAGE", 2)
    names = [f"{number}.png" for number in range(7)]
    for name in names:
        folder.add(name)
    for sort in ("newest", "oldest", "taken", "name", "confidence"):
        assert sorted(row["name"] for row in rows(folder, "--sort", sort)) == names


def test_any_number_takes_the_same_memory(tmp_path: Path) -> None:
    """`benchmarks.export` looks at 100,000."""
    most = []
    for count in (1500, 3500):  # a page at a time, of 500
        database = Database.open(f"sqlite:///{tmp_path}/{count}.sqlite")
        rows = [document_row(info, key, found, "e") for info, key, found in documents(count)]
        database.write(lambda connection, rows=rows: writes.put_images(connection, rows))
        del rows
        tracemalloc.start()
        lines = sum(1 for _ in csv_lines(selected(database, parse("")), None))
        most.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert lines == count + 1
        database.close()
    assert most[1] < 1.2 * most[0], most


def test_a_file_appears_when_it_is_whole(folder: Folder, tmp_path: Path) -> None:
    filled(folder, "dog.png")
    target = tmp_path / "out.csv"
    target.write_text("before")
    assert exported(folder, "csv", "--output", str(target)).exit_code == 0
    assert target.read_text().startswith(COLUMNS)
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--query", "cat>200"], "^"),
        (["--output", "/no/such/folder/x.csv"], "There is no folder"),
        (["--output", "{library}/uploads/x.csv"], "does not belong"),
        (["--format", "xml"], "xml"),
        (["--sort", "size"], "size"),
        (["--min", "101"], "--min"),
    ],
)
def test_mistakes_end_with_2(folder: Folder, options: list[str], sentence: str) -> None:
    given = [option.format(library=folder) for option in options]
    result = exported(folder, "csv", *given)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert folder.files("uploads") == set()


def test_a_reader_that_has_had_enough_ends_it_quietly(folder: Folder) -> None:
    many = "; ".join(f'{{"name": "Label {n}", "confidence": 90}}' for n in range(500))
    for number in range(40):
        folder.add(f"{number}.png")
        folder.write_document(f"{number}.png", f"[{many.replace(';', ',')}]")
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "export", str(folder), "--format", "jsonl"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writing)
    assert os.read(reading, 10)
    os.close(reading)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")


def test_a_full_disk_is_a_sentence(folder: Folder) -> None:
    folder.add()
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [sys.executable, "-m", "cli.main", "export", str(folder), "--format", "csv"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert result.returncode == 1
    assert result.stderr.startswith("taglight: The output cannot be written")
    assert "Traceback" not in result.stderr
