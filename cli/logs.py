"""Log lines of the commands: one line is one line, whatever a file is called.

Each names the picture it is about, by the id that is in its address; as text, or as JSON.
"""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Literal

from pydantic import Field, ValidationError

from catalog.environment import Environment
from catalog.journeys import name_picture
from catalog.settings import settings_error

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# What every record has; the rest is what was given with the line.
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "picture"}


class LogEnvironment(Environment):
    """How `taglight serve` and its worker write their log."""

    form: Literal["text", "json"] = Field(
        default="text",
        validation_alias="TAGLIGHT_LOG_FORMAT",
        description="`text` for people, `json` for programs: an object a line.",
    )
    level: Literal["debug", "info", "warning", "error", ""] = Field(
        default="",
        validation_alias="TAGLIGHT_LOG_LEVEL",
        description="From which level on lines are written.",
    )


class OneLine(logging.Formatter):
    """Writes control characters of a message as \\x0a; the lines of a traceback stay lines."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """Return the line, without what would begin another one or steer a terminal."""
        record.message = _CONTROL.sub(lambda c: f"\\x{ord(c[0]):02x}", record.message)
        if picture := getattr(record, "picture", ""):
            record.message += f" [picture {picture}]"
        return super().formatMessage(record)


class JsonLine(logging.Formatter):
    """Writes a line as an object: time, level, process, logger, message, picture, and facts."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """Return the object on one line."""
        at = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, object] = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "process": self._process,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if picture := getattr(record, "picture", ""):
            line["picture"] = picture
        line |= {name: value for name, value in vars(record).items() if name not in _USUAL}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True, default=str)


def configure(process: Literal["serve", "worker"]) -> None:
    """Write the log to standard error as the environment says. Raises SettingsError."""
    try:
        environment = LogEnvironment()
    except ValidationError as error:
        raise settings_error(error) from error
    is_json = environment.form == "json"
    handler = logging.StreamHandler()
    handler.addFilter(name_picture)
    named = " worker" if process == "worker" else ""
    text = OneLine(f"%(levelname)s{named}: %(message)s")
    handler.setFormatter(JsonLine(process) if is_json else text)
    usual = "info" if is_json else "warning"
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    level = (environment.level or usual).upper()
    for name in ("catalog", "tagger", "webapp", "taglight", "cli"):
        logging.getLogger(name).setLevel(level)
    if process == "worker" and not environment.level:
        logging.getLogger("cli").setLevel(logging.INFO)  # what was found by comparing
