"""Everything the routes work with, composed once by create_app's caller."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.requests import Request

from catalog.storage import ObjectStore
from webapp.intake import Intake
from webapp.limits import Limit
from webapp.media import MediaUrls
from webapp.settings import WebSettings
from webapp.signin.desk import SignIn
from webapp.signin.users import User
from webapp.static_files import StaticTree
from webapp.tickets import UploadTickets

if TYPE_CHECKING:
    from catalog.database import Database
    from catalog.indexer import Indexer
    from catalog.library import Library


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
    signin: SignIn | None = None
    ticket_limit: Limit | None = None  # only where people sign in
    intake: Intake = field(default_factory=Intake)
    only_read: bool = False


def services_of(request: Request) -> Services:
    """Return the services of the app that answers this request."""
    found = request.app.state.services
    if not isinstance(found, Services):
        raise TypeError("This app was not made by create_app.")
    return found


def user_of(request: Request) -> User | None:
    """Return who is signed in; None where there is no sign-in, or on its own pages."""
    user = request.scope.get("state", {}).get("user")
    return user if isinstance(user, User) else None


def subject(request: Request) -> str:
    """Return what tells this user from all others; "" where nobody signs in."""
    user = user_of(request)
    return user.subject if user else ""


def person(request: Request) -> str:
    """Return who acts, as it is written beside an edit; without sign-in nobody has a name."""
    user = user_of(request)
    return user.name if user and user.name else "person"
