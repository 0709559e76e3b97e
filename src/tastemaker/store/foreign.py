"""Tables of another program, as they are: read, appended to, and cleared of a user; on SQLite and PostgreSQL.

Columns are taken as the tables have them; a table that is missing is made. Times are UTC.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from ..data.nearest import did_you_mean
from ..data.parse import to_time
from ..errors import DataError, MissingExtra, StoreError

LATEST = 253_402_300_799  # the last second of the year 9999
AT_ONCE = 500  # moments whose texts are emptied in one transaction
BLANKS = " \t\r\n"


@dataclass(frozen=True)
class Foreign:
    """url: where; columns: table -> its columns, as the recipe names them; times: table -> the column of its times"""

    url: sa.URL
    columns: Mapping[str, Sequence[str]]
    times: Mapping[str, str]

    @classmethod
    def at(cls, database: str, root: Path, columns: Mapping[str, Sequence[str]], times: Mapping[str, str]) -> "Foreign":
        """database: a SQL URL, or an SQLite file in the project."""
        url = sa.make_url(database) if "://" in database else sa.URL.create("sqlite", database=str(root / database))
        if url.get_backend_name() in ("postgresql", "postgres"):
            url = url.set(drivername="postgresql+psycopg")
        elif url.get_backend_name() == "sqlite" and "://" in database and url.database:
            url = url.set(database=str(root / url.database))
        return cls(url, columns, times)

    @property
    def exists(self) -> bool:
        """Is there a database? A server is taken to have one."""
        return self.url.get_backend_name() != "sqlite" or Path(self.url.database or "").is_file()

    def read(self, table: str) -> list[dict[str, str | None]]:
        """Every row as text, in the order they came; [] where the table is not there."""
        with self._begin() as conn:
            found = self._table(conn, table)
            if found is None:
                return []
            columns = [sa.type_coerce(found.c[name], sa.Text).label(name) for name in self.columns[table]]
            order = [*found.primary_key.columns] or [sa.type_coerce(found.c[self.times[table]], sa.Text)]
            return [{k: None if v is None else str(v) for k, v in row._mapping.items()} for row in
                    conn.execute(sa.select(*columns).order_by(*order))]  # fmt: skip

    def append(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows; the column of times takes UTC seconds."""
        with self._begin() as conn:
            self._append(conn, table, rows)

    def replace(self, column: Mapping[str, str], prefix: str, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """These rows instead of all whose user's name begins so, at once; column: table -> the column of the user."""
        with self._begin() as conn:
            self._remove(conn, column, lambda whose: sa.func.substr(whose, 1, len(prefix)) == prefix)
            for table, new in rows.items():
                self._append(conn, table, new)

    def remove(self, column: Mapping[str, str], user: str) -> dict[str, int]:
        """Delete all rows of a user, whatever blanks stand around the name; column: table -> the column of the user."""
        with self._begin() as conn:
            return self._remove(conn, column, lambda whose: sa.func.trim(whose, BLANKS) == user.strip())

    def blank(self, table: str, column: str, until: int) -> int:
        """Empty what was typed in rows from before this moment, or of no moment that can be read; how many that were.

        So many moments at a time, each in a transaction of its own: the other program writes in between.
        """
        with self._begin() as conn:
            target = self._table(conn, table)
            if target is None:
                return 0
            when, words = sa.type_coerce(target.c[self.times[table]], sa.Text), target.c[column]
            said = words.is_not(None) & (words != "")
            moments = conn.scalars(sa.select(when).where(said).distinct()).all()
        old = [m for m in moments if m is not None and _seconds(m) < until]
        among = [when.in_(old[k : k + AT_ONCE]) for k in range(0, len(old), AT_ONCE)]
        n = 0
        for which in [*among, *([when.is_(None)] if None in moments else [])]:
            with self._begin() as conn:
                n += conn.execute(sa.update(target).where(said, which).values({column: ""})).rowcount
        return n

    def _append(self, conn: sa.Connection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        if not rows:
            return
        target = self._table(conn, table)
        target = self._made(conn, table) if target is None else target
        when = self.times[table]
        real = isinstance(target.c[when].type, sa.DateTime | sa.TIMESTAMP)
        number = isinstance(target.c[when].type, sa.Integer | sa.Numeric)
        conn.execute(sa.insert(target), [{**row, when: _moment(row[when], real, number)} for row in rows])

    def _remove(
        self, conn: sa.Connection, column: Mapping[str, str],
        theirs: Callable[[sa.ColumnElement[str]], sa.ColumnElement[bool]],
    ) -> dict[str, int]:  # fmt: skip
        targets = {table: self._table(conn, table) for table in column}
        return {
            table: conn.execute(sa.delete(target).where(theirs(target.c[column[table]]))).rowcount
            for table, target in targets.items()
            if target is not None
        }

    @contextmanager
    def _begin(self) -> Iterator[sa.Connection]:
        try:
            engine = sa.create_engine(self.url, poolclass=NullPool)
        except ModuleNotFoundError as error:
            raise MissingExtra("psycopg", "postgres", "Reading from PostgreSQL") from error
        try:
            with engine.begin() as conn:
                yield conn
        except DBAPIError as error:
            shown = self.url.render_as_string(hide_password=True)
            said = str(error.orig).strip().split("\n", maxsplit=1)[0]
            raise StoreError(f"{shown}: {said}. Look at database under [foreign] in recipe.toml.") from error
        finally:
            engine.dispose()

    def _table(self, conn: sa.Connection, name: str) -> sa.Table | None:
        if not sa.inspect(conn).has_table(name):
            return None
        found = sa.Table(name, sa.MetaData(), autoload_with=conn)
        for column in self.columns[name]:
            if column not in found.c:
                hint = did_you_mean(column, found.c.keys()) or "."
                raise DataError(
                    f"The table {name} has no column {column!r}{hint} Name yours under [foreign.tables.{name}]."
                )
        return found

    def _made(self, conn: sa.Connection, name: str) -> sa.Table:
        key = sa.Column("id", sa.Integer, primary_key=True, autoincrement=True)
        columns = [sa.Column(one, sa.DateTime if one == self.times[name] else sa.Text) for one in self.columns[name]]
        table = sa.Table(name, sa.MetaData(), key, *columns)
        table.create(conn)
        return table


def _moment(seconds: int, real: bool, number: bool) -> Any:
    moment = datetime.fromtimestamp(min(seconds, LATEST), UTC).replace(tzinfo=None)
    return moment if real else seconds if number else moment.isoformat(" ")


def _seconds(value: Any) -> int:
    """UTC; what cannot be read is older than anything."""
    try:
        return to_time(str(value))
    except ValueError:
        return -LATEST
