import os
import re
import socket
import sqlite3
from contextlib import closing

import pytest
import sqlalchemy as sa

from tastemaker.data.read import read_table
from tastemaker.errors import DataError, MissingExtra, StoreError

SERVER = "postgresql://postgres@127.0.0.1:5432/postgres"


def refused(source, kind=DataError, **options):
    with pytest.raises(kind) as error:
        read_table(source, **options)
    return str(error.value)


@pytest.fixture
def shop(tmp_path):
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as db:
        db.executescript("""
            create table perfumes (id integer primary key, name text, price real, "odd column" text);
            insert into perfumes values (2, 'Oud', 10.0, null), (1, 'Rosé: 100%', 0.5, '');
            create view cheap as select name from perfumes where price < 1;
            create table empty (a text);
        """)
    return f"sqlite:///{path}"


def test_a_sqlite_table_in_the_order_of_its_key(shop):
    table = read_table(f"{shop}::perfumes")
    assert table.columns == {
        "id": ["1", "2"],
        "name": ["Rosé: 100%", "Oud"],
        "price": ["0.5", "10.0"],
        "odd column": ["", None],
    }
    assert (table.source, table.place(1)) == (f"{shop}::perfumes", f"{shop}::perfumes, row 2")


def test_a_query_may_hold_colons_and_percent_signs(shop):
    query = "SELECT name FROM perfumes WHERE name LIKE '%: 100%' AND ':x' <> '::';"
    assert read_table(f"{shop}::{query}").columns == {"name": ["Rosé: 100%"]}
    assert read_table(shop, query=query).columns == {"name": ["Rosé: 100%"]}
    assert read_table(f"{shop}::cheap").columns == {"name": ["Rosé: 100%"]}


def test_the_digest_is_of_the_rows(shop):
    both = [read_table(f"{shop}::perfumes").digest, read_table(f"{shop}::select * from perfumes order by id").digest]
    assert both[0] == both[1] != read_table(f"{shop}::cheap").digest


def test_broken_text_in_sqlite_is_repaired_and_counted(tmp_path):
    with closing(sqlite3.connect(tmp_path / "a.db")) as db:
        db.execute("create table t (a text)")
        db.execute("insert into t values (cast(x'636166e9' as text))")
        db.commit()
    table = read_table(f"sqlite:///{tmp_path}/a.db::t")
    assert (table.columns, table.repaired, table.lost) == ({"a": ["café"]}, 1, 0)


def test_reading_writes_nothing(shop, tmp_path):
    assert "has no table 'drop table perfumes'" in refused(f"{shop}::drop table perfumes")
    assert "attempt to write a readonly database" in refused(f"{shop}::with x as (select 1) delete from perfumes")
    assert "no such file" in refused(f"sqlite:///{tmp_path}/new.db::t")
    assert not (tmp_path / "new.db").exists()


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ("::perfume", "has no table 'perfume'; did you mean 'perfumes'? It has: empty, perfumes, cheap"),
        ("", "which table? Write .*::TABLE or .*::SELECT …. It has: empty, perfumes, cheap"),
        ("::empty", r"has columns \(a\) but no rows"),
        ("::select nmae from perfumes", "cannot be read: no such column: nmae. Correct the query."),
        ("::select 1 as a, 2 as a", "has more than one column named 'a'"),
    ],
)
def test_what_is_wrong_is_named(shop, rest, message):
    assert re.search(message.replace("?", r"\?"), refused(shop + rest))


def test_two_queries_are_one_too_many(shop):
    assert "two queries for one source" in refused(f"{shop}::cheap", query="perfumes")


def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "shop.db").write_text("a,b\n" * 1000)
    assert "file is not a database. Is it the database you mean?" in refused(f"sqlite:///{tmp_path}/shop.db::t")
    assert "did you mean 'shop.db'?" in refused(f"sqlite:///{tmp_path}/shpo.db::t")
    assert "no such file" in refused("sqlite://::t")


