"""The differences between the engines of CATALOG_URL; nothing else asks which engine it is.

SQLite, PostgreSQL, and Aurora DSQL, which speaks as PostgreSQL does and allows less.
"""

from catalog.dialects.engines import commits_of, open_engine
from catalog.dialects.failures import is_conflict, is_outage
from catalog.dialects.sqlite import WRITES
from catalog.dialects.statements import (
    IDS,
    column,
    exact_up_to,
    fetch,
    greatest,
    in_a_writing_transaction,
    insert_many,
    insert_missing,
    keeps_arrays,
    may_keep_arrays,
    new_ids,
    probe,
    unindexed,
    whole,
)
from catalog.dialects.tables import prepare, settle
from catalog.dialects.transactions import Portioned, most_names, portions

__all__ = [
    "IDS",
    "WRITES",
    "Portioned",
    "column",
    "commits_of",
    "exact_up_to",
    "fetch",
    "greatest",
    "in_a_writing_transaction",
    "insert_many",
    "insert_missing",
    "is_conflict",
    "is_outage",
    "keeps_arrays",
    "may_keep_arrays",
    "most_names",
    "new_ids",
    "open_engine",
    "portions",
    "prepare",
    "probe",
    "settle",
    "unindexed",
    "whole",
]
