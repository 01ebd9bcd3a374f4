"""`taglight tag`: tag the pictures of a library that have no labels yet, or tag them again."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import typer

from catalog.keys import UPLOADS, is_picture_key
from catalog.query import Query
from catalog.storage.folder import FolderStore
from catalog.storage.s3 import S3Store
from cli.checkup.documents import documents_without_picture
from cli.home import Home
from cli.locks import only_one
from cli.mistakes import parse_query
from cli.progress import showing
from cli.recognizers import decoder_for, prepare, recognizer_of
from cli.step import bring_in_step, is_worked_on, open_existing, selected
from cli.tagging.batches import Batches
from cli.tagging.notes import Notes
from cli.tagging.plan import KnownRecognizer, Plan, Planner, plan_lines
from cli.tagging.run import Outcome, Run, Turns
from cli.tagging.sending import queues_of, send
from cli.tagging.todo import Todos
from tagger.aws.queues import WorkQueues
from tagger.pipeline import Tagger, TaggingSettings
from tagger.settings import tagging_settings

STOPPED = 130  # what shells expect of a command that Ctrl+C has ended


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked of `taglight tag`; `rate` is pictures a minute, `price` of 1,000 calls."""

    query: str = ""
    dry_run: bool = False
    retag: bool = False
    force: bool = False
    jobs: int = 1
    rate: float | None = None
    price: float | None = None
    to_queue: bool = False


def usual_jobs() -> int:
    """Return how many pictures are tagged at once where nothing else is said."""
    return max(1, min(4, os.cpu_count() or 1))


def tag(library: str, options: Options, recognizer: KnownRecognizer | None = None) -> int:
    """Show the plan and carry it out; return the exit status.

    It is 0, or 1 where a picture failed, or 130 where it was stopped. Raises MistakeError, and
    TaglightError where it cannot begin.
    """
    query = parse_query(options.query)
    home = open_existing(library)
    try:
        if options.to_queue:
            queues_of(home)  # said before anything is looked at
        with contextlib.ExitStack() as stack:
            if not options.dry_run:
                stack.enter_context(alone(home))
            return _tag(home, query, options, recognizer or recognizer_of(home.environment))
    except KeyboardInterrupt:
        typer.echo("Stopped before anything was tagged.")
        return STOPPED
    finally:
        home.close()


def alone(home: Home) -> contextlib.AbstractContextManager[None]:
    """Keep other commands from tagging the same library. Raises LockedError."""
    return only_one(
        home.ours / "tag.lock",
        f"Another taglight tag, or doctor, works on {home.library}: let it end first.",
    )


def run_todo(
    home: Home,
    todo: Todos,
    recognizer: KnownRecognizer,
    *,
    jobs: int,
    rate: float | None = None,
    force: bool = False,
) -> tuple[Outcome, bool]:
    """Tag these pictures, showing how far it is; tell what came of it, and whether it was stopped.

    Without a journal: who tags here writes the rows as well, and the next comparison finds what
    a kill in between has left.
    """
    quiet = _quiet(home)
    notes = Notes(home.ours / "tagging")
    settings = tagging_settings(home.environment)
    decoder = decoder_for(recognizer, max(1, min(jobs, os.cpu_count() or 1)))
    batches = Batches(home.store, home.database)
    tagger = Tagger(quiet, batches, recognizer, settings, opener=decoder)
    try:
        with decoder, showing("Tagging", len(todo)) as advance:
            run = Run(home, tagger, batches, notes, Turns(rate), advance, force=force)
            with _stopped_by_signals(run.stop) as stopped:
                outcome = run.work(todo, jobs)
    finally:
        if quiet is not home.store:
            quiet.close()
    return outcome, stopped()


