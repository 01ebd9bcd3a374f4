"""Everything the routes work with, composed once by create_app's caller."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import Request

from catalog.storage import ObjectStore
from webapp.media import MediaUrls
from webapp.settings import WebSettings
from webapp.static_files import StaticTree
from webapp.tickets import UploadTickets

if TYPE_CHECKING:
    from catalog.library import Library

    from catalog.database import Database
    from catalog.indexer import Indexer


@dataclass(frozen=True, slots=True)
class Services:
    """What a route may call; found as `request.app.state.services`."""

    settings: WebSettings
    store: ObjectStore
    database: "Database"
    indexer: "Indexer"
    library: "Library"
    tickets: UploadTickets
    urls: MediaUrls
    static: StaticTree


def services_of(request: Request) -> Services:
    """Return the services of the app that answers this request."""
    found = request.app.state.services
    if not isinstance(found, Services):
        raise TypeError("This app was not made by create_app.")
    return found


def person(request: Request) -> str:
    """Return who acts, as it is written beside an edit; without sign-in nobody has a name."""
    return str(getattr(request.state, "user", "") or "person")
