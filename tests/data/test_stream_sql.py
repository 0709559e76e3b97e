"""Tables that are read some rows at a time, and what is said when a server cannot be opened."""

import sqlite3
import time
import tracemalloc
from contextlib import closing

import pytest

from tastemaker.data.read import read_table
from tastemaker.data.sql_advice import OTHERWISE, advice
from tastemaker.data.stream_sql import stream_sql
from tastemaker.errors import DataError, StoreError

from ..store.conftest import postgres

__all__ = ["postgres"]
ROWS = 2503


@pytest.fixture
def plays(tmp_path):
    with closing(sqlite3.connect(tmp_path / "shop.db")) as db:
        db.execute("create table plays (id integer primary key, who text, what text, times real)")
        rows = [(i, f"u{i % 7}", None if i % 5 == 0 else f"t{i}", i / 4) for i in range(1, ROWS + 1)]
        db.executemany("insert into plays values (?, ?, ?, ?)", rows)
        db.commit()
    return f"sqlite:///{tmp_path / 'shop.db'}"


def joined(tables):
    columns = {name: [cell for table in tables for cell in table.columns[name]] for name in tables[0].names}
    return columns, [line for table in tables for line in table.lines]


@pytest.mark.parametrize("chunk", [1, 700, ROWS, 10**6])
def test_the_chunks_are_the_table(plays, chunk):
    query = "select who, what, times from plays where id < 20" if chunk == 1 else None
    whole = read_table(plays if query else f"{plays}::plays", query=query)
    tables = list(stream_sql(plays if query else f"{plays}::plays", query, chunk))
    assert len(tables) == -(-whole.n_rows // chunk)
    columns, lines = joined(tables)
    assert columns == whole.columns
    assert lines == whole.lines
    assert tables[-1].source == whole.source


def test_a_table_without_rows_and_a_query_that_is_wrong_say_so(plays):
    with pytest.raises(DataError, match="no rows"):
        list(stream_sql(plays, "select who from plays where id < 0"))
    with pytest.raises(DataError, match=r"cannot be read: no such column: whom\. Correct the query"):
        list(stream_sql(plays, "select whom from plays"))
    with pytest.raises(DataError, match="has no table 'play'; did you mean 'plays'"):
        list(stream_sql(f"{plays}::play"))


def test_who_stops_in_the_middle_leaves_nothing_open(plays, tmp_path):
    for table in stream_sql(f"{plays}::plays", chunk=10):
        assert table.n_rows == 10
        break
    (tmp_path / "shop.db").unlink()


REASONS = [
    ('connection failed: FATAL:  password authentication failed for user "ann"', "PGPASSWORD"),
    ("connection failed: fe_sendauth: no password supplied", "PGPASSWORD"),
    ('FATAL:  role "nobody" does not exist', "No such user"),
    ('FATAL:  database "shopp" does not exist', "No such database"),
    ('FATAL:  no pg_hba.conf entry for host "10.0.0.7"', "pg_hba.conf"),
    ("FATAL:  sorry, too many clients already", "full"),
    ("failed to resolve host 'nowhere': [Errno -2] Name or service not known", "No such host"),
    ("connection timeout expired", "in time"),
    ('connection to server at "127.0.0.1", port 1 failed: Connection refused', "No server listens"),
    ("something else", OTHERWISE),
]


@pytest.mark.parametrize(("reason", "says"), REASONS)
def test_every_reason_has_its_own_next_step(reason, says):
    assert says in advice(reason)
    assert len({advice(other) for other, _ in REASONS}) == len(REASONS) - 1


def test_a_port_where_nobody_listens():
    pytest.importorskip("psycopg")
    with pytest.raises(StoreError, match=r"does not answer .*No server listens there"):
        next(stream_sql("postgresql://ann@127.0.0.1:1/shop::plays"))


@pytest.mark.postgres
@pytest.mark.parametrize(("url", "says"), [("nobody_of_that_name@127.0.0.1:5432/postgres", "No such user"),
                                           ("postgres@127.0.0.1:5432/no_such_shop", "No such database")])  # fmt: skip
def test_a_server_that_refuses(postgres, url, says):
    with pytest.raises(StoreError, match=says):
        next(stream_sql(f"postgresql://{url}::plays"))


@pytest.mark.postgres
def test_a_large_table_from_postgresql_takes_no_more_memory_than_a_small_one(postgres):
    psycopg = pytest.importorskip("psycopg")
    base, _, options = postgres.partition("?options=-csearch_path%3D")
    with closing(psycopg.connect(base, autocommit=True)) as server:
        server.execute(f"create table {options}.plays as select 'u' || i % 5000 as who, 't' || i % 997 as what, "
                       "timestamptz '2026-01-01 00:00:00+00' + make_interval(secs => i) as at "
                       "from generate_series(1, 120000) i")  # fmt: skip
    peaks = []
    for limit in (20_000, 120_000):
        tracemalloc.start()
        n, begun = 0, time.perf_counter()
        for table in stream_sql(postgres, f"select who, what, at from plays limit {limit}", 10_000):
            n += table.n_rows
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert n == limit
        assert time.perf_counter() > begun
    assert peaks[1] < 1.3 * peaks[0]
    first = next(stream_sql(postgres, "select who, what, at from plays order by at limit 1"))
    assert first.columns["who"] == ["u1"]
    assert first.columns["at"][0].startswith("2026-01-01T00:00:01") or "2026-01-01 00:00:01" in first.columns["at"][0]
    with pytest.raises(DataError, match="does not exist"):
        next(stream_sql(postgres, "select nothing from plays"))
