"""Tables that live in SQLite or PostgreSQL, read by URL and never written.

`URL::table` reads a table or view in the order of its primary key, `URL::SELECT …` what the query returns.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from tastemaker.data.decode import decode
from tastemaker.data.nearest import did_you_mean
from tastemaker.data.sql_advice import advice
from tastemaker.data.table import Column, Table, as_text, numbered_table, unique_names
from tastemaker.errors import DataError, MissingExtra, StoreError

# The first "::" that is not part of an IPv6 address in brackets; casts in the query come later.
URL_AND_QUERY = re.compile(r"(?P<url>(?:\[[^\]]*\]|(?!::).)*)::(?P<query>.+)", re.DOTALL)
SELECT = re.compile(r"\s*(select|with|values)\s", re.IGNORECASE)
CONNECT_SECONDS = 5
CHUNK = 1000


def read_sql(source: str, query: str | None = None) -> Table:
    """Every row of a table or query as text; `query` takes the place of what follows `::` in `source`."""
    parts = URL_AND_QUERY.fullmatch(source)
    text, wanted = (source, query) if parts is None or query is not None else (parts["url"], parts["query"].strip())
    if parts is not None and query is not None:
        raise DataError(f"two queries for one source: {parts['query'].strip()!r} in the URL, and {query!r}. Drop one.")
    url = _url(text)
    shown = _shown(url)
    with _connected(url, shown) as (connection, repairs):
        statement = _statement(connection, wanted, shown)
        columns = _columns(connection, statement, name := f"{shown}::{wanted}")
    return numbered_table(name, columns, *repairs)


def _url(text: str) -> sa.URL:
    try:
        url = sa.make_url(text)
    except (ArgumentError, ValueError) as error:
        raise DataError("the database URL cannot be read. Write it as postgresql://user@host/database.") from error
    kind = url.get_backend_name()
    if kind == "sqlite":
        return url
    if kind in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    raise DataError(f"{kind}:// is not a source this reads. Use sqlite:///FILE, postgresql://user@host/db, or a file.")


def _shown(url: sa.URL) -> str:
    """The URL for messages: no password, no driver, no options."""
    plain = url._replace(drivername=url.get_backend_name(), password=None, query=sa.util.immutabledict())
    return plain.render_as_string()


@contextmanager
def _connected(url: sa.URL, shown: str) -> Iterator[tuple[sa.Connection, list[int]]]:
    """A connection that cannot write, and [characters repaired, characters lost], counted while it reads."""
    repairs = [0, 0]
    engine = _sqlite(url, shown, repairs) if url.get_backend_name() == "sqlite" else _postgres(url)
    try:
        with _opened(engine, shown) as connection:
            yield connection, repairs
    finally:
        engine.dispose()


def _opened(engine: sa.Engine, shown: str) -> sa.Connection:
    try:
        return engine.connect()
    except DBAPIError as error:
        reason = _first_line(error)
        says = "refuses the connection" if "FATAL" in reason else "does not answer"
        raise StoreError(
            f"{shown} {says} ({reason}). {advice(reason)} Or, "
            "without a server, keep the data in SQLite (sqlite:///FILE::table) or in a CSV file."
        ) from error


def _postgres(url: sa.URL) -> sa.Engine:
    arguments = {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_SECONDS}
    try:
        engine = sa.create_engine(url, poolclass=NullPool, connect_args=arguments)
    except ModuleNotFoundError as error:
        raise MissingExtra("psycopg", "postgres", "Reading from PostgreSQL") from error
    return engine.execution_options(postgresql_readonly=True)


def _sqlite(url: sa.URL, shown: str, repairs: list[int]) -> sa.Engine:
    path = Path(url.database or "")
    if not path.is_file():
        names = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
        raise DataError(f"{shown}: no such file: {path}{did_you_mean(path.name, names) or '. Check the path.'}")

    def text(data: bytes) -> str:
        found = decode(data)
        repairs[0] += found.repaired
        repairs[1] += found.lost
        return found.text

    def connect() -> sqlite3.Connection:
        # Opened for reading, so that a misspelt path creates no file.
        connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
        connection.text_factory = text
        return connection

    return sa.create_engine("sqlite://", creator=connect, poolclass=NullPool)


def _statement(connection: sa.Connection, wanted: str | None, shown: str) -> str:
    if wanted is not None and SELECT.match(wanted):
        return wanted.rstrip().rstrip(";")
    try:
        return _select_all(sa.inspect(connection), wanted, shown)
    except DBAPIError as error:
        raise DataError(f"{shown} cannot be read: {_first_line(error)}. Is it the database you mean?") from error


def _select_all(inspector: sa.Inspector, wanted: str | None, shown: str) -> str:
    """The SELECT for a table or view; `schema.table` where the plain name is not one."""
    names = [*inspector.get_table_names(), *inspector.get_view_names()]
    if wanted is None:
        raise DataError(f"{shown}: which table? Write {shown}::TABLE or {shown}::SELECT …. {_has(names)}")
    schema, _, table = wanted.rpartition(".") if wanted not in names else ("", "", wanted)
    if not inspector.has_table(table, schema=schema or None) and wanted not in names:
        raise DataError(f"{shown} has no table {wanted!r}{did_you_mean(wanted, names) or '.'} {_has(names)}")
    keys = inspector.get_pk_constraint(table, schema=schema or None)["constrained_columns"]
    chosen = sa.select(sa.text("*")).select_from(sa.table(table, schema=schema or None))
    return str(chosen.order_by(*map(sa.column, keys)).compile(inspector.bind))


def _has(names: list[str]) -> str:
    return f"It has: {', '.join(names)}" if names else "It has no tables."


def _columns(connection: sa.Connection, statement: str, source: str) -> dict[str, Column]:
    # no_parameters: a colon or a percent sign in the query is only that.
    options: dict[str, Any] = {"no_parameters": True, "stream_results": True, "yield_per": CHUNK}
    try:
        result = connection.execution_options(**options).exec_driver_sql(statement)
        names = unique_names(result.keys(), source)
        columns: list[Column] = [[] for _ in names]
        for chunk in result.partitions():
            for column, values in zip(columns, zip(*chunk, strict=True), strict=True):
                column.extend(map(as_text, values))
    except DBAPIError as error:
        reason = _first_line(error)
        raise DataError(f"{source} cannot be read: {reason}. {advice(reason, 'Correct the query.')}") from error
    return dict(zip(names, columns, strict=True))


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().split("\n", maxsplit=1)[0]
