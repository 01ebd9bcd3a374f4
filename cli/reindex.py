"""`taglight reindex`: fill the catalog again from the documents."""

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cli.home import open_home


def reindex(library: str) -> None:
    """Read every picture and document again, showing how far it is. Raises TaglightError."""
    home = open_home(library)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as progress:
        task = progress.add_task("Reading documents", total=None)
        count = home.indexer.reindex(
            lambda done, total: progress.update(task, completed=done, total=total)
        )
    home.close()
    typer.echo(f"The catalog of {home.library} is up to date: {count} pictures.")
