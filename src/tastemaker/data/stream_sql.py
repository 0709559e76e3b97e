"""A table or query in SQLite or PostgreSQL, some thousand rows at a time: what is held does not grow with the table."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from typing import Any

from ..errors import DataError
from .sql import URL_AND_QUERY, _connected, _shown, _statement, _url
from .sql_advice import advice
from .table import Column, Table, as_text, numbered_table, unique_names

CHUNK = 10_000  # rows: larger parts leave the cache of the processor, which takes longer
MOMENTS = ("timestamp", "timestamptz")


def stream_sql(source: str, query: str | None = None, chunk: int = CHUNK, empty: bool = False) -> Iterator[Table]:
    """The rows of `URL::table` or `URL::SELECT …`, as `read_sql` has them, in tables of at most `chunk` rows.

    Rows keep their numbers. PostgreSQL keeps its result and hands it over by a cursor. DataError where there is no
    row, unless it may be `empty`: then a table without rows.
    """
    parts = URL_AND_QUERY.fullmatch(source)
    text, wanted = (source, query) if parts is None or query is not None else (parts["url"], parts["query"].strip())
    url = _url(text)
    shown = _shown(url)
    with _connected(url, shown) as (connection, repairs):
        statement, name = _statement(connection, wanted, shown), f"{shown}::{wanted}"
        driver: Any = connection.connection.driver_connection
        errors = connection.dialect.loaded_dbapi.Error
        cursor = driver.cursor() if url.get_backend_name() == "sqlite" else _server_cursor(driver)
        try:
            cursor.execute(statement)
            first = cursor.fetchmany(chunk)
            names = unique_names([column[0] for column in cursor.description], name)
            done = 0
            if empty and not first:
                yield Table(name, {column: [] for column in names}, [], (), "UTF-8", 0, 0, "", unit="row")
                return
            for rows in chain([first], iter(lambda: cursor.fetchmany(chunk), [])):
                yield _table(name, names, rows, done, *repairs)
                done, repairs[:] = done + len(rows), [0, 0]
        except errors as error:
            reason = str(error).strip().split("\n", maxsplit=1)[0]
            raise DataError(f"{name} cannot be read: {reason}. {advice(reason, 'Correct the query.')}") from error
        finally:
            cursor.close()


def _server_cursor(driver: Any) -> Any:
    """A cursor of the server, whose moments come as ISO text: as objects they take longer to make and write again."""
    from psycopg.types.string import TextLoader

    driver.execute("SET LOCAL datestyle = 'ISO'")
    driver.execute("SET LOCAL timezone = 'UTC'")
    cursor = driver.cursor(name="tastemaker")
    for name in MOMENTS:
        cursor.adapters.register_loader(name, TextLoader)
    return cursor


def _table(name: str, names: list[str], rows: list[tuple[Any, ...]], done: int, repaired: int, lost: int) -> Table:
    cells = zip(*rows, strict=True) if rows else [()] * len(names)
    columns = {column: _cells(values) for column, values in zip(names, cells, strict=True)}
    table = numbered_table(name, columns, repaired, lost)
    table.lines[:] = range(done + 1, done + len(rows) + 1)
    return table


def _cells(values: tuple[Any, ...]) -> Column:
    """As `as_text` has each, quicker where they are all text or all moments."""
    kinds = set(map(type, values))
    if kinds <= {str, type(None)}:
        return list(values)
    if kinds == {datetime}:
        return [value.isoformat() for value in values]
    return [as_text(value) for value in values]