def test_other_sources_are_refused():
    assert refused("mysql://h/db::t").startswith("mysql:// is not a source this reads. Use sqlite:///FILE, postgresql:")
    assert refused("https://x.org/a.csv").startswith("https:// is not a source this reads.")
    assert "cannot be read. Write it as postgresql://" in refused("postgresql://u@h:port/db::t")


def test_a_server_that_is_down_says_so_and_offers_sqlite():
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    message = refused(f"postgresql://ann:secret@127.0.0.1:{port}/shop::t", StoreError)
    assert message.startswith(f"postgresql://ann@127.0.0.1:{port}/shop does not answer (")
    assert "keep the data in SQLite (sqlite:///FILE::table)" in message
    assert "secret" not in message


def test_a_missing_driver_is_answered_with_its_install_line(monkeypatch):
    def no_driver(*args, **options):
        raise ModuleNotFoundError("No module named 'psycopg'")

    monkeypatch.setattr(sa, "create_engine", no_driver)
    assert refused("postgresql://h/db::t", MissingExtra) == (
        "Reading from PostgreSQL needs psycopg, which is not installed. Run: pip install 'tastemaker[postgres]'"
    )


# ---- PostgreSQL


def server_is_down():
    with closing(socket.socket()) as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", 5432)) != 0


postgres = [
    pytest.mark.postgres,
    pytest.mark.skipif(server_is_down(), reason="no PostgreSQL answers at 127.0.0.1:5432"),
]


@pytest.fixture
def schema():
    """A schema of this test's own, dropped afterwards."""
    name = f"tastemaker_read_{os.getpid()}"
    engine = sa.create_engine(SERVER.replace("postgresql", "postgresql+psycopg"), poolclass=sa.NullPool)
    with engine.begin() as db:
        db.execute(sa.text(f"create schema {name}"))
        db.execute(sa.text(f"create sequence {name}.ticket"))
        db.execute(sa.text(f'create table {name}.songs (id int primary key, "Name" text, at timestamptz, tags text[])'))
        db.execute(
            sa.text(
                f"insert into {name}.songs values (2, null, '2024-05-31 10:00+02', '{{}}'), (1, 'a', null, '{{x,y}}')"
            )
        )
    yield name
    with engine.begin() as db:
        db.execute(sa.text(f"drop schema {name} cascade"))
    engine.dispose()


class TestPostgres:
    pytestmark = postgres

    def test_a_table(self, schema):
        columns = read_table(f"{SERVER}::{schema}.songs").columns
        assert (columns["id"], columns["Name"], columns["tags"]) == (["1", "2"], ["a", None], ["x, y", ""])
        assert columns["at"][0] is None
        assert columns["at"][1].startswith("2024-05-31T")

    def test_a_query_with_a_cast_and_a_pattern(self, schema):
        query = f"SELECT id::text, '%s' AS p FROM {schema}.songs WHERE \"Name\" LIKE 'a%' ORDER BY 1;"
        assert read_table(f"{SERVER}::{query}").columns == {"id": ["1"], "p": ["%s"]}

    def test_nothing_is_written(self, schema):
        query = f"WITH gone AS (DELETE FROM {schema}.songs RETURNING *) SELECT * FROM gone"
        assert "must not contain data-modifying statements" in refused(f"{SERVER}::{query}")
        assert "read-only transaction" in refused(f"{SERVER}::SELECT nextval('{schema}.ticket')")
        assert read_table(f"{SERVER}::{schema}.songs").n_rows == 2

    def test_a_missing_table(self, schema):
        assert f"has no table '{schema}.sogns'" in refused(f"{SERVER}::{schema}.sogns")

    def test_a_missing_database(self):
        message = refused(SERVER.replace("/postgres", "/nowhere_at_all") + "::t", StoreError)
        assert "refuses the connection" in message
