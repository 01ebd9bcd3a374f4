"""Rows into the catalog. Functions take a connection that writes, and never commit.

`put_images` takes any number of pictures in a bounded number of statements.
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select

from catalog import dialects
from catalog.chunks import CHUNK, chunks
from catalog.keys import image_id
from catalog.label_names import label_ids
from catalog.ready_rows import PARTS, ReadyRow, ReadyRows, Spelling, ready
from catalog.rows import ImageRow, Stamp
from catalog.schema import change, image, image_label, image_vector
from catalog.terms import indexed
from catalog.vectors import pack

# What a ready row holds of the table `image`.
IMAGE_COLUMNS = tuple(column.name for column in image.columns if column.name != "id")
_LABEL_COLUMNS = [column.name for column in image_label.columns]
_VECTOR_COLUMNS = [column.name for column in image_vector.columns]
# Statements that every picture takes: to put one together takes as long as to run it.
_OF_IDS = image.c.public_id.in_(bindparam("ids", expanding=True))
_KNOWN = select(image.c.key, *[image.c[name] for name in Stamp._fields]).where(
    _OF_IDS, image.c.trash == ""
)
_IMAGE_IDS = select(image.c.id, image.c.key, image.c.trash).where(_OF_IDS)
_CLEARED = [
    delete(column.table).where(column.in_(bindparam("ids", expanding=True)))
    for column in (image_label.c.image_id, image_vector.c.image_id, image.c.id)
]
# Each for itself is one step along the key; both in one selection read all changes.
_CHANGES = select(
    select(func.min(change.c.seq)).scalar_subquery(),
    select(func.max(change.c.seq)).scalar_subquery(),
)
# So many changes are remembered for arrays in other processes; who missed more loads anew.
REMEMBERED_CHANGES = 100_000


def put_image(connection: Connection, row: ImageRow) -> None:
    """Write one picture in place of what was known of its (key, trash)."""
    put_images(connection, [row])


def put_images(connection: Connection, rows: Iterable[ImageRow]) -> None:
    """Write pictures, each in place of what was known of its (key, trash); the last one wins."""
    put_ready(connection, made_ready(rows))


def made_ready(rows: Iterable[ImageRow]) -> ReadyRows:
    """Make rows ready to be written."""
    return ready(rows, IMAGE_COLUMNS)


def put_ready(connection: Connection, found: ReadyRows, *, are_new: bool = False) -> None:
    """Do what `put_images` does; `are_new` says that none of their (key, trash) is known."""
    rows = list({row.identity: row for row in found.rows}.values())
    if not rows:
        return
    rows = _shortened(connection, rows)
    there = {} if are_new else image_ids(connection, [row.identity for row in rows])
    missing = [row.identity for row in rows if row.identity not in there]
    fresh = iter(dialects.new_ids(connection, image.c.id, missing))
    _clear(connection, list(there.values()))
    ids = [there[row.identity] if row.identity in there else next(fresh) for row in rows]
    labels = _label_ids(connection, rows, found.spellings)
    images = [(number, *row.values) for number, row in zip(ids, rows, strict=True)]
    dialects.insert_many(connection, image, ("id", *IMAGE_COLUMNS), images)
    dialects.insert_many(connection, image_label, _LABEL_COLUMNS, _label_rows(ids, rows, labels))
    if dialects.keeps_arrays(connection):
        vectors = _vector_rows(ids, rows, labels)
        dialects.insert_many(connection, image_vector, _VECTOR_COLUMNS, vectors)
        _note_changes(connection, ids)


def remove_image(connection: Connection, key: str, trash: str = "") -> bool:
    """Forget one picture; tell whether it was known."""
    return remove_images(connection, [(key, trash)]) > 0


def remove_images(connection: Connection, identities: Iterable[tuple[str, str]]) -> int:
    """Forget pictures by (key, trash) and return how many were known."""
    ids = list(image_ids(connection, list(identities)).values())
    _clear(connection, ids)
    if dialects.keeps_arrays(connection):
        _note_changes(connection, ids)
    return len(ids)


def known(connection: Connection, keys: Sequence[str]) -> dict[str, Stamp]:
    """Return what the rows of live pictures were written from, by key."""
    found: dict[str, Stamp] = {}
    for chunk in chunks(keys):
        told = connection.execute(_KNOWN, {"ids": [image_id(key) for key in chunk]})
        found |= {key: Stamp(*values) for key, *values in told}
    return found


def known_of(connection: Connection, keys: Sequence[str]) -> dict[str, Stamp]:
    """Do what `known` does, of keys in their order: one walk along an index where they are close.

    Keys that others have in between are passed over, as long as they are not very many.
    """
    if not keys:
        return {}
    most = 2 * len(keys) + CHUNK
    columns = [image.c[name] for name in Stamp._fields]
    query = select(image.c.key, image.c.trash, *columns).where(
        image.c.key_start >= indexed(keys[0]), image.c.key_start <= indexed(keys[-1])
    )
    rows = connection.execute(query.limit(most)).all()
    if len(rows) == most:
        return known(connection, keys)
    asked = set(keys)
    return {key: Stamp(*told) for key, trash, *told in rows if not trash and key in asked}


def known_between(connection: Connection, after: str, until: str | None) -> list[str]:
    """Return the keys of live pictures after one key, up to another or to the end."""
    query = select(image.c.key).where(
        dialects.unindexed(image.c.trash) == "",  # nearly all have it
        image.c.key_start >= indexed(after),
        image.c.key > after,
    )
    if until is not None:
        query = query.where(image.c.key_start <= indexed(until), image.c.key <= until)
    return list(connection.scalars(query))


def known_in_trash(connection: Connection, folder: str) -> list[tuple[str, str]]:
    """Return the (key, trash) of the rows of one folder of the trash."""
    query = select(image.c.key, image.c.trash).where(image.c.trash == folder)
    return [(key, trash) for key, trash in connection.execute(query)]


def trash_folders(connection: Connection) -> list[str]:
    """Return the folders of the trash that have rows."""
    query = select(image.c.trash).where(image.c.live == 0).distinct()
    return list(connection.scalars(query))


def trashed_keys(connection: Connection) -> list[str]:
    """Return the keys of the pictures that are in the trash, each once."""
    return list(connection.scalars(select(image.c.key).where(image.c.live == 0).distinct()))


def image_ids(
    connection: Connection, identities: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """Return the row ids of those (key, trash) that are known."""
    found = {}
    for chunk in chunks(identities):
        keys = list({image_id(key) for key, _ in chunk})
        wanted = set(chunk)
        for number, key, trash in connection.execute(_IMAGE_IDS, {"ids": keys}):
            if (key, trash) in wanted:
                found[key, trash] = number
    return found


def _shortened(connection: Connection, rows: list[ReadyRow]) -> list[ReadyRow]:
    """Leave out the names of a picture that are beyond what the engine takes, labels last."""
    most = dialects.most_names(connection.engine)
    if most is None:
        return rows
    return [row._replace(entries=row.entries[: most * PARTS]) for row in rows]


def _label_ids(
    connection: Connection, rows: Sequence[ReadyRow], spellings: Sequence[Spelling]
) -> dict[int, int]:
    """Return the id of the label at each place among the spellings that these rows point at."""
    places = sorted(set(chain.from_iterable(row.entries[::PARTS] for row in rows)))
    ids = label_ids(connection, [spellings[place] for place in places])
    return {place: ids[spellings[place][0]] for place in places}


def _clear(connection: Connection, ids: list[int]) -> None:
    """Remove all rows of these pictures."""
    for chunk in chunks(ids):
        for statement in _CLEARED:
            if statement.table is not image_vector or dialects.keeps_arrays(connection):
                connection.execute(statement, {"ids": chunk})


def _note_changes(connection: Connection, ids: list[int]) -> None:
    """Tell the arrays of all processes which rows to read again."""
    dialects.insert_many(connection, change, ["image_id"], [(number,) for number in ids])
    first, last = connection.execute(_CHANGES).one()
    if last is not None and last - first > 2 * REMEMBERED_CHANGES:
        connection.execute(delete(change).where(change.c.seq < last - REMEMBERED_CHANGES))


def _label_rows(
    ids: list[int], rows: Sequence[ReadyRow], labels: dict[int, int]
) -> list[tuple[Any, ...]]:
    """Return the rows in the order of the primary key, which a tree takes with fewer steps."""
    of_label: dict[int, list[tuple[Any, ...]]] = {number: [] for number in labels.values()}
    for number, row in zip(ids, rows, strict=True):
        live, uploaded_at, parts = row.live, row.uploaded_at, iter(row.entries)
        for place, alias, confidence in zip(parts, parts, parts, strict=True):
            label = labels[place]
            of_label[label].append((live, label, uploaded_at, number, alias, confidence))
    for found in of_label.values():
        found.sort()
    return [row for label in sorted(of_label) for row in of_label[label]]


def _vector_rows(
    ids: list[int], rows: Sequence[ReadyRow], labels: dict[int, int]
) -> list[tuple[Any, ...]]:
    found = []
    for number, row in zip(ids, rows, strict=True):
        parts = list(row.entries)
        parts[::PARTS] = [labels[place] for place in parts[::PARTS]]
        found.append((number, row.live, row.uploaded_at, row.facts, pack(parts)))
    return found
