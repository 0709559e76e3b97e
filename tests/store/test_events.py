"""Users and what they did: added once, read as they were, forgotten without a trace."""

from dataclasses import fields, replace
from threading import Event, Thread
from time import sleep, time

import numpy as np
import pytest
import sqlalchemy as sa

from tastemaker.data.dataset import Dataset
from tastemaker.data.events import KINDS
from tastemaker.data.query import Query, Slate
from tastemaker.data.vocab import Vocab
from tastemaker.errors import DataError, QueryError
from tastemaker.store import (
    EventCount,
    Forgotten,
    Store,
    add_versions,
    count_events,
    delete_synthetic,
    forget,
    get_meta,
    put_catalog,
    put_events,
    put_meta,
    put_slate,
    read_catalog,
    read_dataset,
    read_slates,
    read_user,
    record_run,
)
from tastemaker.store.forgetting import Lately, drop_forgotten
from tastemaker.store.ingest import Told, drop_batches, ingest
from tastemaker.store.tables import METADATA, forgotten_users, users

from .toys import SCALES, TASTES, candidate, catalog, dataset, keys, run

INVENTED = ("s1", "s2", "s3", "s4")


@pytest.fixture
def filled(store: Store) -> Store:
    with store.begin() as conn:
        put_catalog(conn, catalog("before", *catalog().items.ids))  # rows differ from those of `dataset()`
        assert put_events(conn, dataset(), keys()) == 5
        assert put_events(conn, dataset(True, INVENTED), keys("made")) == 5
    return store


def read(store: Store, synthetic: bool | None = None) -> Dataset:
    with store.read() as conn:
        return read_dataset(conn, read_catalog(conn), TASTES, SCALES, synthetic=synthetic)


def test_events_come_back_as_they_were(filled: Store) -> None:
    given, found = dataset(), read(filled, synthetic=False)
    assert found.users.ids == ("busy", "quiet", "silent")  # of nobody nothing is known
    np.testing.assert_array_equal(found.profiles, given.profiles[:3])
    assert (found.tastes, found.scales) == (TASTES, SCALES)
    np.testing.assert_array_equal(found.events.item, given.events.item + 1)
    for f in fields(given.events):
        if f.name not in ("item", "context"):
            mine, theirs = getattr(given.events, f.name), getattr(found.events, f.name)
            np.testing.assert_array_equal(mine, theirs)
            assert mine.dtype == theirs.dtype, f.name
    np.testing.assert_array_equal(found.events.context["hour"], given.events.context["hour"])
    np.testing.assert_array_equal(found.signed(), given.signed())


def test_the_source_chooses(filled: Store) -> None:
    assert read(filled, synthetic=True).users.ids == ("s1", "s2", "s3")
    assert read(filled, synthetic=True).events.synthetic.all()
    assert len(read(filled)) == 10
    with filled.read() as conn:
        assert count_events(conn) == EventCount(5, 5)


def test_the_same_again_adds_nothing(filled: Store) -> None:
    with filled.begin() as conn:
        assert put_events(conn, dataset(), keys()) == 0
        assert put_events(conn, dataset(), ["real-0", "x", "y", "x", "real-4"]) == 2
        assert count_events(conn) == EventCount(7, 5)


def test_a_store_without_events(store: Store) -> None:
    with store.begin() as conn:
        put_catalog(conn, catalog())
        nothing = dataset().where(np.zeros(5, bool))
        assert put_events(conn, nothing, []) == 0
    found = read(store)
    assert (len(found), found.users.ids, found.profiles.shape) == (0, ("busy", "silent"), (2, 2))
    with store.read() as conn:
        assert count_events(conn) == EventCount(0, 0)


def test_profiles_grow_taste_by_taste(filled: Store) -> None:
    stated = np.array([[0.1, np.nan], [np.nan, 0.5], [np.nan, np.nan], [np.nan, np.nan]], np.float32)
    with filled.begin() as conn:
        put_events(conn, replace(dataset(), profiles=stated), keys())
    expected = np.array([[0.1, np.nan], [np.nan, 0.5], [0.25, 0]], np.float32)
    np.testing.assert_array_equal(read(filled, synthetic=False).profiles, expected)


def test_events_of_items_outside_the_catalog_are_left_out(filled: Store) -> None:
    with filled.read() as conn:
        found = read_dataset(conn, catalog("rose", "oud"), synthetic=False)
    assert found.events.item.tolist() == [1, 0, 1, 1]
    assert found.tastes == ()


