"""A file's name can neither begin a log line of its own nor steer a terminal."""

import json
import logging
import sys

import pytest

from catalog.errors import SettingsError
from catalog.journeys import about, name_picture, note
from catalog.keys import image_id
from cli import logs
from cli.logs import JsonLine, OneLine

FORMATTER = OneLine("%(levelname)s: %(message)s")


def line(message: str, *args: object, exc: bool = False) -> str:
    record = logging.LogRecord(
        "x", logging.WARNING, "x.py", 1, message, args, sys.exc_info() if exc else None
    )
    return FORMATTER.format(record)


def test_control_characters_are_written_out() -> None:
    said = line("Cannot read %s.", "a\nERROR: all is lost\r\x1b[2J\u2028b.jpg")
    assert said == "WARNING: Cannot read a\\x0aERROR: all is lost\\x0d\\x1b[2J\\x2028b.jpg."


def test_other_scripts_stay_readable() -> None:
    assert line("%s", "🐶 日本 é.jpg") == "WARNING: 🐶 日本 é.jpg"


def test_a_traceback_keeps_its_lines() -> None:
    try:
        raise ZeroDivisionError
    except ZeroDivisionError:
        assert line("It failed", exc=True).count("\n") >= 3


def test_a_line_names_the_picture_at_hand_and_no_other() -> None:
    record = logging.LogRecord("x", logging.WARNING, "x.py", 1, "Wait.", (), None)
    with about("uploads/a.png"):
        assert name_picture(record)
    assert FORMATTER.format(record) == f"WARNING: Wait. [picture {image_id('uploads/a.png')}]"
    after = logging.LogRecord("x", logging.WARNING, "x.py", 1, "Wait.", (), None)
    assert name_picture(after)
    assert FORMATTER.format(after) == "WARNING: Wait."


def test_a_step_is_an_object_on_one_line_with_the_id_and_no_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO, "catalog.journeys"):
        note("failed", "uploads/Anna\n.png", code="empty")
    (record,) = caplog.records
    written = JsonLine("worker").format(record)
    assert "\n" not in written
    line = json.loads(written)
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "INFO",
        "process": "worker",
        "logger": "catalog.journeys",
        "message": "Picture failed.",
        "picture": image_id("uploads/Anna\n.png"),
        "step": "failed",
        "code": "empty",
    }


def test_a_traceback_is_part_of_the_object() -> None:
    try:
        raise ZeroDivisionError
    except ZeroDivisionError:
        record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "It failed", (), sys.exc_info())
    assert "ZeroDivisionError" in json.loads(JsonLine("serve").format(record))["traceback"]


def test_a_form_that_there_is_not_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAGLIGHT_LOG_FORMAT", "xml")
    with pytest.raises(SettingsError, match="TAGLIGHT_LOG_FORMAT"):
        logs.configure("serve")
