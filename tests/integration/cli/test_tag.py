"""`taglight tag`: a plan, then the work; stopped anywhere, it goes on; people's edits stay."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from typer.testing import CliRunner

from catalog.errors import StoreFullError
from catalog.indexer import Indexer
from catalog.library import Library
from cli.home import open_home
from cli.locks import LockedError, only_one
from cli.main import app
from cli.mistakes import MistakeError
from cli.tag import Options, tag
from cli.tagging import run as tagging_run
from tagger.errors import RecognitionError
from tagger.recognizers.errors import RecognizerUnavailableError
from tests.fakes import ToldRecognizer
from tests.integration.cli.conftest import Folder
from tests.integration.cli.test_serving import Serving, wait_for
from tests.pictures import photograph, text

runner = CliRunner()


def tagged(folder: Folder, recognizer: ToldRecognizer | None = None, **options: object) -> int:
    return tag(str(folder), Options(**options), recognizer or ToldRecognizer())  # type: ignore[arg-type]


def test_pictures_without_a_document_are_tagged(
    folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.png", "sub folder/b.png", "ü+%.png"):
        folder.add(name)
    recognizer = ToldRecognizer(Dog=97.5)
    assert tagged(folder, recognizer, jobs=2) == 0
    assert [folder.labels(name) for name in ("a.png", "sub folder/b.png", "ü+%.png")] == [
        ["Dog"]
    ] * 3
    assert recognizer.seen == 3
    out = capsys.readouterr().out
    assert "3  pictures" in out
    assert "3  without a document: will be tagged" in out
    assert "Recogniser calls to be made: 3 at most" in out
    assert "3 tagged, 0 failed." in out
    assert "/320.webp" in "".join(folder.files("thumbs"))


def test_the_second_run_has_nothing_to_do(folder: Folder) -> None:
    folder.add()
    recognizer = ToldRecognizer()
    assert tagged(folder, recognizer) == 0
    assert tagged(folder, recognizer) == 0
    assert recognizer.seen == 1


def test_a_dry_run_writes_no_document(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    folder.add()
    assert tagged(folder, dry_run=True) == 0
    assert folder.files("metadata") == set()
    out = capsys.readouterr().out
    assert "1  without a document" in out
    assert "nothing was tagged" in out


def test_what_cannot_be_read_is_named_and_makes_the_status_1(
    folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.add()
    folder.add("letter.jpg", text())
    assert tagged(folder) == 1
    out = capsys.readouterr().out
    assert "letter.jpg: This file is not a picture" in out
    assert "1 tagged, 1 failed." in out
    assert tagged(folder) == 0  # it has its answer; nothing new has failed
    assert "1  failed before" in capsys.readouterr().out


def test_the_plan_tells_what_is_no_picture_and_what_the_calls_cost(
    folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.png", "b.png", "no ending"):
        folder.add(name)
    folder.add("film.mov", b"\x00\x00\x00\x14ftypqt  not a picture")
    folder.add("letter.txt", text())
    assert tagged(folder, dry_run=True, price=1.5) == 0
    out = capsys.readouterr().out
    assert "5  without a document: will be tagged" in out
    assert "2  of these no pictures by their names: will be told why" in out
    assert "Recogniser calls to be made: 3 at most" in out
    assert "At 1.5 for a thousand calls that costs 0.00 at most." in out
    recognizer = ToldRecognizer()
    assert tagged(folder, recognizer, price=1000) == 1
    assert recognizer.seen == 3
    assert "At 1000 for a thousand calls that costs 3.00 at most." in capsys.readouterr().out
    assert tagged(folder) == 0
    out = capsys.readouterr().out
    assert "2  failed before" in out
    assert "2  of these no pictures, or of a format that is not read" in out


def test_only_what_the_search_finds_is_tagged(folder: Folder) -> None:
    folder.add("cats/a.png")
    folder.add("dogs/b.png")
    assert tagged(folder, query="in:cats") == 0
    assert folder.files("metadata") == {"cats/a.png.json"}


def test_retag_takes_what_another_model_or_other_settings_have_tagged(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.add()
    tagged(folder, ToldRecognizer(Wolf=80))
    same = ToldRecognizer(Wolf=80)
    assert tagged(folder, same, retag=True) == 0
    assert same.seen == 0
    assert "1  tagged by this recogniser with these settings: left" in capsys.readouterr().out
    newer = ToldRecognizer(Dog=95)
    newer.model_version = "fake 2"
    assert tagged(folder, newer, retag=True) == 0
    assert folder.labels() == ["Dog"]
    monkeypatch.setenv("MIN_CONFIDENCE", "96")
    assert tagged(folder, newer, retag=True) == 0
    assert folder.labels() == []


def test_force_tags_again_what_would_not_change(folder: Folder) -> None:
    folder.add()
    recognizer = ToldRecognizer()
    tagged(folder, recognizer)
    assert tagged(folder, recognizer, force=True) == 0
    assert recognizer.seen == 2


def test_peoples_edits_survive(folder: Folder) -> None:
    folder.add()
    tagged(folder, ToldRecognizer(Wolf=80, Animal=90))
    home = open_home(str(folder))
    library = Library(home.store, Indexer(home.store, home.database), home.journal)
    library.edit_labels("uploads/dog.png", ["Rex"], ["Wolf"], by="Ann")
    home.close()
    assert tagged(folder, ToldRecognizer(Wolf=99), force=True) == 0
    edits = folder.document()["Edits"]
    assert [edit["Name"] for edit in edits["Added"]] == ["Rex"]
    assert [edit["Name"] for edit in edits["Removed"]] == ["Wolf"]
    assert folder.document()["Labels"][0]["Confidence"] == 99


def test_another_tools_labels_are_kept_unless_forced(folder: Folder) -> None:
    folder.add()
    folder.write_document("dog.png", {"labels": [{"name": "Poodle", "confidence": 88}]})
    recognizer = ToldRecognizer(Dog=95)
    assert tagged(folder, recognizer) == 0
    assert folder.document()["Image"]["Width"] == 40
    assert tagged(folder, recognizer, retag=True) == 0
    assert (folder.labels(), recognizer.seen) == (["Poodle"], 0)
    assert tagged(folder, recognizer, force=True) == 0
    assert folder.labels() == ["Dog"]


def test_a_picture_that_was_replaced_is_tagged_again(folder: Folder) -> None:
    folder.add()
    tagged(folder, ToldRecognizer(Dog=95))
    folder.add("dog.png", photograph("chelsea"))
    assert tagged(folder, ToldRecognizer(Cat=95)) == 0
    assert folder.labels() == ["Cat"]


def test_what_failed_is_tried_again_only_with_retag(folder: Folder) -> None:
    folder.add()
    refusing = ToldRecognizer()

    def refuse() -> None:
        raise RecognitionError("refused", "The recogniser refuses this picture.")

    refusing.before = refuse
    assert tagged(folder, refusing) == 1
    assert tagged(folder) == 0
    assert folder.document()["Tagging"]["Status"] == "failed"
    assert tagged(folder, retag=True) == 0
    assert folder.document()["Tagging"]["Status"] == "tagged"


def test_the_rate_is_kept(folder: Folder) -> None:
    for number in range(4):
        folder.add(f"{number}.png")
    began = time.monotonic()
    assert tagged(folder, jobs=4, rate=600) == 0
    assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_in_order_and_the_next_run_goes_on(
    folder: Folder, number: int, capfd: pytest.CaptureFixture[str]
) -> None:
    for each in range(6):
        folder.add(f"{each}.png")
    recognizer = ToldRecognizer()

    def interrupt() -> None:
        if recognizer.seen == 3:
            os.kill(os.getpid(), number)
            time.sleep(0.05)  # the main thread takes the signal

    recognizer.before = interrupt
    assert tagged(folder, recognizer) == 130
    out, err = capfd.readouterr()
    assert "goes on where this ended" in out
    assert "3 left" in out
    assert "Stopping after the pictures at hand" in err
    assert len(folder.files("metadata")) == 3
    recognizer.before = None
    assert tagged(folder, recognizer) == 0
    assert recognizer.seen == 6


@pytest.mark.parametrize(
    "error", [RecognizerUnavailableError("Install it."), StoreFullError("The disk is full.")]
)
def test_trouble_that_stays_ends_the_run_with_its_sentence(
    folder: Folder, error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    for each in range(5):
        folder.add(f"{each}.png")
    recognizer = ToldRecognizer()

    def fail() -> None:
        raise error

    recognizer.before = fail
    assert tagged(folder, recognizer) == 1
    said = capsys.readouterr()
    assert str(error) in said.err
    assert "0 tagged, 0 failed, 5 left." in said.out
    assert recognizer.seen == 1


def test_a_picture_that_hangs_is_left_behind(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tagging_run, "LONGEST_SECONDS", 3.0)
    for each in range(4):
        folder.add(f"{each}.png")
    released = threading.Event()
    recognizer = ToldRecognizer()

    def hang() -> None:
        if recognizer.seen == 2:
            released.wait(60)

    recognizer.before = hang
    assert tagged(folder, recognizer) == 1
    released.set()
    out = capsys.readouterr().out
    assert "3 tagged, 1 failed." in out
    assert "took longer than" in out


KILLED = """
import os, sys
from cli.tag import Options, tag
from tests.fakes import ToldRecognizer

