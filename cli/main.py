"""The command `taglight`. Each command imports what it needs when it is called."""

import contextlib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Literal

import typer

from catalog.errors import TaglightError
from cli.mistakes import MistakeError

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
        help="The folder that holds the pictures and all about them, made where it is missing; "
        "or a bucket: s3://its-name",
    ),
]

ExistingArgument = Annotated[
    str,
    typer.Argument(
        metavar="[LIBRARY]",
        envvar="TAGLIGHT_LIBRARY",
        help="The library: a folder, or s3://its-bucket",
    ),
]

QueryOption = Annotated[
    str,
    typer.Option(
        "--query", "-q", metavar="Q", help="Only the pictures that this search finds: 'cat>90'."
    ),
]


@contextlib.contextmanager
def sentences() -> Iterator[None]:
    """Show an error as its sentence, without a traceback; end with 2 for a mistake, else 1."""
    try:
        yield
    except MistakeError as error:
        typer.echo(f"taglight: {error}", err=True)
        raise typer.Exit(2) from error
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


@app.command()
def tag(
    library: ExistingArgument = "./library",
    query: QueryOption = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the plan, and tag nothing.")
    ] = False,
    retag: Annotated[
        bool,
        typer.Option(
            "--retag",
            help="Also tag again what failed before, and what another recogniser or other "
            "settings have tagged. People's edits stay.",
        ),
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Tag everything again, also where nothing would change, and replace other "
            "tools' labels. People's edits stay.",
        ),
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1, max=64, help="Pictures at once; left out, one for each processor, at most four."
        ),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(min=0.01, metavar="PER_MINUTE", help="At most so many pictures a minute."),
    ] = None,
    price: Annotated[
        float | None,
        typer.Option(
            min=0, metavar="PER_1000", help="What 1,000 calls cost: the plan says what it comes to."
        ),
    ] = None,
    to_queue: Annotated[
        bool,
        typer.Option(
            "--to-queue",
            help="Do not tag here: send the plan to the queue of the bucket's stack on AWS.",
        ),
    ] = False,
) -> None:
    """Tag the pictures of a library that have no labels yet, after showing what there is to do.

    It may be stopped with Ctrl+C at any time; the same command then goes on where it was.
    The exit status is 0, 1 when pictures failed, 2 for a mistake in the command.
    """
    from cli.tag import Options, usual_jobs
    from cli.tag import tag as run

    options = Options(query, dry_run, retag, force, jobs or usual_jobs(), rate, price, to_queue)
    with sentences():
        status = run(library, options)
    raise typer.Exit(status)


_EXPORT_HELP = (
    "Write the pictures that a search finds, with all their labels, as CSV or JSON lines.\n\n"
    "The columns of the CSV, in this order: id, key, name, status, error_code, error_message, "
    "content_type, size, width, height, uploaded_at, taken_at, camera, sha256, color, labels "
    "(Cat 93.16; Animal 93.16). A cell that a spreadsheet might take for a formula begins with "
    "an apostrophe.\n\n"
    "A line of JSON has what GET /api/images/<id> has, without the document."
)


@app.command(help=_EXPORT_HELP)
def export(
    form: Annotated[
        Literal["csv", "jsonl"],
        typer.Option("--format", help="csv for spreadsheets, jsonl (a JSON object a line)."),
    ],
    library: ExistingArgument = "./library",
    query: QueryOption = "",
    minimum: Annotated[
        float | None,
        typer.Option(
            "--min",
            min=0,
            max=100,
            metavar="N",
            help="The slider: labels below N percent neither count nor are written. Left out, "
            "they count from 70 and all are written.",
        ),
    ] = None,
    sort: Annotated[
        Literal["newest", "oldest", "taken", "name", "confidence"],
        typer.Option("--sort", help="The order of the pictures."),
    ] = "newest",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="A file instead of the terminal."),
    ] = None,
) -> None:
    """Write the pictures that a search finds, with all their labels, as CSV or JSON lines."""
    from cli.export import export as run

    with sentences():
        run(library, query, minimum, sort, form, output)


@app.command()
def doctor(
    library: ExistingArgument = "./library",
    fix: Annotated[
        bool, typer.Option("--fix", help="Say what can be mended, and mend it. Nothing is lost.")
    ] = False,
) -> None:
    """Check a library, the catalog, the recogniser and the settings; say what to do.

    The exit status is 0 when all is well, 1 when something was found and not mended.
    """
    from cli.doctor import doctor as run

    with sentences():
        status = run(library, fix=fix)
    raise typer.Exit(status)


@app.command()
def password() -> None:
    """Ask for a shared password and show its hash, for the setting TAGLIGHT_PASSWORD_HASH."""
    from cli.sign_in import password as run

    with sentences():
        run()


@app.command()
def session(
    library: ExistingArgument = "./library",
    role: Annotated[
        Literal["viewer", "editor"], typer.Option("--role", help="What it may be used for.")
    ] = "viewer",
    hours: Annotated[
        float | None,
        typer.Option(
            "--hours",
            min=0.01,
            max=744,
            help="How long it counts; left out, as the settings say.",
        ),
    ] = None,
    name: Annotated[str, typer.Option("--name", help="What is written beside edits.")] = "operator",
) -> None:
    """Print a session's cookie, for operators and tests: curl -b "$(taglight session)" ...

    It is signed with SESSION_SECRET; without it, with the secret of the library's folder.
    """
    from cli.sign_in import session as run

    with sentences():
        run(library, role, hours, name)


if __name__ == "__main__":
    app()