def test_one_user(filled: Store) -> None:
    with filled.read() as conn:
        found = read_user(conn, "quiet", catalog(), TASTES, SCALES)
        silent = read_user(conn, "silent", catalog(), TASTES)
        assert read_user(conn, "stranger", catalog(), TASTES) is None
    assert found is not None
    assert silent is not None
    assert (found.users.ids, found.events.item.tolist(), found.events.time.tolist()) == (("quiet",), [0], [2**40])
    assert len(silent) == 0
    assert silent.profiles.tolist() == [[0.25, 0]]


def test_an_unknown_item_is_named_and_nothing_is_added(store: Store) -> None:
    with store.begin() as conn:
        put_catalog(conn, catalog("oud", "rose"))
    with pytest.raises(DataError, match="ōsaka"), store.begin() as conn:
        put_events(conn, dataset(), keys())
    assert len(read(store).users) == 0


def test_one_key_an_event(store: Store) -> None:
    with pytest.raises(DataError, match="5 events come with 2 keys"), store.begin() as conn:
        put_events(conn, dataset(), ["a", "b"])


@pytest.mark.parametrize("synthetic", [False, True])
def test_real_and_invented_users_never_share_an_id(filled: Store, synthetic: bool) -> None:
    names = ("busy", *INVENTED[1:]) if synthetic else ("s1", "b", "c", "d")
    with pytest.raises(DataError, match=r"is an? (real|invented) user"), filled.begin() as conn:
        put_events(conn, dataset(synthetic, names), keys("more"))
    mixed = dataset()
    mixed = replace(mixed, events=replace(mixed.events, synthetic=np.array([True, False, True, True, True])))
    with pytest.raises(DataError, match="'busy' has real and invented"), filled.begin() as conn:
        put_events(conn, mixed, keys("more"))
    assert len(read(filled)) == 10


def test_invented_users_can_be_removed(filled: Store) -> None:
    with filled.begin() as conn:
        assert delete_synthetic(conn) == 5
        assert count_events(conn) == EventCount(5, 0)
        put_events(conn, dataset(True, INVENTED), keys("made"))
    assert read(filled).users.ids == ("busy", "quiet", "silent", "s1", "s2", "s3")
    assert len(read(filled)) == 10


def test_forgetting_a_user_removes_events_profile_and_slates(filled: Store) -> None:
    with filled.begin() as conn:
        for name in ("busy", "busy", "quiet", None):
            put_slate(conn, Query(likes=("oud",), user=name), Slate(("oud",), (1.0,), ("m",), ((),), "0", "active"), 5)
        assert forget(conn, "busy") == Forgotten(4, 2, ())
        assert [slate["user"] for slate in read_slates(conn)] == ["quiet", None]
    found = read(filled)
    assert found.users.ids == ("quiet", "silent", "s1", "s2", "s3")
    assert found.events.user.tolist() == [0, 2, 2, 2, 2, 3]


def test_forgetting_names_the_versions_that_had_learned(filled: Store) -> None:
    with filled.begin() as conn:
        old, real, invented, tuned, later = range(5)
        add_versions(conn, [candidate(created_at=19)])  # before the first event that we heard of, at 20
        add_versions(conn, [candidate(created_at=20), candidate(created_at=30)])
        add_versions(conn, [candidate(created_at=30, parent=real), candidate(created_at=30)])
        for version in (old, real):
            record_run(conn, run(version, real=9))
        for version in (invented, tuned):
            record_run(conn, run(version, synthetic=9))
        assert forget(conn, "s1").versions == (invented, tuned)
        assert forget(conn, "busy").versions == (real, tuned)
        assert forget(conn, "silent") == Forgotten(0, 0, ())
        assert later not in (real, tuned)


def test_a_user_known_only_from_slates_can_be_forgotten(filled: Store) -> None:
    with filled.begin() as conn:
        put_slate(conn, Query(user="guest"), Slate((), (), (), (), "0", "popularity"), 5)
        assert forget(conn, "guest") == Forgotten(0, 1, ())


def test_forgetting_nobody(filled: Store) -> None:
    with pytest.raises(QueryError, match=r"'busi'; did you mean 'busy'\?.*Nothing was changed"), filled.begin() as conn:
        forget(conn, "busi")


