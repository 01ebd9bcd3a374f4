"""What an engine complains of: a conflict is worth trying again, an outage worth waiting for."""

from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

# Serialization failure, deadlock, and Aurora DSQL's own for data and for tables.
_CONFLICTS = {"40001", "40P01", "OC000", "OC001"}
# Another writer has just made the same row.
_UNIQUE = "23505"
# Class 08: the connection; 57P01-57P03: the server stops, has crashed, or is starting.
_OUTAGES = ("08", "57P01", "57P02", "57P03")


def is_conflict(error: DBAPIError) -> bool:
    """Tell whether another writer came between, so that the same work will do next time."""
    state = _state(error)
    return state in _CONFLICTS or (state == _UNIQUE and isinstance(error, IntegrityError))


def is_outage(error: DBAPIError) -> bool:
    """Tell whether the server was lost or not there, which may be over in a moment."""
    state = _state(error)
    if state is None:
        # Without a state nothing answered; on SQLite there is nothing to be lost.
        from_a_server = not type(error.orig).__module__.startswith("sqlite3")
        return error.connection_invalidated or (
            from_a_server and isinstance(error, OperationalError)
        )
    return state.startswith(_OUTAGES)


def _state(error: DBAPIError) -> str | None:
    found: str | None = getattr(error.orig, "sqlstate", None)
    return found
