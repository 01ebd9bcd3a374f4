"""Log lines of the commands: one line is one line, whatever a file is called."""

import logging
import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class OneLine(logging.Formatter):
    """Writes control characters of a message as \\x0a; the lines of a traceback stay lines."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """Return the line, without what would begin another one or steer a terminal."""
        record.message = _CONTROL.sub(lambda c: f"\\x{ord(c[0]):02x}", record.message)
        return super().formatMessage(record)


def configure(form: str) -> None:
    """Write warnings to standard error in this form."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine(form))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
