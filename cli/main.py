"""The command `taglight`. Each command imports what it needs when it is called."""

import contextlib
from collections.abc import Iterator
from importlib.metadata import version
from typing import Annotated

import typer

from catalog.errors import TaglightError

app = typer.Typer(
    help="Taglight: pictures that tag themselves, on one page to browse, search and filter.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

LibraryArgument = Annotated[
    str,
    typer.Argument(
        metavar="[LIBRARY]",
        envvar="TAGLIGHT_LIBRARY",
        help="The folder that holds the pictures and all about them; made where it is missing.",
    ),
]


@contextlib.contextmanager
def sentences() -> Iterator[None]:
    """Show an error as its sentence, without a traceback, and end with status 1."""
    try:
        yield
    except TaglightError as error:
        typer.echo(f"taglight: {error}", err=True)
        raise typer.Exit(1) from error


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"taglight {version('taglight')}")
        raise typer.Exit


@app.callback()
def main(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and end."
        ),
    ] = False,
) -> None:
    """Taglight: pictures that tag themselves, on one page to browse, search and filter."""


@app.command()
def serve(
    library: LibraryArgument = "./library",
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes a free one.")
    ] = 8000,
    worker: Annotated[
        bool,
        typer.Option(
            "--worker/--no-worker", help="Tag pictures as well, in a process beside the server."
        ),
    ] = True,
    open_to_network: Annotated[
        bool,
        typer.Option(
            "--open-to-network",
            help="Allow a --host that others can reach: without any sign-in, they may then "
            "see, add and delete pictures.",
        ),
    ] = False,
) -> None:
    """Show a library on a web page, and tag what is dropped there or copied into its folder."""
    from cli.serve import serve as run

    with sentences():
        run(library, host, port, worker=worker, open_to_network=open_to_network)


@app.command()
def reindex(library: LibraryArgument = "./library") -> None:
    """Fill the catalog again from the documents; pictures and documents stay as they are."""
    from cli.reindex import reindex as run

    with sentences():
        run(library)


if __name__ == "__main__":
    app()
