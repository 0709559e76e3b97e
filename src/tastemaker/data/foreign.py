"""Tables of somebody else's database, as the recipe names them: what is there, and one SELECT for several of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from ..errors import DataError
from .nearest import did_you_mean
from .sql import SELECT, _connected, _first_line, _shown, _url
from .sql_advice import advice
from .table import names_of


@dataclass(frozen=True)
class Found:
    """One table or view, or a SELECT: its columns, and how many rows it has (-1 = of a SELECT nobody counted)."""

    name: str
    columns: tuple[str, ...]
    rows: int = -1


def shown_url(url: str) -> str:
    """Without its password and options."""
    return _shown(_url(url))


def look(url: str, tables: Sequence[str]) -> list[Found]:
    """What the recipe's tables are; StoreError for a server that does not answer, DataError for a table that is not
    there or may not be read, each with what to do."""
    made = _url(url)
    shown = _shown(made)
    with _connected(made, shown) as (connection, _):
        return [_look(connection, shown, name) for name in tables]


def _look(connection: sa.Connection, shown: str, name: str) -> Found:
    if SELECT.match(name):
        return Found(name, ())
    inspector = sa.inspect(connection)
    schema, _, table = name.rpartition(".")
    known = [*inspector.get_table_names(schema or None), *inspector.get_view_names(schema or None)]
    if table not in known:
        hint = did_you_mean(table, known) or "."
        has = f"It has: {', '.join(known)}." if known else "It has no tables."
        raise DataError(
            f"{shown} has no table {name!r}{hint} {has} Name yours under [source] in recipe.toml, or write a SELECT "
            "there."
        )
    try:
        return _counted(connection, inspector, name, schema or None, table)
    except DBAPIError as error:
        reason = _first_line(error)
        said = advice(reason, "Is it the database you mean?")
        raise DataError(f"{shown}: the table {name!r} cannot be read: {reason}. {said}") from error


def _counted(connection: sa.Connection, inspector: sa.Inspector, name: str, schema: str | None, table: str) -> Found:
    columns = tuple(column["name"] for column in inspector.get_columns(table, schema=schema))
    count = sa.select(sa.func.count()).select_from(sa.table(table, schema=schema))
    return Found(name, columns, connection.execute(count).scalar_one())


def joined(url: str, tables: Sequence[str], on: str) -> str:
    """What follows `URL::`: the one table or SELECT, or a SELECT of the first table with what the others know of its
    rows; of a column that several have the first one's counts. on: "one | other", what the tables call the id."""
    if len(tables) == 1:
        return tables[0]
    found = look(url, tables)
    keys = [_key(table, on) for table in found]
    taken = dict.fromkeys(found[0].columns)
    chosen = [f"t0.{_quoted(name)}" for name in found[0].columns]
    for place, (table, key) in enumerate(zip(found[1:], keys[1:], strict=True), 1):
        new = [name for name in table.columns if name not in taken and name != key]  # empty where nothing joins
        taken |= dict.fromkeys(new)
        chosen += [f"t{place}.{_quoted(name)}" for name in new]
    joins = [
        f"LEFT JOIN {_table(table.name)} t{place} ON t{place}.{_quoted(key)} = t0.{_quoted(keys[0])}"
        for place, (table, key) in enumerate(zip(found, keys, strict=True))
        if place
    ]
    order = f"t0.{_quoted(keys[0])}"
    return f"SELECT {', '.join(chosen)} FROM {_table(found[0].name)} t0 {' '.join(joins)} ORDER BY {order}"


def _key(table: Found, on: str) -> str:
    key = next((name for name in names_of(on) if name in table.columns), None)
    if key is None:
        has = ", ".join(table.columns)
        raise DataError(
            f"The table {table.name!r} has no column {on!r} to be joined by. It has: {has}. Set `on` under [source] in "
            "recipe.toml."
        )
    return key


def _table(name: str) -> str:
    return ".".join(map(_quoted, name.split(".")))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
