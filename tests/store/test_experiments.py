"""The life of experiments: one at a time, arms that stick, outcomes by user, and an end that puts everything back."""

import math
import time
from contextlib import closing

import numpy as np
import pytest
import sqlalchemy as sa

from tastemaker.data.arms import deal
from tastemaker.errors import QueryError, StoreError
from tastemaker.store import Store, activate, add_versions, list_versions, put_catalog, rollback
from tastemaker.store.experiments import (
    Dealt,
    Experiment,
    NewExperiment,
    arm_of,
    experiment,
    expose,
    exposed,
    list_experiments,
    running,
    start_experiment,
    stop_experiment,
)
from tastemaker.store.outcomes import MEASURES, daily_users, outcomes_of, past_of
from tastemaker.store.tables import ab_tests

from ..experiment.made import DAY, record
from .test_kill import start
from .toys import candidate, catalog


@pytest.fixture
def shop(store: Store) -> Store:
    """Versions 0 to 3; 1 is active, 3 was rejected."""
    with store.begin() as conn:
        put_catalog(conn, catalog())
        add_versions(conn, [candidate(), candidate(), candidate(), candidate(state="rejected")])
        activate(conn, 0, "first")
        activate(conn, 1, "better")
    return store


def begin(conn: sa.Connection, control: int = 1, treatment: int = 2, **changes: object) -> Experiment:
    return start_experiment(conn, NewExperiment(control=control, treatment=treatment, started_at=100, **changes))  # type: ignore[arg-type]


def states(conn: sa.Connection) -> list[str]:
    return [v.state for v in list_versions(conn)]


def test_its_versions_are_challengers_until_it_ends(shop: Store) -> None:
    with shop.begin() as conn:
        assert running(conn) is None
        found = begin(conn, 3, 2, settings={"alpha": 0.05}, salt="pepper", share=0.3)
        assert (found.id, found.state, found.salt, found.share, found.versions) == (1, "running", "pepper", 0.3, (3, 2))
        assert found.settings == {"alpha": 0.05, "states": {"3": "rejected", "2": "candidate"}, "active": 1}
        assert states(conn) == ["retired", "active", "challenger", "challenger"]
        assert running(conn) == experiment(conn) == found
        ended = stop_experiment(conn, "enough", {"kind": "open"}, at=200)
        assert (ended.state, ended.ended_at, ended.reason, ended.verdict) == (
            "stopped",
            200,
            "enough",
            {"kind": "open"},
        )
        assert states(conn) == ["retired", "active", "candidate", "rejected"]
        assert running(conn) is None
        assert begin(conn).id == 2
        assert [e.state for e in list_experiments(conn)] == ["stopped", "running"]
        assert states(conn)[1] == "active"


def test_what_cannot_start(shop: Store) -> None:
    for wrong, said in (
        ((1, 1), "Version 1 cannot be compared with itself"),
        ((1, 9), "No version has the number 9"),
    ):
        with pytest.raises(QueryError, match=said), shop.begin() as conn:
            begin(conn, *wrong)
    with pytest.raises(QueryError, match="The share is 1; give the part"), shop.begin() as conn:
        begin(conn, share=1.0)
    with pytest.raises(QueryError, match="'like_accuracu'; did you mean 'like_accuracy'"), shop.begin() as conn:
        begin(conn, metric="like_accuracu")
    with shop.begin() as conn:
        with pytest.raises(QueryError, match="No experiment is running"):
            stop_experiment(conn, "why")
        with pytest.raises(QueryError, match="There is no experiment yet"):
            experiment(conn)
        begin(conn)
        with pytest.raises(QueryError, match="No experiment has the number 7"):
            experiment(conn, 7)
    said = r"Experiment 1 \(version 1 against 2\) is running, and only one can"
    with pytest.raises(StoreError, match=said), shop.begin() as conn:
        begin(conn, 0, 3)
    with shop.read() as conn:
        assert states(conn) == ["retired", "active", "challenger", "rejected"]


def test_the_database_itself_allows_one_running_experiment(shop: Store) -> None:
    with shop.begin() as conn:
        begin(conn)
        row = dict(conn.execute(sa.select(ab_tests)).one()._mapping)
    with pytest.raises(StoreError, match="Nothing was"), shop.begin() as conn:
        conn.execute(sa.insert(ab_tests).values({**row, "id": 2}))


def test_arms_stick_and_are_remembered_once(shop: Store) -> None:
    names = [f"ann {n}" for n in range(40)]
    with shop.begin() as conn:
        assert arm_of(conn, "ann 1") is None
        assert expose(conn, names, at=5) == {}
        test = begin(conn, 1, 2)
        for name in names:
            arm = deal(name, test.salt, 0.5)
            assert arm_of(conn, name) == Dealt(1 if arm == "control" else 2, arm, 1)
        found = expose(conn, names, at=110)
        assert {d.arm for d in found.values()} == {"control", "treatment"}
        assert expose(conn, [*names, 7], at=500)["7"] == arm_of(conn, 7)
        counted = exposed(conn, 1)
        assert (counted.control + counted.treatment, counted.first, counted.last) == (41, 110, 500)
        assert exposed(conn, 2) == (0, 0, 0, 0)


