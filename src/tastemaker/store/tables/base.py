"""What all tables share: one MetaData, portable column types, and how rows are written in bulk."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import sqlalchemy as sa

from .json import plain_json

METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
JSON = sa.JSON(none_as_null=True)  # JSON, not JSONB: the order of keys is kept
SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite numbers only INTEGER keys by itself
CHUNK = 10_000


def alone(conn: sa.Connection, table: sa.Table) -> None:
    """Until the transaction ends nobody else writes `table`. SQLite's write transactions are alone anyway."""
    if _on_postgres(conn):
        conn.exec_driver_sql(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE")


def unchanged(conn: sa.Connection, table: sa.Table) -> None:
    """Until the transaction ends nobody writes `table`; many may wish so at once."""
    if _on_postgres(conn):
        conn.exec_driver_sql(f"LOCK TABLE {table.name} IN SHARE MODE")


def add_new(conn: sa.Connection, table: sa.Table, rows: Iterable[Mapping[str, Any]]) -> int:
    """Insert the rows whose keys are not taken; how many that were."""
    add = _add_new_postgres if _on_postgres(conn) else _add_new_sqlite
    return sum(add(conn, table, chunk) for chunk in chunks(rows))


def _add_new_sqlite(conn: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> int:
    # Straight to the driver: SQLAlchemy's own work on each row takes as long as SQLite's.
    from sqlalchemy.dialects.sqlite import insert

    names = list(rows[0])
    statement = insert(table).on_conflict_do_nothing().compile(dialect=conn.dialect, column_keys=names)
    columns = [_for_sqlite(table.c[name], [row[name] for row in rows]) for name in statement.positiontup or ()]
    return conn.exec_driver_sql(str(statement), list(zip(*columns, strict=True))).rowcount


def _for_sqlite(column: sa.Column[Any], values: list[Any]) -> list[Any]:
    if not isinstance(column.type, sa.JSON):
        return values
    return [None if value is None else plain_json(value) for value in values]


def _add_new_postgres(conn: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> int:
    # One statement a chunk, the rows as one JSON text: about half the time of a statement a row.
    from sqlalchemy.dialects.postgresql import insert

    names = list(rows[0])
    text = sa.cast(sa.literal(plain_json(rows), sa.Text), sa.JSON)
    columns = [sa.column(name, table.c[name].type) for name in names]
    given = sa.func.json_to_recordset(text).table_valued(*columns).render_derived(with_types=True)
    statement = insert(table).from_select(names, sa.select(given)).on_conflict_do_nothing()
    return conn.execute(statement.execution_options(preserve_rowcount=True)).rowcount


def _on_postgres(conn: sa.Connection) -> bool:
    return conn.dialect.name == "postgresql"


def chunks(rows: Iterable[Any]) -> Iterable[list[Any]]:
    rest = iter(rows)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


def rows_by_id(
    conn: sa.Connection, table: sa.Table, ids: Sequence[str], *columns: sa.Column[Any]
) -> dict[str, sa.Row[Any]]:
    """id -> (row, id, *columns) of those `ids` that the table holds."""
    # One parameter, however many ids: SQL with ten thousand of them takes longer to write than to run.
    text = sa.literal(plain_json(list(ids)), sa.Text)
    each = sa.func.json_array_elements_text(sa.cast(text, sa.JSON)) if _on_postgres(conn) else sa.func.json_each(text)
    wanted = sa.select(each.table_valued("value").c.value)
    found = conn.execute(sa.select(table.c.row, table.c.id, *columns).where(table.c.id.in_(wanted)))
    return {row.id: row for row in found}


def next_row(conn: sa.Connection, column: sa.Column[int]) -> int:
    """One more than the highest, 0 in an empty table."""
    highest = conn.scalar(sa.select(sa.func.max(column)))
    return 0 if highest is None else highest + 1
