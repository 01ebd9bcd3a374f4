"""The tables of the catalog: a cache of the documents, rebuilt from them at any time.

The shapes keep to what every engine of CATALOG_URL allows: no foreign keys, no triggers, no
partial or expression indexes, no text over terms.MOST_INDEXED bytes in an index. A change of
any table or of what is written into one raises SCHEMA_VERSION; an older catalog is then emptied
and filled again, never migrated.

Times are UTC microseconds since 1970, confidences the document's own floats in percent:
rounding them would let `dog>90` disagree with the document.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
)

SCHEMA_VERSION = "8"
# Marks the tables that only engines with arrays in memory have.
ARRAYS = "arrays"
# Marks the indexes that only engines without them have, whose counts come from samples.
SAMPLES = "samples"

# SQLite numbers rows by itself only where the column is called INTEGER.
_Id = BigInteger().with_variant(Integer, "sqlite")
# Sorted and compared by code point, on every engine.
_Sorted = Text().with_variant(Text(collation="C"), "postgresql")
_Word = String().with_variant(String(collation="C"), "postgresql")

metadata = MetaData()

# What is known of the catalog itself: its schema version, and whether it must be filled again.
meta = Table(
    "meta",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
)

# One row for each spelling-insensitive name; `name` is how it is shown. Rows are never removed,
# so a process may remember ids. A `folded` that is too long for an index ends in a hash.
label = Table(
    "label",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=False),
    Column("folded", _Sorted, nullable=False),
    Column("name", _Sorted, nullable=False),
    Column("category", Text, nullable=False),
    Index("label_folded", "folded", unique=True),
)

# One row for each picture, and one for each time it lies in the trash: (key, trash) is the
# identity, `trash` is empty for the live one; `public_id` stands for the key where it is looked
# up, and `key_start` where keys are a range. `labels` and `thumbnails` are JSON for the cards;
# a label that others imply says third how sure the surest of these is.
image = Table(
    "image",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=False),
    Column("live", SmallInteger, nullable=False),
    Column("key", _Sorted, nullable=False),
    Column("trash", _Word, nullable=False),
    Column("public_id", String, nullable=False),
    Column("name", Text, nullable=False),
    Column("status", String, nullable=False),
    Column("error_code", Text, nullable=False),
    Column("error_message", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("format", String, nullable=False),
    Column("size", BigInteger),
    Column("width", BigInteger),
    Column("height", BigInteger),
    Column("uploaded_at", BigInteger, nullable=False),
    Column("deleted_at", BigInteger),
    Column("taken_at", _Word, nullable=False),
    Column("camera", Text, nullable=False),
    Column("sha256", String, nullable=False),
    Column("etag", Text, nullable=False),
    Column("document_etag", Text, nullable=False),
    Column("color", String, nullable=False),
    Column("thumbnails", Text, nullable=False),
    Column("labels", Text, nullable=False),
    # What is searched and sorted by, derived from the above when written.
    Column("key_start", _Sorted, nullable=False),
    Column("name_folded", _Sorted, nullable=False),
    Column("label_count", Integer, nullable=False),
    Column("edited", SmallInteger, nullable=False),
    Column("colors", Integer, nullable=False),
    Column("top_confidence", Double, nullable=False),  # -1 without labels, so it sorts last
    # The picture in lists of the API, ready as JSON (catalog/cards.py).
    Column("card", Text, nullable=False),
    Index("image_public_id", "public_id", "trash", unique=True),
    Index("image_key", "key_start"),
    Index("image_sha256", "sha256"),
    Index("image_newest", "live", "uploaded_at"),
    Index("image_taken", "live", "taken_at", "uploaded_at"),
    Index("image_name", "live", "name_folded"),
    Index("image_confidence", "live", "top_confidence", "uploaded_at"),
    Index("image_trash", "trash"),
    # All pictures in the order of their ids, with what is searched by most (samples.py).
    Index("image_sample", "live", "id", "top_confidence", "uploaded_at", info={SAMPLES: True}),
    # Those that wait and those that failed, which every first page tells the number of.
    Index("image_state", "live", "status", "id", info={SAMPLES: True}),
)

# One row for each name a picture is found by: alias 0 is a label of its own, 1 and up are
# aliases of its labels, which are found but not counted. The primary key is the order of the
# gallery, so a page of one label is one short walk.
image_label = Table(
    "image_label",
    metadata,
    Column("live", SmallInteger, autoincrement=False),
    Column("label_id", BigInteger, autoincrement=False),
    Column("uploaded_at", BigInteger, autoincrement=False),
    Column("image_id", BigInteger, autoincrement=False),
    Column("alias", SmallInteger, autoincrement=False),
    Column("confidence", Double, nullable=False),
    PrimaryKeyConstraint(
        "live", "label_id", "uploaded_at", "image_id", "alias", postgresql_include=["confidence"]
    ),
    Index("image_label_by_image", "image_id", "label_id", "confidence", "alias"),
    # The pictures of a label in the order of their ids, which is no order at all (samples.py).
    Index(
        "image_label_sample", "live", "label_id", "image_id", "confidence", "alias", "uploaded_at",
        info={SAMPLES: True},
    ),
    sqlite_with_rowid=False,
)  # fmt: skip

# The same facts once more, packed for the arrays in memory (catalog/columns.py).
image_vector = Table(
    "image_vector",
    metadata,
    Column("image_id", _Id, primary_key=True, autoincrement=False),
    Column("live", SmallInteger, nullable=False),
    Column("uploaded_at", BigInteger, nullable=False),
    Column("facts", BigInteger, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    info={ARRAYS: True},
)

# Which rows were written or removed, in order: how arrays in other processes keep in step.
change = Table(
    "change",
    metadata,
    Column("seq", _Id, primary_key=True, autoincrement=True),
    Column("image_id", BigInteger, nullable=False),
    sqlite_autoincrement=True,
    info={ARRAYS: True},
)

# Which folders of the trash hold, or are about to hold, a document about a key: so that nobody has
# to list the trash for it (catalog/discards.py). `public_id` stands for the key.
discard = Table(
    "discard",
    metadata,
    Column("public_id", String),
    Column("trash", _Word),
    PrimaryKeyConstraint("public_id", "trash"),
    Index("discard_trash", "trash"),
    sqlite_with_rowid=False,
)

# What is about to be sent under a key (catalog/announcements.py): nothing of a picture that is
# there. `public_id` stands for the key.
announced = Table(
    "announced",
    metadata,
    Column("public_id", String, primary_key=True),
    Column("key", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("sha256", String, nullable=False),
    Column("announced_at", BigInteger, nullable=False),
    Index("announced_at", "announced_at"),
)
