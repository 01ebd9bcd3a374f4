"""The web app: routes, static files, and what stands before them."""

from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from catalog.storage import ObjectStore
from webapp import api_images, api_labels, errors, health, listing, media, pages, receive, uploads
from webapp import static_files as static
from webapp.intake import Intake
from webapp.kept_answers import LISTS, PAGES, KeptAnswers
from webapp.limits import Limit
from webapp.lists_at_once import ListsAtOnce
from webapp.media import FolderUrls, MediaUrls
from webapp.only_read import OnlyRead
from webapp.origins import Gate
from webapp.precedence import LookersFirst
from webapp.security import Security
from webapp.services import Services
from webapp.settings import WebSettings
from webapp.signin import routes
from webapp.signin.cookies import is_secure
from webapp.signin.desk import sign_in_of
from webapp.signin.guard import Guard
from webapp.tickets import FolderTickets, UploadTickets

if TYPE_CHECKING:
    from catalog.database import Database
    from catalog.indexer import Indexer
    from catalog.library import Library

# A page of sixty pictures is 40 KB of JSON: level 3 costs a third of level 9 and is 5 % larger.
GZIP_LEVEL = 3
GZIP_FROM_BYTES = 1024


def create_app(
    settings: WebSettings,
    store: ObjectStore,
    database: "Database",
    indexer: "Indexer",
    library: "Library",
    tickets: UploadTickets,
    urls: MediaUrls,
    *,
    bucket_origin: str = "",
    loopback: bool = True,
    intake: Intake | None = None,
    only_read: bool = False,
) -> FastAPI:
    """Compose the app. Raises SettingsError for a sign-in that is configured by half.

    The ticket's PUT route is there only where tickets lead to ourselves, and pictures are sent
    from here only where their addresses are ours; `bucket_origin` is where pictures are sent and
    fetched otherwise. `loopback`: requests for the names of this machine are answered.
    `intake` has the limits of what is taken at once; `only_read`: nothing can be changed at all.
    """
    app = FastAPI(title="Taglight", openapi_url=None, redirect_slashes=False)
    tree = static.StaticTree()
    signin = sign_in_of(settings)
    ticket_limit = Limit(settings.tickets_per_minute, 60) if signin else None
    parts = (settings, store, database, indexer, library, tickets, urls, tree)
    app.state.services = Services(*parts, signin, ticket_limit, intake or Intake(), only_read)
    app.state.static_root = tree.root
    app.state.modules = tree.modules("js/main.js")
    errors.install(app)
    _add_routes(app, app.state.services)
    # The last one added stands first.
    if database.uses_arrays:
        app.add_middleware(ListsAtOnce, services=app.state.services)
    app.add_middleware(errors.LastResort)
    # Addresses in a bucket are signed anew each hour, those of a folder stay as they are.
    if urls.lasting:
        app.add_middleware(KeptAnswers, database=database, paths=PAGES)
    app.add_middleware(GZipMiddleware, minimum_size=GZIP_FROM_BYTES, compresslevel=GZIP_LEVEL)
    app.add_middleware(LookersFirst, precedence=app.state.services.intake.precedence)
    if urls.lasting:
        app.add_middleware(KeptAnswers, database=database, paths=LISTS)
    if only_read:
        app.add_middleware(OnlyRead)
    if signin is not None:
        app.add_middleware(Guard, signin=signin, secure=is_secure(settings))
    app.add_middleware(
        Security,
        gate=Gate(settings.public_url, settings.allowed_hosts, loopback=loopback),
        bucket=bucket_origin,
        tls=is_secure(settings),
        personal=signin is not None,
    )
    return app


def _add_routes(app: FastAPI, services: Services) -> None:
    app.router.routes.append(api_images.search_route)
    # Pages first: FastAPI prepares the routes that it passes, and a cold start is asked for a page.
    for part in (pages, api_images, api_labels, listing, uploads, health, static):
        app.include_router(part.router)
    if isinstance(services.urls, FolderUrls):
        app.include_router(media.router)
    if isinstance(services.tickets, FolderTickets):
        app.include_router(receive.router)
    if services.signin is not None:
        app.include_router(routes.router)
