"""Whose events came: also where transactions end in another order than they numbered their rows."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

import pytest
import sqlalchemy as sa

from tastemaker.data.events import KINDS
from tastemaker.store import Store, mark_now, put_catalog, read_catalog, read_dataset
from tastemaker.store import arrivals as module
from tastemaker.store.arrivals import Arrivals, settled_mark
from tastemaker.store.ingest import Told, ingest
from tastemaker.store.quality import count_after, events_now
from tastemaker.store.tables import events
from tastemaker.store.upserts import put_users
from tastemaker.watch import Progress, Watch

from .conftest import RECIPE
from .toys import TASTES, catalog

LIKE = KINDS.index("like")


@pytest.fixture
def filled(store: Store) -> Store:
    return fill(store)


@pytest.fixture
def server(tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr(module, "BACK", 0.0)  # whoever else writes on this server
    with closing(Store.create(tmp_path / "shop", postgres, RECIPE)) as made:
        yield fill(made)


def fill(store: Store) -> Store:
    """Users who are known already, so that writers do not wait for each other."""
    with store.begin() as conn:
        put_catalog(conn, catalog())
        put_users(conn, {name: {} for name in ("ann", "bob", "cid")})
    return store


def add(conn: sa.Connection, user: str, *keys: str) -> None:
    assert ingest(conn, [Told(user, "oud", LIKE, 1.0, 5, 5, key) for key in keys]) == ["accepted"] * len(keys)


def look(store: Store, state: Arrivals) -> tuple[Arrivals, list[str] | None]:
    with store.read() as conn:
        return state.look(conn)


def test_each_is_named_once(filled: Store) -> None:
    with filled.begin() as conn:
        add(conn, "ann", "1")
    state, found = look(filled, Arrivals())
    assert found == []
    with filled.begin() as conn:
        add(conn, "bob", "2", "3")
        add(conn, "cid", "4")
    state, found = look(filled, state)
    assert sorted(found or ()) == ["bob", "cid"]
    for _ in range(4):
        state, found = look(filled, state)
        assert found == []


def test_what_was_numbered_before_and_committed_after_is_noticed(server: Store) -> None:
    state, _ = look(server, Arrivals())
    with server.begin() as late:
        add(late, "ann", "1")
        with server.begin() as conn:
            add(conn, "bob", "2")
        for expected in (["bob"], [], [], []):
            state, found = look(server, state)
            assert found == expected
    state, found = look(server, state)
    assert found == ["ann"]
    state, found = look(server, state)
    assert found == []
    until_settled(server, state)


def test_who_began_to_write_last_and_numbered_first_is_noticed(server: Store) -> None:
    """PostgreSQL's snapshot ends after the last transaction that has ended: who began after that is beyond it."""
    state, _ = look(server, Arrivals())
    with ExitStack() as stack:
        with server.begin() as conn:
            conn.execute(sa.delete(events).where(events.c.key == "none"))
            conn.exec_driver_sql("SELECT txid_current()")
            late = stack.enter_context(server.begin())
            add(late, "ann", "1")
            add(conn, "bob", "2")
        for expected in (["bob"], [], [], []):
            state, found = look(server, state)
            assert found == expected
    assert look(server, state)[1] == ["ann"]


def until_settled(store: Store, state: Arrivals) -> None:
    """What is looked at again ends as soon as nobody writes."""
    end = monotonic() + 20.0
    while state.seen or state.floor != state.newest:
        assert monotonic() < end
        state, found = look(store, state)
        assert found == []
        sleep(0.05)


def test_who_was_writing_at_the_first_look_is_noticed(server: Store) -> None:
    with server.begin() as late:
        add(late, "ann", "1")
        with server.begin() as conn:
            add(conn, "bob", "2")
        state, found = look(server, Arrivals())
        assert found == []
    assert look(server, state)[1] == ["ann"]


