"""What is not labels: pictures that wait, pictures that failed, and the trash."""

from dataclasses import dataclass

from sqlalchemy import Connection

from catalog import reads
from catalog.query import parse
from webapp.addresses import Address
from webapp.wording import count

TRASH = "is:trashed"
NONE_FOUND = {
    TRASH: "The trash is empty",
    "is:pending": "No picture is waiting to be tagged",
    "is:failed": "No picture failed to be tagged",
}


@dataclass(frozen=True, slots=True)
class StateLink:
    """A state that pictures are in: what to call it, and the search for it."""

    text: str
    url: str
    current: bool = False


def unfinished(connection: Connection, address: Address) -> list[StateLink]:
    """Return how many pictures wait and how many failed, where nothing else is searched for."""
    if address.query.clauses or address.min is not None:
        return []
    found = [
        (reads.count(connection, parse(text)), words, text)
        for text, words in (("is:pending", "waiting"), ("is:failed", "failed"))
    ]
    return [
        StateLink(f"{count(total.number, exact=total.is_exact)} {words}", Address.only(text))
        for total, words, text in found
        if total.number
    ]


def trash_link() -> StateLink:
    """Return the way to the pictures that were deleted."""
    return StateLink("Trash", "/trash")


def nothing_found(address: Address) -> str:
    """Return what to say where no picture matches."""
    return NONE_FOUND.get(address.query.text.strip().casefold(), "No picture matches all of this")
