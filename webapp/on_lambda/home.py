"""The home on AWS: composes bucket, catalog, queue and the web app from the environment."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from catalog.announcements import Announcements
from catalog.database import Database
from catalog.errors import CatalogUnavailableError, SettingsError
from catalog.indexer import Indexer
from catalog.library import Library
from catalog.queues import SqsTagQueue
from catalog.storage.s3 import S3Store
from catalog.storage.s3_address import address_of_environment
from webapp.app import create_app
from webapp.on_lambda.closed import NO_CATALOG, NOT_SET_UP, closed_app
from webapp.on_lambda.front import Front
from webapp.on_lambda.settings import LambdaSettings, lambda_settings
from webapp.s3_credentials import EnvironmentCredentials
from webapp.s3_signing import Presigner
from webapp.s3_tickets import S3Tickets
from webapp.s3_urls import S3Urls
from webapp.signin.desk import sign_in_of

log = logging.getLogger("taglight.lambda")

CONNECTIONS = 4  # one request at a time, whose parts may run beside each other


@dataclass(frozen=True, slots=True)
class Home:
    """The parts that hold connections, and the app that works with them."""

    app: ASGIApp
    store: S3Store
    queue: SqsTagQueue
    database: Database

    def let_go(self) -> None:
        """Close all connections; the next use makes new ones."""
        self.database.close()
        self.store.forget_client()
        self.queue.forget_client()


def open_home(settings: LambdaSettings) -> Home:
    """Compose everything. Raises CatalogUnavailableError, SettingsError."""
    address = address_of_environment(settings.bucket_name)
    presigner = Presigner(address, EnvironmentCredentials())
    store, queue = (
        S3Store(settings.bucket_name),
        SqsTagQueue(settings.tag_queue_url, settings.bucket_name),
    )
    database = Database.open(settings.catalog_url, connections=CONNECTIONS)
    # S3 tells of removals; where that was lost, who finds a picture gone has its rest cleared away.
    indexer = Indexer(store, database, queue.announce)
    app = create_app(
        settings,
        store,
        database,
        indexer,
        Library(store, indexer, queue),
        S3Tickets(presigner, Announcements(database).keep),
        S3Urls(presigner),
        bucket_origin=address.origin,
        loopback=False,
    )
    return Home(app, store, queue, database)


class WhenReady:
    """The app as soon as its catalog answers; until then what needs none."""

    def __init__(self, opened: Callable[[], Home], waiting: ASGIApp) -> None:
        self._open = opened
        self._waiting = waiting
        self.home: Home | None = None

    def prepare(self) -> None:
        """Compose the app where that was not done yet; a catalog that is away is tried again."""
        if self.home is None:
            try:
                self.home = self._open()
            except CatalogUnavailableError as error:
                log.error("The web app cannot begin: %s", error)

    def let_go(self) -> None:
        """Close all connections; the next use makes new ones."""
        if self.home is not None:
            self.home.let_go()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        self.prepare()
        await (self.home.app if self.home else self._waiting)(scope, receive, send)


@dataclass(frozen=True, slots=True)
class Door:
    """What Lambda calls, and what is behind it where it is open."""

    app: ASGIApp
    behind: WhenReady | None


def open_door(opened: Callable[[LambdaSettings], Home] = open_home) -> Door:
    """Return the app for Lambda. Where nobody could sign in it is closed, never open."""
    try:
        settings = lambda_settings()
        sign_in_of(settings)
    except SettingsError as error:
        log.error("Nothing is answered: %s", error)
        return Door(closed_app(NOT_SET_UP), None)
    behind = WhenReady(lambda: opened(settings), closed_app(NO_CATALOG))
    behind.prepare()
    return Door(Front(behind, settings.public_url, settings.origin_secrets), behind)
