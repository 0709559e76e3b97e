"""Transactions, and what a person reads when a database fails."""

import os
import socket
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest
import sqlalchemy as sa

from tastemaker.errors import MissingExtra, StoreError
from tastemaker.store import Store, get_meta, make_engine, put_meta, transaction
from tastemaker.store.database import refuses_rows
from tastemaker.store.limits import Limits
from tastemaker.store.location import read_url
from tastemaker.store.tables import users
from tastemaker.store.tables.base import add_new
from tastemaker.store.tables.json import plain_json


def test_a_transaction_is_all_or_nothing(store: Store) -> None:
    with pytest.raises(StoreError), store.begin() as conn:  # noqa: PT012
        put_meta(conn, colour="green")
        conn.exec_driver_sql("SELECT nonsense")
    with store.read() as conn:
        assert get_meta(conn, "colour") is None


def test_a_reader_sees_one_moment_and_waits_for_nobody(store: Store) -> None:
    with store.read() as before:
        assert get_meta(before, "colour") is None
        with store.begin() as conn:
            put_meta(conn, colour="green")
        assert get_meta(before, "colour") is None
    with store.read() as after:
        assert get_meta(after, "colour") == "green"


def test_json_keeps_order_and_has_no_nan(store: Store) -> None:
    value = {"z": float("nan"), "a": [np.float32(0.5), np.int64(3), True, None, "é"], "m": np.array([1.0, np.inf])}
    with store.begin() as conn:
        put_meta(conn, value=value)
    with store.read() as conn:
        found = get_meta(conn, "value")
    assert found == {"z": None, "a": [0.5, 3, True, None, "é"], "m": [1.0, None]}
    assert list(found) == ["z", "a", "m"]


def test_json_of_plain_values_is_json() -> None:
    assert plain_json({"a": (1, 2.5, "é")}) == '{"a": [1, 2.5, "é"]}'


@pytest.mark.parametrize(
    ("sql", "refused"),
    [
        ("INSERT INTO users (row, id, synthetic) VALUES (1, NULL, FALSE)", True),
        ("INSERT INTO users (row, id, synthetic) VALUES (1, 'a', FALSE), (1, 'b', FALSE)", True),
        ("SELECT nonsense", False),
    ],
)
def test_what_is_refused_is_told_from_a_database_that_is_away(store: Store, sql: str, refused: bool) -> None:
    with pytest.raises(StoreError) as found, store.begin() as conn:
        conn.exec_driver_sql(sql)
    assert refuses_rows(found.value) is refused
    assert not refuses_rows(StoreError("The database is away."))


def test_what_postgresql_cannot_keep_is_refused(postgres: str) -> None:
    odd = "".join(chr(0x4E00 + 7919 * k % 20_000) for k in range(3000))  # too long for an index, however it is packed
    with closing(Store.create(Path("shop"), postgres, {})) as store:
        for user in ("a\0b", odd):
            with pytest.raises(StoreError) as found, store.begin() as conn:
                add_new(conn, users, [{"row": 1, "id": user, "synthetic": False, "profile": None}])
            assert refuses_rows(found.value), user[:5]


def test_sqlite_is_prepared(sqlite: Store) -> None:
    wanted = {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 10_000, "secure_delete": 1}
    with sqlite.read() as conn:
        assert {name: conn.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted} == wanted


def test_what_was_deleted_is_in_no_file_any_more(sqlite: Store) -> None:
    said = "a secret that somebody wants forgotten"
    with sqlite.begin() as conn:
        add_new(conn, users, [{"row": 1, "id": said, "synthetic": False, "profile": None}])
    sqlite.write_through()
    with sqlite.begin() as conn:
        conn.execute(users.delete())
    sqlite.write_through()
    left = [path.name for path in sqlite.root.iterdir() if path.is_file() and said.encode() in path.read_bytes()]
    assert left == []
    with sqlite.begin() as conn:
        add_new(conn, users, [{"row": 1, "id": said, "synthetic": False, "profile": None}])
        conn.execute(users.delete())
        sqlite.write_through()  # somebody writes: it waits a moment, and harms nothing
    with sqlite.read() as conn:
        assert conn.exec_driver_sql("PRAGMA busy_timeout").scalar() == 10_000


def test_a_server_that_does_not_answer() -> None:
    pytest.importorskip("psycopg")
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        engine = make_engine(sa.make_url(f"postgresql+psycopg://ann:s3cret@127.0.0.1:{port}/taste"))
        with pytest.raises(StoreError) as caught, transaction(engine):
            pass
    said = str(caught.value)
    assert f"127.0.0.1:{port} does not answer" in said
    assert "Nothing was lost" in said
    assert "--database sqlite" in said
    assert "TASTEMAKER_DATABASE_URL" in said
    assert "s3cret" not in said