def _tag(home: Home, query: Query, options: Options, recognizer: KnownRecognizer) -> int:
    typer.echo(f"Library {home.library}")
    bring_in_step(home)
    settings = tagging_settings(home.environment)
    plan = _plan(home, query, options, recognizer, settings)
    for line in plan_lines(
        plan,
        sum(1 for _ in documents_without_picture(home.store, _pictures(home))),
        retag=options.retag or options.force,
        force=options.force,
        by=f"{recognizer.name}, labels from {settings.min_confidence:g} % up, "
        f"at most {settings.max_labels}",
        price=options.price,
    ):
        typer.echo(line)
    if is_worked_on(home):
        typer.echo("taglight serve tags this library as well; what it does meanwhile counts here.")
    if options.dry_run:
        typer.echo("This was a dry run: nothing was tagged.")
        return 0
    if not plan.todo:
        typer.echo("There is nothing to tag.")
        return 0
    if options.to_queue:
        return _send(plan, queues_of(home))
    prepare(recognizer)
    outcome, stopped = run_todo(
        home,
        plan.todo,
        recognizer,
        jobs=options.jobs,
        rate=options.rate,
        force=options.force,
    )
    return _report(outcome, len(plan.todo), stopped=stopped)


def _send(plan: Plan, queues: WorkQueues) -> int:
    """Send a plan to the queue of a stack, and return the exit status."""
    stop = threading.Event()
    with showing("Sending", len(plan.todo)) as advance, _stopped_by_signals(stop) as stopped:
        sent = send(plan.todo, queues, advance, stop)
    typer.echo(f"{sent:,} sent to the queue; the stack's tagger does the rest.")
    if stopped():
        left = len(plan.todo) - sent
        typer.echo(f"Stopped: {left:,} not sent. The same command goes on, once these are tagged.")
        return STOPPED
    return 0


def _plan(
    home: Home,
    query: Query,
    options: Options,
    recognizer: KnownRecognizer,
    settings: TaggingSettings,
) -> Plan:
    planner = Planner(
        home.store, recognizer, settings, retag=options.retag or options.force, force=options.force
    )
    with showing("Looking at pictures") as advance:
        return planner.plan(selected(home.database, query), advance)


def _pictures(home: Home) -> Iterator[str]:
    return (info.key for info in home.store.list(UPLOADS) if is_picture_key(info.key))


def _report(outcome: Outcome, wanted: int, *, stopped: bool) -> int:
    """Say what has come of it and return the exit status."""
    for key, reason in outcome.reasons:
        typer.echo(f"  failed: {key.removeprefix(UPLOADS)}: {reason}")
    if rest := outcome.failed - len(outcome.reasons):
        typer.echo(f"  … and {rest:,} more; the search is:failed shows them all.")
    said = [f"{outcome.tagged:,} tagged", f"{outcome.failed:,} failed"]
    if outcome.gone:
        said.append(f"{outcome.gone:,} deleted meanwhile")
    if left := wanted - outcome.done:
        said.append(f"{left:,} left")
    typer.echo(", ".join(said) + ".")
    if stopped:
        typer.echo("Stopped. Everything is consistent; the same command goes on where this ended.")
        return STOPPED
    if outcome.trouble:
        typer.echo(f"taglight: {outcome.trouble} The same command goes on from here.", err=True)
        return 1
    return 1 if outcome.failed else 0


def _quiet(home: Home) -> FolderStore | S3Store:
    """Return the library's store, without its events."""
    if home.folder is None:
        return home.store
    quiet = FolderStore(home.folder.root)
    quiet.prepare()
    return quiet


class _StopSignals:
    """Remembers whether a signal came; the second one ends the process at once."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self.came = False

    def __call__(self, *_: object) -> None:
        if self.came:
            os._exit(STOPPED)
        self.came = True
        self._stop.set()
        message = b"\nStopping after the pictures at hand. Once more ends at once.\n"
        with contextlib.suppress(OSError):
            os.write(2, message)


@contextlib.contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[Callable[[], bool]]:
    signals = _StopSignals(stop)
    before = {number: signal.signal(number, signals) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: signals.came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