def test_an_activation_ends_what_is_dealt(shop: Store) -> None:
    with shop.begin() as conn:
        begin(conn)
        assert arm_of(conn, "ann") is not None
        rollback(conn, "emergency")
        assert arm_of(conn, "ann") is None  # everybody gets the version that was rolled back to
        activate(conn, 1, "again")
        assert arm_of(conn, "ann") is not None
        activate(conn, 2, "it is better")
        assert arm_of(conn, "ann") is None
        stop_experiment(conn, "won")
        assert states(conn) == ["retired", "retired", "active", "rejected"]


def test_outcomes_are_summed_by_user(shop: Store) -> None:
    with shop.begin() as conn:
        test = begin(conn)
        dealt = expose(conn, ["ann", "bob"], at=110)
        mine = {"test": 1, "arm": dealt["ann"].arm, "version": dealt["ann"].version, "at": 150}
        first = {"correct": False, "error": -0.5, "place": 0.1, "rank_shown": 3, "chance": 0.8}
        second = {"correct": True, "error": 1.0, "place": 0.9, "level": "content", "chance": 0.75}
        record(conn, [
            {"user": "ann", **mine, "liked": True, **first}, {"user": "ann", **mine, "liked": False, **second},
            {"user": "ann", **mine, "liked": True, "correct": None, "error": None, "place": None, "level": "asked"},
            {"user": "ann", "version": 1, "at": 50, "liked": True, "correct": True},
            {"user": "ann", "version": 1, "at": 150, "liked": True, "correct": True},
            {"user": "cleo", **mine, "arm": "treatment", "liked": True, "correct": True},
        ])  # fmt: skip
        found = outcomes_of(conn, test.id, test.started_at)
        some = outcomes_of(conn, test.id, test.started_at, ("hits", "place"))
    assert {name: y.tolist() for name, y in some.y.items()} == {n: found.y[n].tolist() for n in ("hits", "place")}
    assert (some.n["hits"], some.before_y.keys()) == (None, {"hits", "place"})
    assert found.users == ("ann", "bob", "cleo")
    assert found.treatment.tolist() == [dealt["ann"].arm == "treatment", dealt["bob"].arm == "treatment", True]
    sums = {name: (found.y[name][0], None if found.n[name] is None else found.n[name][0]) for name in MEASURES}
    assert sums == {
        "like_accuracy": (1, 2), "like_rate": (2, 3), "likes": (2, None), "hits": (1, None), "outcomes": (3, None),
        "error": (1.5, 2), "squared_error": (1.25, 2), "log_loss": (pytest.approx(-math.log(0.8 * 0.25)), 2),
        "place": (pytest.approx(0.1), 1), "fallback": (1, 3),
    }  # fmt: skip
    assert [found.y["outcomes"][k] for k in (1, 2)] == [0, 1]
    assert (found.before_y["like_accuracy"][0], found.before_n["like_accuracy"][0]) == (1, 1)
    assert found.before_y["outcomes"].tolist() == [1, 0, 0]


def test_the_past_says_what_to_expect(shop: Store) -> None:
    with shop.begin() as conn:
        assert past_of(conn, "like_rate", None, 28)[0].tolist() == []
        assert daily_users(conn, 28) == 0.0
        record(conn, [
            {"user": "old", "version": 1, "at": 0},
            *({"user": f"u{n % 14}", "version": n % 2, "at": 40 * DAY + n, "liked": n < 4} for n in range(28)),
        ])  # fmt: skip
        assert daily_users(conn, 28) == 0.5
        y, n = past_of(conn, "like_rate", 1, 28)
        assert n is not None
        assert (y.sum(), n.sum(), len(y)) == (2, 14, 7)
        y, n = past_of(conn, "likes", None, 100)
        assert n is None
        assert (y.sum(), len(y)) == (5, 15)


def test_kill_9_leaves_no_half_experiment(shop: Store) -> None:
    rng, ended = np.random.default_rng(), 0
    before = ["retired", "active", "candidate", "rejected"]
    for attempt in range(3):
        with start("experimenting", str(shop.root), str(attempt)) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(float(rng.uniform(0.02, 0.3)))
            process.kill()
        with closing(Store.open(shop.root)) as again, again.read() as conn:
            found, now = list_experiments(conn), running(conn)
            assert [e.id for e in found] == list(range(1, len(found) + 1))
            assert sum(e.state == "running" for e in found) == (now is not None)
            assert all((e.ended_at is None) == (e.state == "running") for e in found)
            states_now = list(before)
            if now is not None:
                states_now[now.treatment] = "challenger"
            assert states(conn) == states_now
            assert all(sum(exposed(conn, e.id)[:2]) % 20 == 0 for e in found)
            assert len(found) >= ended
            ended = len(found)
    assert ended > 0
