"""Experiments in the loop: ended by their verdict, by a guard, by another activation, or by the clock."""

import shutil
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import pytest

from tastemaker.errors import RecipeError
from tastemaker.experiment import start, stop
from tastemaker.lifecycle import Project, concluding
from tastemaker.lifecycle.concluding import OURS, conclude, try_out
from tastemaker.lifecycle.tick import tick_here
from tastemaker.recipe import Retraining
from tastemaker.store import NewVersion, add_versions, list_decisions
from tastemaker.store.experiments import Experiment, experiment, expose, running
from tastemaker.store.tables import ab_assignments

from ..experiment.made import crowd, record
from ..rated import DAY, START, new_project, rows, world, write_ratings

NOW = START + 500 * DAY


@pytest.fixture(scope="module")
def taught_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, found = tmp_path_factory.mktemp("rated"), world(users=40, items=30)
    root = new_project(folder, found)
    with Project.open(root) as project:
        project.import_(write_ratings(folder / "ratings.csv", rows(found, each=20)))
        assert project.train().activated
        (active,) = [v for v in project.versions() if v.state == "active"]
        copied = {f.name: getattr(active, f.name) for f in fields(NewVersion)} | {"state": "candidate"}
        with project.store.begin() as conn:
            add_versions(conn, [NewVersion(**copied)])  # version 2
    return root


@pytest.fixture
def taught(taught_root: Path, tmp_path: Path) -> Iterator[Project]:
    """Version 1 is active, 2 is a candidate."""
    with Project.open(shutil.copytree(taught_root, tmp_path / "night")) as project:
        yield project


def begin(project: Project, n: int = 0, lift: float = 0.0, by: str = OURS, **options: object) -> Experiment:
    """Version 1 against 2, met by n users within ten days."""
    found = start(project.store, 1, 2, effect="0.1", salt="s", reason=f"{by}better", at=NOW, **options)  # type: ignore[arg-type]
    with project.store.begin() as conn:
        crowd(conn, found, n, lift)
    return found


def told(project: Project) -> list[str]:
    with project.store.read() as conn:
        assert running(conn) is None
        return [d["reason"] for d in list_decisions(conn) if d["what"] == "experiment"]


def states(project: Project) -> dict[int, str]:
    return {v.id: v.state for v in project.versions()}


def test_it_waits_and_says_for_what(taught: Project) -> None:
    begin(taught, 40)
    why = tick_here(taught.store, taught.recipe, now=NOW + 10 * DAY).trigger.why
    assert why.startswith("experiment 1 is running, and decides first. Too early: ")
    assert why.endswith("each arm has 30. At the latest it ends after 60 days")
    found = conclude(taught.store, 60, NOW + 61 * DAY)
    assert told(taught) == [found.over]
    assert found.over.startswith("proposed, since 60 days brought no verdict: Too early")
    assert found.over.endswith("tastemaker activate 2")
    assert states(taught) == {0: "retired", 1: "active", 2: "candidate"}


def test_who_is_surely_better_offline_and_not_worse_on_users_answers(taught: Project) -> None:
    begin(taught, 1500)
    found = conclude(taught.store, 60, NOW + 10 * DAY)
    assert found.over.startswith("activated, since it was surely better on what came later and is not worse on users")
    assert states(taught) == {0: "retired", 1: "retired", 2: "active"}


def test_who_is_surely_worse_on_users_is_rejected(taught: Project) -> None:
    begin(taught, 1200, lift=-0.15)
    assert "Version 1 (control) wins" in conclude(taught.store, 60, NOW + 10 * DAY).over
    assert states(taught) == {0: "retired", 1: "active", 2: "rejected"}


def test_lost_users_end_it(taught: Project) -> None:
    begin(taught, 600)
    with taught.store.begin() as conn:
        conn.exec_driver_sql("DELETE FROM recommendation_quality WHERE arm = 'control'")
        conn.execute(ab_assignments.delete().where(ab_assignments.c.arm == "control"))
    assert conclude(taught.store, 60, NOW + 10 * DAY).over.startswith("Blocked: ")
    assert states(taught) == {0: "retired", 1: "active", 2: "rejected"}