def test_while_somebody_writes_for_long_little_is_read_again(server: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BACK", 1000.0)
    state, _ = look(server, Arrivals())
    with server.begin() as late:
        add(late, "ann", "1")
        with server.begin() as conn:
            add(conn, "bob", "2")
        for _ in range(8):
            state, found = look(server, state)
        assert (found, len(state.looks)) == ([], 1)  # no look is kept that knows of nothing newer
        with server.begin() as conn:
            add(conn, "cid", "3")
        before, read = state.back, list[int]()
        sa.event.listen(server.engine, "after_cursor_execute", lambda *said: read.append(said[1].rowcount))
        state, found = look(server, state)
        assert (found, state.back, max(read)) == (["cid"], before, 1)
        assert len(state.seen) == 2
        monkeypatch.setattr(module, "BACK", 0.0)
    state, found = look(server, state)
    assert found == ["ann"]
    until_settled(server, state)


def test_where_too_much_is_not_settled_all_is_read_anew(server: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WIDE", 3)
    state, _ = look(server, Arrivals())
    with server.begin() as late:
        add(late, "ann", "1")
        with server.begin() as conn:
            add(conn, "bob", "2", "3", "4")
        state, found = look(server, state)
        assert found is None
        for _ in range(3):
            state, found = look(server, state)
            assert found == []
    end = monotonic() + 20.0
    while (step := look(server, state))[1] is not None:
        state = step[0]
        assert monotonic() < end
    until_settled(server, step[0])


def test_many_and_deleted_ones_are_not_named(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MANY", 2)
    state, _ = look(filled, Arrivals())
    with filled.begin() as conn:
        add(conn, "ann", "1", "2", "3")
    state, found = look(filled, state)
    assert found is None
    with filled.begin() as conn:
        conn.execute(sa.delete(events).where(events.c.key == "3"))
    state, found = look(filled, state)
    assert found is None
    with filled.begin() as conn:
        add(conn, "bob", "4")  # on SQLite with the number of the one that is gone
    assert look(filled, state)[1] == ["bob"]


def test_a_mark_waits_for_who_is_about_to_add(server: Store) -> None:
    with server.read() as conn:
        known = read_catalog(conn)
    added, may_end = Event(), Event()

    def late() -> None:
        with server.begin() as conn:
            add(conn, "ann", "1")
            added.set()
            assert may_end.wait(20.0)

    thread = Thread(target=late)
    thread.start()
    assert added.wait(20.0)
    with server.begin() as conn:
        add(conn, "bob", "2")
    with server.read() as conn:
        assert mark_now(conn).event == 2
    Thread(target=lambda: (sleep(0.5), may_end.set())).start()
    mark = settled_mark(server)
    assert may_end.is_set()
    thread.join()
    with server.read() as conn:
        assert (mark.event, len(read_dataset(conn, known, TASTES, synthetic=False, until=mark))) == (2, 2)


def test_a_mark_does_not_wait_for_ever(server: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = list[Progress]()
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    with server.begin() as late:
        add(late, "ann", "1")
        assert settled_mark(server, Watch(report=heard.append)).event == -1
        assert heard == []  # so short a wait is nobody's concern
        monkeypatch.setattr(module, "NOTICED", 0.1)
        settled_mark(server, Watch(report=heard.append))
    assert (heard[0].done, heard[-1]) == (0, Progress("wait for who writes", 1, 1))


def test_what_came_late_is_counted_as_new(server: Store) -> None:
    with ExitStack() as stack:
        late = stack.enter_context(server.begin())
        add(late, "ann", "1", "2", "3")
        with server.begin() as conn:
            add(conn, "bob", "4")
        with server.read() as conn:
            read = events_now(conn)
            assert read == {"events": 1, "last": 4}
            assert count_after(conn, read["last"], 5, read["events"]) == 0
    with server.begin() as conn:
        add(conn, "cid", "5")
    with server.read() as conn:
        assert count_after(conn, read["last"], 5, read["events"]) == 4
        assert count_after(conn, read["last"], 4, read["events"]) == 5  # all were heard of after that
