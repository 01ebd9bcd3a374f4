"""`taglight doctor`: look at everything that belongs to a library; say, and mend, what is wrong."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import typer

from catalog.database import Database
from catalog.errors import SettingsError, StoreUnavailableError, TaglightError
from catalog.settings import TaggingEnvironment, tagging_environment
from catalog.storage.folder import FolderStore
from catalog.storage.s3 import S3Store
from cli.checkup import catalogs, machine, mending
from cli.checkup.adoption import Adoption, look
from cli.checkup.bucket import LOCAL_ORIGIN, check_bucket, check_cors, check_rights
from cli.checkup.catalogs import CatalogState
from cli.checkup.comparing import Comparer, Comparison
from cli.checkup.findings import Finding, lines
from cli.checkup.judging import judge
from cli.checkup.queues import queue_urls
from cli.home import LibraryError, catalog_url, library_folder, open_home, ours_of
from cli.libraries import SCHEME, bucket_of
from cli.locks import is_held
from cli.mistakes import MistakeError
from cli.progress import showing
from cli.recognizers import recognizer_of
from cli.tag import STOPPED
from cli.tagging.plan import KnownRecognizer


@dataclass(slots=True)
class Checkup:
    """What one look at a library has shown; `found` is empty where there was nothing to compare."""

    library: str
    worked_on: bool
    findings: list[Finding] = field(default_factory=list)
    catalog: CatalogState = CatalogState.MISSING
    catalog_url: str = ""
    found: Comparison = field(default_factory=Comparison)
    adoption: Adoption | None = None

    @property
    def wrong(self) -> list[Finding]:
        """What is not as it should be."""
        return [finding for finding in self.findings if finding.level == "wrong"]


def doctor(library: str, *, fix: bool, recognizer: KnownRecognizer | None = None) -> int:
    """Check a library and with `fix` mend it; return 0 when all is well, else 1.

    Raises MistakeError, and TaglightError where it cannot go on.
    """
    try:
        bucket = bucket_of(library)
        library = SCHEME + bucket if bucket else str(library_folder(library).resolve())
    except LibraryError as error:
        raise MistakeError(str(error)) from error
    typer.echo(f"Looking at the library {library}")
    recognizer = recognizer or _recognizer()
    checkup = examine(library, recognizer)
    _show(checkup.findings)
    if not checkup.wrong:
        typer.echo("All is well.")
        return 0
    if not fix:
        return _advise(checkup)
    mendable = [finding for finding in checkup.wrong if finding.mends]
    if not mendable:
        typer.echo("Nothing of this can be mended by --fix.")
        return 1
    typer.echo("Mending:")
    for finding in mendable:
        typer.echo(f"     {finding.title} {finding.mends}")
    for step in checkup.adoption.steps() if checkup.adoption else ():
        typer.echo(f"       {step}")
    if mend(checkup, recognizer):
        typer.echo("Stopped. Everything is consistent; run it again to go on.")
        return STOPPED
    return _look_again(library, recognizer)


def examine(library: str, recognizer: KnownRecognizer) -> Checkup:
    """Look at everything, changing nothing."""
    ours = ours_of(library)
    checkup = Checkup(library, worked_on=is_held(ours / "worker.lock"))
    there = _look_at_place(checkup)
    if checkup.adoption:
        return checkup  # the stack compares pictures, documents and catalog by itself
    checkup.findings.append(machine.check_settings())
    checkup.findings.append(machine.check_recognizer(recognizer))
    if not there:
        return checkup
    checkup.catalog_url = _catalog_url(ours)
    checkup.catalog, finding = catalogs.look_at_catalog(checkup.catalog_url)
    checkup.findings.append(finding)
    checkup.findings.append(machine.check_journal(ours, worked_on=checkup.worked_on))
    checkup.findings += machine.check_ours(ours)
    try:
        with _catalog(checkup) as database:
            checkup.found = _compare(library, database)
            checkup.findings += judge(
                checkup.found, worked_on=checkup.worked_on, with_catalog=database is not None
            )
    except StoreUnavailableError as error:
        checkup.findings.append(
            Finding("wrong", "The files cannot be compared.", str(error), "Mend this first.")
        )
    return checkup


def _look_at_place(checkup: Checkup) -> bool:
    """Look at the folder or the bucket, and tell whether there is anything to compare."""
    bucket = bucket_of(checkup.library)
    if not bucket:
        root = library_folder(checkup.library)
        checkup.findings += machine.check_folder(root)
        return root.is_dir()
    urls = queue_urls()
    store = S3Store(bucket)
    try:
        finding = check_bucket(store)
        checkup.findings.append(finding)
        if finding.level == "wrong":
            return False
        origin = os.environ.get("PUBLIC_URL", "").rstrip("/")
        if urls:
            found, checkup.adoption = look(store, urls, origin)
            checkup.findings += found
        else:
            checkup.findings.append(check_rights(store))
            checkup.findings.append(check_cors(store, origin or LOCAL_ORIGIN))
        return True
    finally:
        store.close()


def _catalog_url(ours: Path) -> str:
    """Return where the catalog is, in our own folder where the settings make no sense."""
    try:
        return catalog_url(tagging_environment(), ours)
    except SettingsError:
        return catalog_url(TaggingEnvironment.model_construct(catalog_url=""), ours)


def mend(checkup: Checkup, recognizer: KnownRecognizer) -> bool:
    """Do what the findings have announced; tell whether it was stopped.

    Raises TaglightError where something cannot be done.
    """
    if checkup.adoption:
        checkup.adoption.apply()
        return False
    if checkup.catalog is CatalogState.DAMAGED and checkup.worked_on:
        raise TaglightError(
            "taglight serve has the damaged catalog open. Stop it, and run this again."
        )
    try:
        home = open_home(checkup.library)  # makes folders and catalog, sets aside what is damaged
    except (SettingsError, LibraryError) as error:
        raise TaglightError(f"{error} Mend this first.") from error
    try:
        home.journal.waiting("tag")  # opens it: a damaged one is set aside
        mending.keep_secret(home.ours)
        mending.put_away(home.store, checkup.found)
        stopped = mending.tag_lacking(home, checkup.found, recognizer, worked_on=checkup.worked_on)
        if not stopped:
            mending.tidy(home)
        return stopped
    finally:
        home.close()


def _look_again(library: str, recognizer: KnownRecognizer) -> int:
    """Check once more and say what has remained."""
    checkup = examine(library, recognizer)
    if not checkup.wrong:
        typer.echo("All is well now.")
        return 0
    typer.echo("This is left:")
    _show(checkup.wrong)
    return 1


def _advise(checkup: Checkup) -> int:
    count = sum(bool(finding.mends) for finding in checkup.wrong)
    if count:
        typer.echo(f"taglight doctor --fix mends {count} of {len(checkup.wrong)}:")
        for finding in checkup.wrong:
            if finding.mends:
                typer.echo(f"     {finding.title} {finding.mends}")
    return 1


def _show(findings: list[Finding]) -> None:
    for finding in findings:
        for line in lines(finding):
            typer.echo(line)


def _compare(library: str, database: Database | None) -> Comparison:
    bucket = bucket_of(library)
    store = S3Store(bucket) if bucket else FolderStore(library_folder(library))
    try:
        with showing("Comparing pictures, documents and thumbnails") as advance:
            return Comparer(store, database).compare(advance)
    finally:
        store.close()


@contextlib.contextmanager
def _catalog(checkup: Checkup) -> Iterator[Database | None]:
    """Open a sound catalog; to open another one would change it."""
    if checkup.catalog is not CatalogState.SOUND:
        yield None
        return
    database = Database.open(checkup.catalog_url)
    try:
        yield database
    finally:
        database.close()


def _recognizer() -> KnownRecognizer:
    """Return the recogniser of the settings, this machine's where they make no sense."""
    try:
        return recognizer_of()
    except SettingsError:
        return recognizer_of(TaggingEnvironment.model_construct(recognizer="local"))