@pytest.mark.parametrize(("by", "state"), [("by hand: ", "candidate"), (OURS, "rejected")])
def test_a_broken_guard_ends_anybodys_at_the_next_tick(taught: Project, by: str, state: str) -> None:
    begin(taught, 900, lift=-0.3, by=by, guards=["like_rate=5%"])
    done = tick_here(taught.store, taught.recipe, now=NOW + 10 * DAY)
    assert done.concluded.startswith("Stopped since the guard “likes per outcome” broke: ")
    assert told(taught) == [done.concluded]
    assert states(taught)[2] == state


def test_a_persons_experiment_goes_on_whatever_the_figures_say(taught: Project) -> None:
    begin(taught, 1200, lift=0.15, by="by hand: ")
    found = conclude(taught.store, 60, NOW + 100 * DAY)
    assert (found.over, found.waits.endswith("A person began it, and ends it")) == ("", True)


def test_another_activation_ends_it(taught: Project) -> None:
    begin(taught)
    assert not conclude(taught.store, 60, NOW).over
    taught.activate(0)
    assert conclude(taught.store, 60, NOW).over == "another version was activated"
    assert conclude(taught.store, 60, NOW) == concluding.Concluded()
    assert states(taught)[0] == "active"


def test_one_begun_meanwhile_is_not_ended_for_it(taught: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(taught, 1500)
    look = concluding.look

    def slow(*asked: object) -> object:
        found = look(*asked)  # type: ignore[arg-type]
        stop(taught.store)
        start(taught.store, 1, 0, at=NOW + DAY)
        return found

    monkeypatch.setattr(concluding, "look", slow)
    assert conclude(taught.store, 60, NOW + 10 * DAY) == concluding.Concluded()
    with taught.store.read() as conn:
        assert running(conn).id == 2  # type: ignore[union-attr]


def test_a_candidate_is_tried_out_by_what_it_was_judged_by(taught: Project) -> None:
    control, treatment = (next(v for v in taught.versions() if v.id == k) for k in (1, 2))

    def tried(seed: int) -> Experiment:
        try_out(taught.store, taught.recipe, control, treatment, "log loss", "better", seed, NOW)
        with taught.store.read() as conn:
            return experiment(conn)

    first = tried(0)
    stop(taught.store)
    assert first.metric == "like_accuracy"  # nobody's outcomes say yet what a log loss is
    assert [g["metric"] for g in first.settings["guards"]] == ["like_rate", "fallback"]
    assert first.reason == f"{OURS}better"
    with taught.store.begin() as conn:
        record(conn, [{"user": f"b{n}", "version": 1, "at": NOW, "chance": 0.4 + n % 5 / 10} for n in range(40)])
    again, other = tried(0), None
    stop(taught.store)
    other = tried(1)
    assert (again.metric, again.salt) == ("log_loss", first.salt)
    assert other.salt != first.salt


def test_log_loss_is_what_it_is_elsewhere(taught: Project) -> None:
    import numpy as np

    from tastemaker.metrics.foretelling import outcome_losses
    from tastemaker.store.outcomes import outcomes_of

    test = begin(taught)
    chance, liked = np.array([0.0, 1.0, 0.3, 0.8, 0.3]), np.array([True, True, False, True, True])
    with taught.store.begin() as conn:
        d = expose(conn, ["ann"], NOW)["ann"]
        one = {"user": "ann", "test": 1, "arm": d.arm, "version": d.version, "at": NOW + 5}
        told = zip(chance.tolist(), liked.tolist(), strict=True)
        record(conn, [one | {"liked": like, "chance": p, "error": p - 0.5} for p, like in told])
        record(conn, [one | {"chance": None}])
        found = outcomes_of(conn, test.id, test.started_at)
    want = outcome_losses(chance, chance, chance, liked)["log loss"].sum()
    assert found.y["log_loss"] == pytest.approx([want], rel=1e-6)
    assert found.n["log_loss"] == [5.0]
    assert found.y["squared_error"] == pytest.approx([((chance - 0.5) ** 2).sum() + 0.25])


def test_guards_of_a_recipe_are_read() -> None:
    with pytest.raises(RecipeError, match="experiment_guards: Nothing is measured as 'like_rat'"):
        replace(Retraining(), experiment_guards=("like_rat=5%",))
    with pytest.raises(RecipeError, match="experiment_days is 0"):
        Retraining(experiment_days=0)
