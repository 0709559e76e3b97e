"""Opening the database: engines for SQLite and PostgreSQL, transactions, and what their errors mean for a person."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from math import log

import sqlalchemy as sa
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ..errors import MissingExtra, StoreError
from .location import ENVIRONMENT, shown
from .tables.json import plain_json

# How a server that is gone is noticed; what a URL says goes before.
POSTGRES = {
    "connect_timeout": 5, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}  # fmt: skip
BUSY_SECONDS = 10.0
REFUSED = ("22", "23", "54")  # PostgreSQL's classes of errors that the rows themselves make: wrong, forbidden, too long
# What SQLite says -> what it means for a person.
SQLITE_TROUBLE = {
    "locked": "is being written by another program. Wait for it to end, or stop it, and run this again",
    "readonly": "may not be written. Give yourself the right to write the file and its folder",
    "disk is full": "cannot grow: the disk is full. Free some space and run this again",
    "not a database": "is damaged, or no database of ours. Bring back a backup: tastemaker db restore FILE --force",
    "malformed": "is damaged. Bring back a backup: tastemaker db restore FILE --force",
    "unable to open": "cannot be opened. Check that its folder exists and that you may write there",
}


def make_engine(url: sa.URL, busy_seconds: float = BUSY_SECONDS, ping: bool = True) -> sa.Engine:
    """Connects to nothing yet. busy_seconds: how long a writer waits for another one; ping: before each use."""
    if url.get_backend_name() == "sqlite":
        engine = sa.create_engine(url, json_serializer=plain_json)
        sa.event.listen(engine, "connect", lambda raw, _: _prepare(raw, busy_seconds))
        sa.event.listen(engine, "begin", _begin)
        return engine
    try:
        more = {name: value for name, value in POSTGRES.items() if name not in url.query}
        return sa.create_engine(url, json_serializer=plain_json, connect_args=more, pool_pre_ping=ping)
    except ImportError as error:
        raise MissingExtra("psycopg", "postgres", "PostgreSQL") from error


def _prepare(raw: sqlite3.Connection, busy_seconds: float) -> None:
    raw.isolation_level = None  # transactions begin where we say so, in _begin
    for pragma in (
        f"busy_timeout = {int(busy_seconds * 1000)}",
        "journal_mode = WAL",
        "synchronous = NORMAL",  # a crash of the machine may lose the last commits, never the database
        "foreign_keys = ON",
        "secure_delete = ON",  # what is forgotten is overwritten
    ):
        raw.execute(f"PRAGMA {pragma}").close()
    try:
        raw.execute("SELECT ln(1.0)").close()
    except sqlite3.OperationalError:  # built without its mathematics
        raw.create_function("ln", 1, log, deterministic=True)


def _begin(conn: sa.Connection) -> None:
    # A writer says so at once: a reader that becomes a writer half way could not wait for another one.
    conn.exec_driver_sql("BEGIN IMMEDIATE" if conn.get_execution_options().get("writes") else "BEGIN")


@contextmanager
def transaction(engine: sa.Engine, writes: bool = True) -> Iterator[sa.Connection]:
    """All or nothing; StoreError, with its next step, where the database fails. A reader sees one moment."""
    try:
        with engine.connect() as conn:
            conn.execution_options(writes=writes)
            if not writes and engine.dialect.name == "postgresql":
                conn.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with conn.begin():
                yield conn
    except DBAPIError as error:
        raise explained(error, engine.url) from error
    except PoolTimeout as error:
        raise StoreError("Too many wait for the database. Try again in a moment.") from error


def refuses_rows(error: BaseException) -> bool:
    """Is it what was to be written that the database does not take, however often it is tried?"""
    cause = error.__cause__ if isinstance(error, StoreError) else error
    if not isinstance(cause, DBAPIError) or cause.connection_invalidated:
        return False
    state = str(getattr(cause.orig, "sqlstate", None) or "")
    return isinstance(cause, DataError | IntegrityError) or state.startswith(REFUSED)


def explained(error: DBAPIError, url: sa.URL) -> StoreError:
    reason = str(error.orig).strip().split("\n", maxsplit=1)[0]
    if url.get_backend_name() == "sqlite":
        means = next((text for sign, text in SQLITE_TROUBLE.items() if sign in reason), "cannot be used")
        return StoreError(f"{shown(url)} {means} ({reason}). Nothing was changed.")
    return StoreError(f"{_postgres_trouble(error, reason, url)} Nothing was lost or changed.")


def _postgres_trouble(error: DBAPIError, reason: str, url: sa.URL) -> str:
    state = getattr(error.orig, "sqlstate", None)
    if isinstance(error, sa.exc.OperationalError) and state is None and "FATAL" not in reason:
        return (
            f"PostgreSQL at {url.host or 'localhost'}:{url.port or 5432} does not answer ({reason}). Start the server, "
            f"name another one in {ENVIRONMENT}, or begin a project that needs no server: --database sqlite."
        )
    if "FATAL" in reason and state is None:
        return (
            f"{shown(url)} refuses the connection ({reason}). Correct the user, the password or the name of the "
            f"database in {ENVIRONMENT} (or .env, or ~/.pgpass), or use --database sqlite."
        )
    means = {
        "53100": "cannot grow: the server's disk is full. Free some space and run this again",
        "40P01": "was busy with another program. Run this again",
        "40001": "was busy with another program. Run this again",
        "57P01": "was shut down. Start the server and run this again",
    }
    return f"{shown(url)} {means.get(str(state), 'cannot do this')} ({reason})."
