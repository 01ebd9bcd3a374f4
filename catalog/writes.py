"""Rows into the catalog. Functions take a connection that writes, and never commit.

`put_images` takes any number of pictures in a bounded number of statements.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, delete, func, select

from catalog import dialects
from catalog.chunks import chunks
from catalog.keys import image_id
from catalog.label_names import label_ids
from catalog.rows import ImageRow, Stamp
from catalog.schema import change, image, image_label, image_vector
from catalog.terms import indexed
from catalog.vectors import pack

_IMAGE_COLUMNS = [column.name for column in image.columns if column.name != "id"]
_image_values = itemgetter(*_IMAGE_COLUMNS)
_LABEL_COLUMNS = [column.name for column in image_label.columns]
_VECTOR_COLUMNS = [column.name for column in image_vector.columns]
# So many changes are remembered for arrays in other processes; who missed more loads anew.
REMEMBERED_CHANGES = 100_000


def put_image(connection: Connection, row: ImageRow) -> None:
    """Write one picture in place of what was known of its (key, trash)."""
    put_images(connection, [row])


def put_images(connection: Connection, rows: Sequence[ImageRow]) -> None:
    """Write pictures, each in place of what was known of its (key, trash); the last one wins."""
    rows = list({row.identity: row for row in rows}.values())
    if not rows:
        return
    rows = _shortened(connection, rows)
    there = image_ids(connection, [row.identity for row in rows])
    missing = [row.identity for row in rows if row.identity not in there]
    fresh = iter(dialects.new_ids(connection, image.c.id, missing))
    _clear(connection, list(there.values()))
    ids = [there[row.identity] if row.identity in there else next(fresh) for row in rows]
    labels = label_ids(connection, rows)
    _insert_images(connection, ids, rows)
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
    columns = [image.c[name] for name in Stamp._fields]
    for chunk in chunks(keys):
        ids = [image_id(key) for key in chunk]
        query = select(image.c.key, *columns)
        query = query.where(image.c.public_id.in_(ids), image.c.trash == "")
        found |= {key: Stamp(*values) for key, *values in connection.execute(query)}
    return found


def known_between(connection: Connection, after: str, until: str | None) -> list[str]:
    """Return the keys of live pictures after one key, up to another or to the end."""
    query = select(image.c.key).where(
        image.c.trash == "", image.c.key_start >= indexed(after), image.c.key > after
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


def image_ids(
    connection: Connection, identities: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """Return the row ids of those (key, trash) that are known."""
    found = {}
    for chunk in chunks(identities):
        keys = list({image_id(key) for key, _ in chunk})
        wanted = set(chunk)
        query = select(image.c.id, image.c.key, image.c.trash).where(image.c.public_id.in_(keys))
        for number, key, trash in connection.execute(query):
            if (key, trash) in wanted:
                found[key, trash] = number
    return found


def _shortened(connection: Connection, rows: list[ImageRow]) -> list[ImageRow]:
    """Leave out the names of a picture that are beyond what the engine takes, labels last."""
    most = dialects.most_names(connection.engine)
    if most is None:
        return rows
    return [replace(row, entries=row.entries[:most]) for row in rows]


def _insert_images(connection: Connection, ids: list[int], rows: Sequence[ImageRow]) -> None:
    values = [(number, *_image_values(row.values)) for number, row in zip(ids, rows, strict=True)]
    dialects.insert_many(connection, image, ["id", *_IMAGE_COLUMNS], values)


def _clear(connection: Connection, ids: list[int]) -> None:
    """Remove all rows of these pictures."""
    for chunk in chunks(ids):
        connection.execute(delete(image_label).where(image_label.c.image_id.in_(chunk)))
        if dialects.keeps_arrays(connection):
            connection.execute(delete(image_vector).where(image_vector.c.image_id.in_(chunk)))
        connection.execute(delete(image).where(image.c.id.in_(chunk)))


def _note_changes(connection: Connection, ids: list[int]) -> None:
    """Tell the arrays of all processes which rows to read again."""
    dialects.insert_many(connection, change, ["image_id"], [(number,) for number in ids])
    first, last = connection.execute(select(func.min(change.c.seq), func.max(change.c.seq))).one()
    if last is not None and last - first > 2 * REMEMBERED_CHANGES:
        connection.execute(delete(change).where(change.c.seq < last - REMEMBERED_CHANGES))


def _label_rows(
    ids: list[int], rows: Sequence[ImageRow], labels: dict[str, int]
) -> list[tuple[Any, ...]]:
    found = []
    for number, row in zip(ids, rows, strict=True):
        live, uploaded_at = row.values["live"], row.values["uploaded_at"]
        found += [
            (live, labels[entry.folded], uploaded_at, number, entry.alias, entry.confidence)
            for entry in row.entries
        ]
    # In the order of the primary key, which a tree takes with fewer steps.
    found.sort()
    return found


def _vector_rows(
    ids: list[int], rows: Sequence[ImageRow], labels: dict[str, int]
) -> list[tuple[Any, ...]]:
    found = []
    for number, row in zip(ids, rows, strict=True):
        entries = [(labels[entry.folded], entry.alias, entry.confidence) for entry in row.entries]
        values = row.values
        found.append((number, values["live"], values["uploaded_at"], row.facts, pack(entries)))
    return found
