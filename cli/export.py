"""`taglight export`: a search as CSV or JSON lines, one picture at a time.

Pages are read by cursor, so any number of pictures takes the same memory; a picture that changes
meanwhile is written as it is when its turn comes.
"""

import contextlib
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal

from catalog.errors import TaglightError
from catalog.keys import PREFIXES
from catalog.storage.folder_reading import OURS
from cli.export_rows import csv_lines, json_lines
from cli.home import Home
from cli.mistakes import MistakeError, parse_query
from cli.step import bring_in_step, is_worked_on, open_existing, selected

Format = Literal["csv", "jsonl"]


class ExportError(TaglightError):
    """The export could not be written to its end; the message says why."""


def export(
    library: str, query: str, minimum: float | None, sort: str, form: Format, output: Path | None
) -> None:
    """Write the pictures that match to a file, or to stdout where `output` is None.

    Raises MistakeError, and TaglightError where library or output do not work.
    """
    parsed = parse_query(query)
    if output is not None and not output.absolute().parent.is_dir():
        raise MistakeError(f"There is no folder {output.absolute().parent} for the output.")
    home = open_existing(library)
    try:
        if home.database.needs_reindex or not is_worked_on(home):
            bring_in_step(home)
        records = selected(home.database, parsed, min=minimum, sort=sort)
        lines = (
            csv_lines(records, minimum)
            if form == "csv"
            else json_lines(home.store, records, minimum)
        )
        if output is None:
            _to_stdout(lines)
        else:
            _to_file(lines, output, home)
    finally:
        home.close()


def _to_stdout(lines: Iterator[bytes]) -> None:
    """Write until the reader has had enough (`| head`), which is no error."""
    stream: BinaryIO = sys.stdout.buffer
    try:
        for line in lines:
            stream.write(line)
        stream.flush()
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            raise ExportError(f"The output cannot be written: {error.strerror}.") from error
        # What is still buffered would raise again when Python ends.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _to_file(lines: Iterator[bytes], output: Path, home: Home) -> None:
    """Write beside the file and put it in its place when it is whole."""
    if output.exists() and not output.is_file():  # /dev/stdout, a pipe
        with output.open("wb") as stream:
            stream.writelines(lines)
        return
    target = output.resolve()
    root = home.folder.root if home.folder else None
    if root and any(target.is_relative_to(root / name) for name in (*PREFIXES, OURS)):
        raise MistakeError(
            "An export does not belong among the files of the library. Give another --output."
        )
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as stream:
            stream.writelines(lines)
        temporary.replace(target)
    except OSError as error:
        raise ExportError(f"{output} cannot be written: {error.strerror}.") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
