"""A file's name can neither begin a log line of its own nor steer a terminal."""

import logging
import sys

from cli.logs import OneLine

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
