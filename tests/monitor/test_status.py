"""One look at a project, whatever there is of it."""

from dataclasses import replace

import numpy as np
import pytest

from tastemaker.monitor import DAY, Limits, judged_before, status, track
from tastemaker.store import NewVersion, Store, add_job, put_catalog, record_decision
from tastemaker.store.experiments import NewExperiment, start_experiment
from tastemaker.store.tables import meta

from .shop import BOTH, LIMITS, RECIPE, add, catalog, falling, happen, liking, shop

NOW = 1000 + 20 * DAY


def test_a_project_without_anything(store: Store) -> None:
    found = status(store, NOW)
    assert (found.items, found.version, found.since, found.why) == (0, None, None, "")
    assert found.next == ("There is no catalog yet. Run: tastemaker import --catalog FILE",)
    with store.begin() as conn:
        put_catalog(conn, catalog())
    assert status(store, NOW).next[0].startswith("Nothing answers. Choose a version")


def test_a_project_that_learned_nothing(store: Store) -> None:
    shop(store)
    found = status(store, NOW)
    assert (found.items, found.listed, found.users, found.events) == (12, 12, 0, (0, 0))
    assert (found.since, found.why, found.window.n, found.alarms) == (1000, "a test", 0, [])
    assert "tastemaker pretrain" in found.next[0]


@BOTH
def test_a_project_in_its_life(store: Store, rng: np.random.Generator) -> None:
    shop(store)
    happen(store, [(f"u{k % 9}", f"i{k % 12}", 5.0, 500 + k) for k in range(30)])
    two = add(store, liking(falling()), at=1000 + DAY, parent=0, data_from=500, data_to=529, events_real=30)
    rows = [(f"u{rng.integers(9)}", f"i{rng.integers(6)}", 1.0, 1001 + DAY + k * 3600) for k in range(400)]
    happen(store, rows, tag="later ")
    assert status(store, NOW).waiting == 400
    assert any("400 outcomes wait" in step for step in status(store, NOW).next)
    track(store, LIMITS, NOW)
    with store.begin() as conn:
        add_job(conn, "retrain", {}, NOW)
        start_experiment(conn, NewExperiment(control=0, treatment=two, started_at=NOW))
    found = status(store, NOW)
    assert found.version is not None
    assert (found.version.id, found.since, found.new, found.waiting) == (two, 1000 + DAY, 400, 0)
    assert found.events == (430, 0)
    assert found.window.accuracy.mean == 0.0
    assert (found.first.n, found.window.n) == (336, 400)  # the first 14 days, one an hour
    assert {alarm.check for alarm in found.alarms} == {"accuracy", "items drift", "grades drift"}
    assert {drift.what for drift in found.drifts} >= {"items", "grades"}
    assert found.experiment is not None
    assert [decision["what"] for decision in found.decisions] == ["activated", "activated"]
    assert [job.kind for job in found.jobs] == ["retrain"]
    assert any("tastemaker rollback" in step for step in found.next)
    assert "An experiment is running. See: tastemaker experiment report" in found.next
    assert found.as_json()["alarms"][0]["text"] == str(found.alarms[0])


def test_when_nothing_is_left_to_do(store: Store) -> None:
    shop(store)
    happen(store, [("ann", "i1", 5, 1500)])
    track(store, LIMITS, NOW)
    assert status(store, NOW).next == ("Nothing needs you. Let cron call: tastemaker tick",)


def test_a_training_that_failed_is_told_until_the_next_one(store: Store) -> None:
    shop(store)
    for what, told in (("failed", True), ("retrained", False)):
        with store.begin() as conn:
            record_decision(conn, what, "job 1 failed", NOW, None, {"job": 1})
        assert any("The last training failed" in step for step in status(store, NOW).next) == told


@pytest.mark.parametrize("later", [(), ("alarm over",), ("activated",), ("rolled back",), ("retrained",), ("alarm",)])
def test_that_learning_did_not_help_is_said_until_something_else_came_of_it(
    store: Store, rng: np.random.Generator, later: tuple[str, ...]
) -> None:
    shop(store)
    add(store, liking(falling()), at=1000 + DAY, parent=0, data_from=500, data_to=529, events_real=30)
    happen(store, [(f"u{rng.integers(9)}", f"i{rng.integers(6)}", 1.0, 1001 + DAY + k * 3600) for k in range(400)])
    track(store, LIMITS, NOW)
    with store.begin() as conn:
        for what in ("alarm", "rejected", *later, *["pruned"] * 6):  # however much was decided since about other things
            record_decision(conn, what, "a test", NOW)
    found = status(store, NOW)
    assert found.alarms
    said = any("tried and did not help" in step for step in found.next)
    assert said == (later in ((), ("alarm over",)))
    assert any("tastemaker rollback" in step for step in found.next) != said


def test_limits_are_those_of_the_recipe_that_is_kept(store: Store) -> None:
    import sqlalchemy as sa

    assert status(store, NOW).limits == LIMITS
    kept = RECIPE | {"quality": {"window_days": 7, "gone": 1}}
    with store.begin() as conn:
        conn.execute(sa.update(meta).where(meta.c.key == "recipe").values(value=kept))
    assert status(store, NOW).limits == Limits(window_days=7)


def test_what_a_version_was_judged_by() -> None:
    plain = {"recipe": "r", "algorithm": "a", "artifact": "", "code_version": "1", "seed": 0}
    from tastemaker.store import ModelVersion

    version = ModelVersion(id=1, **vars(NewVersion(**plain, data_to=NOW)))  # type: ignore[arg-type]
    assert judged_before(version) == {}
    pretrained = replace(version, metrics={"quality": {"share": 0.61}})
    assert list(judged_before(pretrained).values()) == [(0.61, 0.61, 0.61)]
    interval = {"mean": 0.7, "low": 0.69, "high": 0.71}
    taught = replace(
        version, metrics={"metric": "rmse", "later": {"metrics": {"accuracy": interval, "rmse": interval}}}
    )
    assert list(judged_before(taught)) == ["rmse, on what came later", "accuracy, on what came later"]
    ranked = replace(version, metrics={"metric": "ndcg@20", "later": {"metrics": {"ndcg": {"model": interval}}}})
    assert judged_before(ranked) == {"ndcg, on what came later": (0.7, 0.69, 0.71)}
    undated = replace(ranked, data_to=None)
    assert list(judged_before(undated)) == ["ndcg, on what was kept aside"]