class Deadly(ToldRecognizer):
    def recognize(self, image, **how):
        if image.width == 451:
            os.kill(os.getpid(), 9)
        return super().recognize(image, **how)

sys.exit(tag(sys.argv[1], Options(force="--force" in sys.argv), Deadly()))
"""


def killed(folder: Folder) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", KILLED, str(folder)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_picture_that_ends_the_process_is_given_up_and_all_others_are_tagged(
    folder: Folder,
) -> None:
    folder.add("killer.png", photograph("chelsea"))  # 451 pixels wide
    for each in range(3):
        folder.add(f"{each}.png")
    assert killed(folder).returncode == -signal.SIGKILL
    assert killed(folder).returncode == -signal.SIGKILL
    last = killed(folder)
    assert last.returncode == 0, last.stdout + last.stderr
    assert folder.document("killer.png")["Tagging"]["Error"]["Code"] == "gave_up"
    assert all(folder.labels(f"{each}.png") == ["Dog"] for each in range(3))


def test_two_at_once_on_one_library_are_refused(folder: Folder) -> None:
    folder.add()
    with (
        only_one(folder.root / ".taglight/tag.lock", ""),
        pytest.raises(LockedError, match="let it end first"),
    ):
        tagged(folder)
    assert tagged(folder) == 0


@pytest.mark.parametrize("what", ["nowhere", "no library"])
def test_a_folder_that_is_no_library_stays_as_it_is(folder: Folder, what: str) -> None:
    target = folder.root.with_name(what)
    if what == "no library":
        target.mkdir()
    with pytest.raises(MistakeError):
        tag(str(target), Options(), ToldRecognizer())
    assert not target.exists() or not list(target.iterdir())


def test_a_mistake_in_the_search_is_pointed_at(folder: Folder) -> None:
    result = runner.invoke(app, ["tag", str(folder), "--query", 'dog "hot'])
    assert result.exit_code == 2
    assert result.stderr == 'taglight: This quote is not closed.\n  dog "hot\n      ^\n'


@pytest.mark.parametrize(
    "arguments", [["--jobs", "0"], ["--rate", "0"], ["--rate", "fast"], ["--nonsense"]]
)
def test_a_mistake_in_an_option_ends_with_2(folder: Folder, arguments: list[str]) -> None:
    assert runner.invoke(app, ["tag", str(folder), *arguments]).exit_code == 2


def test_a_wrong_setting_ends_with_2(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIN_CONFIDENCE", "lots")
    result = runner.invoke(app, ["tag", str(folder)])
    assert result.exit_code == 2
    assert "MIN_CONFIDENCE" in result.stderr


def test_the_real_recogniser_in_a_real_process(folder: Folder) -> None:
    folder.add("my cat.png", photograph("chelsea"))
    result = subprocess.run(
        [sys.executable, "-m", "cli.main", "tag", str(folder)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "Cat" in folder.labels("my cat.png")
    assert result.stderr == ""
    assert "\x1b" not in result.stdout


def test_it_works_beside_a_running_server(folder: Folder) -> None:
    serving = Serving(folder.root)
    try:
        wait_for(serving.worker)
        for name in ("chelsea", "coffee", "rocket", "astronaut"):
            folder.add(f"{name}.png", photograph(name))
        result = subprocess.run(
            [sys.executable, "-m", "cli.main", "tag", str(folder)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        assert len(folder.files("metadata")) == 4
        assert "Cat" in serving.labels("uploads/chelsea.png")
        wait_for(lambda: serving.get("/api/images")["total"] == 4)
    finally:
        serving.end()
    assert "Traceback" not in serving.log.read_text()
