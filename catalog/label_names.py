"""Labels by name: one id for all spellings, made when a name is first written."""

from collections.abc import Iterable

from sqlalchemy import Connection, select, update

from catalog import dialects
from catalog.chunks import chunks
from catalog.database import NEW_LABELS, database_of
from catalog.ready_rows import Spelling
from catalog.schema import label


def label_ids(connection: Connection, spellings: Iterable[Spelling]) -> dict[str, int]:
    """Return the id of each name as it is stored, making those that are new.

    Ids of committed labels are remembered by the database; those made here only for the
    length of this transaction, which may yet be rolled back.
    """
    cache = database_of(connection).labels
    ours: dict[str, tuple[int, str, str]] = connection.info.setdefault(NEW_LABELS, {})
    wanted: dict[str, tuple[str, str]] = {}
    for folded, name, category in spellings:
        shown = (name, category)
        wanted[folded] = _better(wanted.get(folded, shown), shown)
    unknown = [name for name in wanted if name not in cache and name not in ours]
    if unknown:
        _read_labels(connection, unknown, ours)
        # In order, so that two writers who make the same labels wait for each other in turn.
        missing = sorted(name for name in unknown if name not in ours)
        numbers = dialects.new_ids(connection, label.c.id, [[name] for name in missing])
        new = [
            {"id": number, "folded": name, "name": wanted[name][0], "category": wanted[name][1]}
            for number, name in zip(numbers, missing, strict=True)
        ]
        if new:
            dialects.insert_missing(connection, label, new)
            _read_labels(connection, missing, ours)
    known = {name: ours.get(name) or cache[name] for name in wanted}
    changed = [name for name in wanted if _better(known[name][1:], wanted[name]) != known[name][1:]]
    if changed:
        # Another process may have written a better spelling since these were remembered.
        _read_labels(connection, changed, ours)
    for name in changed:
        number, *current = ours[name]
        better = _better((current[0], current[1]), wanted[name])
        values = {"name": better[0], "category": better[1]}
        connection.execute(update(label).where(label.c.id == number).values(**values))
        ours[name] = (number, *better)
    return {name: number for name, (number, _, _) in known.items()}


def _read_labels(
    connection: Connection, names: list[str], into: dict[str, tuple[int, str, str]]
) -> None:
    columns = (label.c.folded, label.c.id, label.c.name, label.c.category)
    for chunk in chunks(names):
        for folded, *known in connection.execute(select(*columns).where(label.c.folded.in_(chunk))):
            into[folded] = (known[0], known[1], known[2])


def _better(one: tuple[str, str], other: tuple[str, str]) -> tuple[str, str]:
    """Choose how a label is shown, whatever the order in which its spellings came.

    Names as people write titles first (Dog rather than dog or DOG), then by code point; of the
    categories the first that is not empty, by code point.
    """
    name = min(one[0], other[0], key=lambda name: (name != name.title(), name))
    category = min(filter(None, (one[1], other[1])), default="")
    return name, category