def test_nothing_of_a_forgotten_user_remains(filled: Store) -> None:
    secret = "marianne-quail"
    with filled.begin() as conn:
        put_events(conn, dataset(users=(secret, "b", "c", "d")), [*keys(secret, 4), "b-0"])
        put_slate(conn, Query(user=secret), Slate(("oud",), (1.0,), ("m",), ((),), "0", "active"), 5)
        forget(conn, secret)
        for table in METADATA.sorted_tables:
            assert secret not in str(conn.execute(sa.select(table)).all())
    filled.close()
    for path in filled.root.rglob("*"):
        assert path.is_dir() or secret.encode() not in path.read_bytes(), path


def test_who_logs_while_a_user_is_forgotten_ends_first_or_knows(filled: Store) -> None:
    begun, slate = Event(), Slate(("oud",), (1.0,), ("m",), ((),), "0", "active")
    lately, before = Lately(), time()

    def log() -> None:
        with filled.begin() as conn:
            lately.read(conn)
            if not lately.has("busy", before):
                put_slate(conn, Query(user="busy"), slate, 5)
            begun.set()
            sleep(0.3)

    for _ in range(2):  # once before they are forgotten, once after
        begun.clear()
        thread = Thread(target=log)
        thread.start()
        assert begun.wait(20.0)
        if not lately.has("busy", before):
            with filled.begin() as conn:
                forget(conn, "busy")
        thread.join(20.0)
        with filled.read() as conn:
            assert read_slates(conn, "busy") == []
    with filled.begin() as conn:
        lately.read(conn)
        assert (lately.has("busy", before), lately.has("busy", time() + 1), lately.has("quiet", before)) == (1, 0, 0)
        drop_forgotten(conn, time())
        assert conn.execute(sa.select(forgotten_users)).all() == []


def test_rows_of_users_are_kept(filled: Store) -> None:
    with filled.begin() as conn:
        forget(conn, "busy")
        put_events(conn, dataset(users=("late", "quiet", "silent", "x")), keys("late"))
        rows = {row.id: row.row for row in conn.execute(sa.select(users))}
    assert rows == {"quiet": 1, "silent": 2, "s1": 3, "s2": 4, "s3": 5, "late": 6}


def told(user: str, key: str, batch: str = "", body: str = "", at: int = 5) -> Told:
    return Told(user, "oud", KINDS.index("like"), 1.0, at, at, key, batch=batch, body=body)


def test_a_batch_has_one_body_unless_it_was_acknowledged(filled: Store) -> None:
    with filled.begin() as conn:
        mixed = [told("ann", "a:0", "b1", "x"), told("bob", "c:0", "b1", "y"), told("bob", "id:7")]
        assert ingest(conn, mixed) == ["accepted", "another body", "accepted"]
    with filled.begin() as conn:
        again = [told("ann", "a:0", "b1", "x"), told("bob", "c:0", "b1", "y"), told("bob", "d:0", "b2", "y")]
        assert ingest(conn, again) == ["duplicate", "another body", "accepted"]
        assert ingest(conn, again, late=True) == ["duplicate", "accepted", "duplicate"]
        assert [drop_batches(conn, 6, 1) for _ in range(3)] == [1, 1, 0]
        assert ingest(conn, [told("bob", "e:0", "b1", "z", 6)]) == ["accepted"]


def test_two_writers_of_one_batch_wait_for_each_other(filled: Store) -> None:
    fates, begun = {}, Event()

    def second(body: str) -> None:
        with filled.begin() as conn:
            begun.set()
            fates[body] = ingest(conn, [told("ann", f"{body}:0", "b1", body)])

    for body in ("x", "y"):
        begun.clear()
        thread = Thread(target=second, args=(body,))
        with filled.begin() as conn:
            ingest(conn, [told("ann", "x:0", "b1", "x")])
            thread.start()
            begun.wait(0.3)
        thread.join(20.0)
    assert fates == {"x": ["duplicate"], "y": ["another body"]}


def test_meta_is_replaced_by_key(store: Store) -> None:
    with store.begin() as conn:
        put_meta(conn, a=1, b=[2])
        put_meta(conn, a=None)
        assert (get_meta(conn, "a"), get_meta(conn, "b"), get_meta(conn, "c")) == (None, [2], None)


def test_many_events_at_once(sqlite: Store) -> None:
    n, one = 25_000, dataset()
    many = one.where(np.arange(n) % len(one))
    with sqlite.begin() as conn:
        put_catalog(conn, catalog())
        assert put_events(conn, many, keys("k", n)) == n
        assert put_events(conn, many, keys("k", n)) == 0
        assert len(read_dataset(conn, catalog())) == n
    assert Vocab(("busy", "quiet", "silent")).ids == read(sqlite).users.ids
