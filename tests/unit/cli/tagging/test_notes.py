"""Notes of pictures in work: they find out what ends the process."""

from pathlib import Path

from cli.tagging.notes import Notes

KEY = "uploads/ü/killer picture.png"


def test_a_picture_with_its_answer_leaves_no_note(tmp_path: Path) -> None:
    notes = Notes(tmp_path)
    notes.begin("0", KEY)
    notes.end("0", KEY)
    assert Notes(tmp_path).beginnings(KEY) == 0
    assert not list(tmp_path.iterdir())


def test_a_process_that_ends_is_remembered_and_counted(tmp_path: Path) -> None:
    for times in range(3):
        notes = Notes(tmp_path)
        assert notes.beginnings(KEY) == times
        notes.begin("0", KEY)
        notes.begin("1", "uploads/other.png")
        notes.end("1", "uploads/other.png")
    assert Notes(tmp_path).beginnings("uploads/other.png") == 0


def test_an_answer_at_last_clears_it(tmp_path: Path) -> None:
    Notes(tmp_path).begin("0", KEY)
    again = Notes(tmp_path)
    again.begin("5", KEY)
    again.end("5", KEY)
    assert Notes(tmp_path).beginnings(KEY) == 0


def test_noise_among_the_notes_is_no_matter(tmp_path: Path) -> None:
    (tmp_path / "1-0").write_bytes(b"\xff\xfe noise")
    (tmp_path / "1-1").write_text("many uploads/a.png")
    assert Notes(tmp_path).beginnings("uploads/a.png") == 0
    Notes(tmp_path / "not there")
