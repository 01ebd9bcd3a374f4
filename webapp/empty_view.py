"""Where a search finds nothing: what would find something, and how much."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from sqlalchemy import Connection

from catalog import reads
from catalog.query import parse
from catalog.terms import DEFAULT_MIN
from webapp.addresses import Address, single_label
from webapp.phrases import clause_phrase
from webapp.states_view import nothing_found
from webapp.wording import NBSP, first_upper, pictures

LOWER = (50, 30)  # percent: where the slider may stand instead
MOST_CLAUSES = 6


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One click that leads out: what it loosens, and what is found then."""

    text: str
    url: str
    finds: str = ""


@dataclass(frozen=True, slots=True)
class Empty:
    """What to do when nothing is found; `first_run` invites where there is nothing at all."""

    first_run: bool
    title: str = ""
    suggestions: list[Suggestion] = field(default_factory=list)

    @classmethod
    def of(cls, connection: Connection, address: Address) -> "Empty":
        """Say what to loosen: only what leads to pictures, each with how many they are."""
        if not address.query.clauses and address.min is None:
            return cls(first_run=True)
        suggestions = [
            *islice(_lower(connection, address), 1),
            *_counted(connection, _unbound(address)),
            *_counted(connection, _shorter(address)),
            Suggestion("Show all pictures", "/"),
        ]
        return cls(False, nothing_found(address), suggestions)


def _counted(connection: Connection, ways: Iterator[tuple[str, Address]]) -> Iterator[Suggestion]:
    """Leave the ways that find something."""
    for text, address in ways:
        total = reads.count(connection, address.query, min=address.min)
        if total.number:
            about = "" if total.is_exact else "about "
            yield Suggestion(text, address.gallery(), about + pictures(total.number))


def _lower(connection: Connection, address: Address) -> Iterator[Suggestion]:
    """Put the slider lower: no further than needed."""
    if not address.query.has_label_term and address.min is None:
        return iter(())
    threshold = DEFAULT_MIN if address.min is None else address.min
    steps = (step for step in LOWER if step < threshold)
    ways = (
        (f"Accept {step}{NBSP}% and over", Address(address.query, step, address.sort))
        for step in steps
    )
    return _counted(connection, ways)


def _unbound(address: Address) -> Iterator[tuple[str, Address]]:
    """Let the slider hold for a label that has a threshold of its own."""
    threshold = DEFAULT_MIN if address.min is None else address.min
    for index, clause in enumerate(address.query.clauses[:MOST_CLAUSES]):
        term = single_label(clause)
        if term is None or clause.negated or term.low is None or term.low <= threshold:
            continue
        text = f"Accept “{first_upper(term.name)}” from {threshold:g}{NBSP}%"
        yield text, Address(parse(address.bounded_text(index, None)), address.min, address.sort)


def _shorter(address: Address) -> Iterator[tuple[str, Address]]:
    """Leave out one part of the search."""
    clauses = address.query.clauses
    for index, clause in enumerate(clauses[:MOST_CLAUSES] if len(clauses) > 1 else []):
        phrase = " ".join(filter(None, clause_phrase(clause)))
        query = parse(address.query.without(index))
        yield f"Leave out “{phrase}”", Address(query, address.min, address.sort)
