"""The life of model versions: one active at a time, every change logged, every change undone."""

import pytest
import sqlalchemy as sa

from tastemaker.data.query import Query, Slate
from tastemaker.errors import QueryError, StoreError
from tastemaker.store import (
    Import,
    Store,
    activate,
    active_version,
    add_versions,
    find_import,
    lineage,
    list_activations,
    list_imports,
    list_runs,
    list_versions,
    put_import,
    put_slate,
    read_slates,
    record_run,
    rollback,
    set_state,
    version,
)
from tastemaker.store.tables import model_versions

from .toys import candidate, run


@pytest.fixture
def four(store: Store) -> Store:
    with store.begin() as conn:
        assert add_versions(conn, [candidate(algorithm="untrained")]) == [0]
        assert add_versions(conn, [candidate(parent=0), candidate(state="rejected"), candidate(parent=1)]) == [1, 2, 3]
    return store


def states(store: Store) -> list[str]:
    with store.read() as conn:
        return [v.state for v in list_versions(conn)]


def test_a_version_comes_back_as_it_was(store: Store) -> None:
    given = candidate(params={"dim": 50, "l2": 0.01}, metrics={"ndcg": float("nan")}, judged_artifact="cd", seed=2**40)
    with store.begin() as conn:
        found = version(conn, add_versions(conn, [given])[0])
        assert active_version(conn) is None
    assert {**vars(found), "metrics": None} == {**vars(given), "id": 0, "metrics": None}
    assert found.metrics == {"ndcg": None}


def test_no_versions_are_no_versions(store: Store) -> None:
    with store.begin() as conn:
        assert add_versions(conn, []) == []
        with pytest.raises(QueryError, match="none yet: import a catalog"):
            version(conn, 0)


def test_an_unknown_version_is_named(four: Store) -> None:
    with pytest.raises(QueryError, match=r"number 9\. There are 0 to 3"), four.begin() as conn:
        activate(conn, 9, "why not")


def test_activation_retires_the_one_before(four: Store) -> None:
    with four.begin() as conn:
        assert activate(conn, 0, "first import").state == "active"
        activate(conn, 3, "better by 4 %")
        activate(conn, 3, "again")
        found = active_version(conn)
        assert found is not None
        assert found.id == 3
        log = [(a["version"], a["previous"], a["reason"], a["back"]) for a in list_activations(conn)]
    assert states(four) == ["retired", "candidate", "rejected", "active"]
    assert log == [(0, None, "first import", False), (3, 0, "better by 4 %", False)]


def test_rollback_follows_the_log_back_to_its_start(four: Store) -> None:
    with four.begin() as conn:
        for id_ in (0, 1, 3, 1):
            activate(conn, id_, "forward")
        assert [rollback(conn, "bad").id for _ in range(2)] == [3, 1]
        activate(conn, 2, "forward again")
        assert [rollback(conn, "bad").id for _ in range(2)] == [1, 0]
        with pytest.raises(StoreError, match=r"Version 0 was the first to be active.*tastemaker versions"):
            rollback(conn, "worse")
    assert states(four)[0] == "active"


def test_rollback_without_any_activation(four: Store) -> None:
    with pytest.raises(StoreError, match="No version is active: there is none to go back to"), four.begin() as conn:
        rollback(conn, "bad")


def test_the_database_itself_allows_one_active_version(four: Store) -> None:
    with pytest.raises(StoreError, match="Nothing was"), four.begin() as conn:
        conn.execute(sa.update(model_versions).values(state="active"))
    with pytest.raises(StoreError, match="Nothing was"), four.begin() as conn:
        conn.execute(sa.update(model_versions).values(state="shiny"))
    assert "active" not in states(four)


def test_states_are_set_but_the_active_one_is_given_by_activate(four: Store) -> None:
    with four.begin() as conn:
        activate(conn, 0, "first")
        set_state(conn, 1, "challenger")
        with pytest.raises(StoreError, match="Version 0 is the active one"):
            set_state(conn, 0, "rejected")
        with pytest.raises(StoreError, match="cannot be active yet"):
            add_versions(conn, [candidate(state="active")])
    assert states(four) == ["active", "challenger", "rejected", "candidate"]


def test_lineage_goes_to_the_root(four: Store) -> None:
    with four.read() as conn:
        assert [v.id for v in lineage(conn, 3)] == [3, 1, 0]
        assert [v.id for v in lineage(conn, 2)] == [2]


def test_runs_are_kept_by_version(four: Store) -> None:
    runs = [run(1, real=3, synthetic=10_000), run(1, real=2, stages={"fit": 1.25})]
    with four.begin() as conn:
        for one in [*runs, run(3)]:
            record_run(conn, one)
        assert list_runs(conn, 1) == runs
        assert list_runs(conn, 0) == []


def test_an_import_is_known_by_its_digest(store: Store) -> None:
    first = Import("d1", "catalog", "perfume.csv", at=5, rows=10, loaded=7, merged=2, refused=1, repaired=3)
    with store.begin() as conn:
        assert put_import(conn, first)
        assert not put_import(conn, Import("d1", "catalog", "copy.csv", 9, 10, 10))
        assert put_import(conn, Import("d1", "events", "copy.csv", 9, 10, 10))
        assert find_import(conn, "d1", "catalog") == first
        assert find_import(conn, "d2", "catalog") is None
        assert [done.what for done in list_imports(conn)] == ["catalog", "events"]


def test_a_slate_is_kept_with_what_was_asked(store: Store) -> None:
    query = Query(likes=("oud",), user="ann", profile={"woody": 0.9}, n=2)
    slate = Slate(
        ("rose", "plain"), (0.5, float("nan")), ("m", "p"), ((), ()), "3", "parent", "damaged", "B", (1.0, 0.02)
    )
    with store.begin() as conn:
        assert put_slate(conn, query, slate, at=2**33) == 1
        assert put_slate(conn, Query(), slate, at=7) == 2
        (found,) = read_slates(conn, "ann")
        assert len(read_slates(conn)) == 2
    assert (found["at"], found["items"], found["scores"]) == (2**33, ["rose", "plain"], [0.5, None])
    assert (found["version"], found["level"], found["level_reason"], found["arm"]) == ("3", "parent", "damaged", "B")
    assert found["propensities"] == [1.0, 0.02]
    assert (found["query"]["likes"], found["query"]["profile"]) == (["oud"], {"woody": 0.9})