@pytest.mark.postgres
def test_a_server_that_refuses(postgres: str) -> None:
    engine = make_engine(read_url("postgresql://postgres:s3cret@127.0.0.1/no_such_database", Path()))
    with pytest.raises(StoreError, match=r"refuses.*no_such_database.*name of the database") as caught:
        transaction(engine).__enter__()
    assert "s3cret" not in str(caught.value)


def test_without_the_driver_its_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtra, match=r"pip install 'tastemaker\[postgres\]'"):
        make_engine(sa.make_url("postgresql+psycopg://h/db"))


def test_a_locked_database(sqlite: Store) -> None:
    impatient = make_engine(sqlite.engine.url, busy_seconds=0.05)
    with sqlite.begin():
        with pytest.raises(StoreError, match=r"being written by another program.*Nothing was changed"):
            transaction(impatient).__enter__()
        with transaction(impatient, writes=False) as conn:
            assert get_meta(conn, "recipe")["title"] == "Perfumes"
    impatient.dispose()


def test_a_file_that_may_not_be_written(sqlite: Store) -> None:
    engine = make_engine(sa.make_url(f"sqlite:///file:{sqlite.engine.url.database}?mode=ro&uri=true"))
    with pytest.raises(StoreError, match=r"may not be written.*right to write"), transaction(engine) as conn:
        put_meta(conn, colour="green")
    engine.dispose()


def test_a_full_disk(sqlite: Store) -> None:
    with pytest.raises(StoreError, match=r"disk is full.*Free some space"), sqlite.begin() as conn:  # noqa: PT012
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar()
        conn.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        put_meta(conn, long="x" * 100_000)
    with sqlite.read() as conn:
        assert get_meta(conn, "long") is None


@pytest.mark.parametrize("damage", ["no database", "page"])
def test_a_damaged_file(sqlite: Store, damage: str) -> None:
    sqlite.close()
    path = Path(str(sqlite.engine.url.database))
    data = bytearray(path.read_bytes())
    data[:] = os.urandom(len(data)) if damage == "no database" else data[:4096] + os.urandom(len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises(StoreError, match=r"damaged.*tastemaker db restore") as caught:
        Store.open(sqlite.root)
    assert str(path) in str(caught.value)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    engine = make_engine(read_url(f"sqlite:///{tmp_path}/none/x.db", tmp_path))
    with pytest.raises(StoreError, match="cannot be opened"):
        transaction(engine).__enter__()


def test_a_connection_lost_on_the_way_is_a_store_error(sqlite: Store) -> None:
    with pytest.raises(StoreError, match="cannot be used"), sqlite.begin() as conn:
        conn.exec_driver_sql("SELECT nonsense")


def test_sqlite_readers_outside_see_committed_rows(sqlite: Store) -> None:
    with closing(sqlite3.connect(str(sqlite.engine.url.database))) as raw:
        assert raw.execute("SELECT count(*) FROM meta").fetchone() == (4,)


def test_who_waits_for_a_connection_in_vain(sqlite: Store) -> None:
    engine = sa.create_engine(
        sqlite.engine.url, poolclass=sa.pool.QueuePool, pool_size=1, max_overflow=0, pool_timeout=0.01
    )
    with transaction(engine, writes=False), pytest.raises(StoreError, match="Too many wait"):
        transaction(engine, writes=False).__enter__()
    engine.dispose()


@pytest.mark.postgres
def test_who_uses_a_connection_for_too_long_loses_it(postgres: str) -> None:
    limits = Limits()
    engine = limits.on(make_engine(read_url(postgres, Path()), ping=False), 0.2)
    end = Event()

    def enforce() -> None:
        while not end.wait(0.01):
            limits.enforce()

    other = Thread(target=enforce)
    other.start()
    try:
        for _ in range(2):  # and the next one gets a new one
            with transaction(engine, writes=False) as conn:
                assert conn.scalar(sa.text("SELECT 1")) == 1
            with pytest.raises(StoreError, match="does not answer"), transaction(engine) as conn:
                conn.execute(sa.text("SELECT pg_sleep(20)"))
    finally:
        end.set()
        other.join()
    with transaction(engine, writes=False) as conn:  # nobody keeps the limit any more, and nothing is left of it
        assert conn.scalar(sa.text("SELECT 1")) == 1
    assert not limits._used
    engine.dispose()


@pytest.mark.postgres
def test_a_connection_that_was_lost_is_made_anew_before_it_is_used(postgres: str) -> None:
    engine = Limits().on(make_engine(read_url(postgres, Path()), ping=False), 30.0)
    with transaction(engine, writes=False) as conn:
        before = conn.scalar(sa.text("SELECT pg_backend_pid()"))
    other = make_engine(read_url(postgres, Path()))
    with transaction(other) as conn:
        conn.execute(sa.text(f"SELECT pg_terminate_backend({before})"))
    other.dispose()
    with transaction(engine, writes=False) as conn:
        assert conn.scalar(sa.text("SELECT pg_backend_pid()")) != before
    engine.dispose()
