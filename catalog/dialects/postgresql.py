"""PostgreSQL through psycopg 3; Aurora DSQL speaks as it does (dsql.py)."""

from typing import Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from catalog.terms import clean

DRIVER = "postgresql+psycopg"
# One moment for all that a transaction reads: a page and its counts never disagree.
ISOLATION = "REPEATABLE READ"
# Statements are prepared by the server once they have been sent so often.
PREPARE_AFTER = 2
_CONNECT_TIMEOUT = 5  # seconds
_SERVER_SETTINGS = {
    # Compiling takes longer than any of our statements.
    "jit": "off",
    # Labels are as different in number as can be: a plan for all of them is good for few.
    "plan_cache_mode": "force_custom_plan",
    # Milliseconds: who waits longer is told that the catalog does not answer.
    "lock_timeout": "10000",
    "statement_timeout": "60000",
    "idle_in_transaction_session_timeout": "300000",
}


def open_postgresql(url: URL, connections: int) -> Engine:
    """Make an engine with at most so many connections; none is opened yet."""
    given = url.query.get("options", ())
    options = [f"-c {name}={value}" for name, value in _SERVER_SETTINGS.items()]
    options += [given] if isinstance(given, str) else given
    arguments = {
        "options": " ".join(options),
        "connect_timeout": _CONNECT_TIMEOUT,
        "application_name": "taglight",
        "prepare_threshold": PREPARE_AFTER,
    }
    engine = create_engine(
        url.set(drivername=DRIVER).difference_update_query(["options"]),
        connect_args=arguments,
        isolation_level=ISOLATION,
        **engine_arguments(connections),
    )
    take_any_text(engine)
    return engine


def take_any_text(engine: Engine) -> None:
    """Send text that no server takes (NUL, lone surrogates) as it would have been stored."""
    from psycopg.types.string import StrDumper

    class Cleaner(StrDumper):
        def dump(self, obj: str) -> Any:
            return super().dump(clean(obj))

    @event.listens_for(engine, "connect")
    def connect(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        driver: Any = connection
        driver.adapters.register_dumper(str, Cleaner)


def engine_arguments(connections: int) -> dict[str, Any]:
    """Return what engines of PostgreSQL and of its kin have in common."""
    return {
        # The order of parameters is that of the statement's text (catalog/prepared.py).
        "paramstyle": "format",
        # Asks for an extension that is not used, inside a savepoint.
        "use_native_hstore": False,
        "pool_size": connections,
        "max_overflow": 0,
        "pool_timeout": 30,
        # A server that was restarted has closed its connections: each is tried before use.
        "pool_pre_ping": True,
    }
