"""The loop on a small rated world: learned, watched, learned again; what is not surely better replaces nothing."""

import time
from dataclasses import fields
from pathlib import Path
from socket import gethostname

import numpy as np
import pytest

from tastemaker.errors import LeaseHeld, QueryError
from tastemaker.lifecycle import Project
from tastemaker.lifecycle import tick as ticking
from tastemaker.lifecycle.leased import leased
from tastemaker.lifecycle.tick import tick_here
from tastemaker.lifecycle.triggers import Trigger, trigger
from tastemaker.monitor import Alarm
from tastemaker.store import (
    NewVersion,
    active_version,
    add_job,
    add_versions,
    list_decisions,
    list_jobs,
    record_decision,
)
from tastemaker.store.quality import events_now
from tastemaker.watch import Progress, Watch

from ..rated import DAY, START, new_project, rows, world, write_ratings
from ..shops import edit

FOUND = world(users=120, items=60)
MADE = rows(FOUND, days=200, each=30)
HALF = START + 110 * DAY
NOW = START + 300 * DAY


@pytest.fixture(scope="module")
def taught_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that learned from the first half of what happened."""
    folder = tmp_path_factory.mktemp("rated")
    root = new_project(folder, FOUND)
    with Project.open(root) as project:
        project.import_(write_ratings(folder / "first.csv", [row for row in MADE if row[3] < HALF]))
        done = project.train()
        assert done.activated, done.why
    return root


@pytest.fixture
def taught(taught_root: Path, tmp_path: Path) -> Project:
    import shutil

    with Project.open(shutil.copytree(taught_root, tmp_path / "night")) as project:
        yield project


def second_half(tmp_path: Path) -> Path:
    return write_ratings(tmp_path / "second.csv", [row for row in MADE if row[3] >= HALF])


def what(project: Project) -> list[str]:
    with project.store.read() as conn:
        return [decision["what"] for decision in list_decisions(conn)]


def test_a_first_model_beats_one_that_cannot_foretell(taught: Project) -> None:
    (version,) = [v for v in taught.versions() if v.state == "active"]
    later = version.metrics["later"]
    assert later["metrics"]["accuracy"]["low"] > later["floor"]["accuracy"]
    assert version.artifact != version.judged_artifact
    assert START <= version.data_from < version.metrics["begins"] < version.data_to < HALF
    assert version.events_real == len([row for row in MADE if row[3] < HALF])
    assert version.reason == "train"
    assert "numpy" in version.environment


def test_a_retraining_is_judged_recorded_and_never_silent(taught: Project, tmp_path: Path) -> None:
    taught.import_(second_half(tmp_path))
    before = max(v.id for v in taught.versions() if v.state == "active")
    done = taught.retrain().done
    assert done is not None
    assert done.parent == before
    states = {v.id: v.state for v in taught.versions()}
    assert states[done.version] == ("active" if done.what == "activated" else "rejected")
    assert list(states.values()).count("active") == 1
    with taught.store.read() as conn:
        last = [d for d in list_decisions(conn) if d["what"] in ("retrained", "rejected")][-1]
    assert done.reason in last["reason"]
    assert last["detail"]["because"].startswith("asked for by hand")


def test_nothing_new_trains_nothing(taught: Project) -> None:
    done = taught.retrain(force=False)
    assert done.done is None
    assert "no alarm" in done.trigger.why
    assert len(taught.versions()) == len(taught.versions())


def test_enough_that_is_new_is_a_reason_unless_the_last_time_was_in_vain(taught: Project, tmp_path: Path) -> None:
    edit(
        taught.store.root / "recipe.toml",
        {r"\[retrain\]": "[retrain]\nnew_events = 50", r"min_lift = 0 .*": "min_lift = 99"},
    )
    later = [row for row in MADE if row[3] >= HALF]
    with Project.open(taught.store.root) as project:
        project.import_(write_ratings(tmp_path / "a.csv", later[:60]))
        first = tick_here(project.store, project.recipe)
        assert "60 new events" in first.trigger.why
        assert first.done is not None
        assert first.done.what == "rejected"
        assert "needed: 99" in first.done.reason
        rejected = next(v for v in project.versions() if v.id == first.done.version)
        assert rejected.artifact == rejected.judged_artifact  # what is rejected is not learned again from everything
        assert tick_here(project.store, project.recipe).done is None
        project.import_(write_ratings(tmp_path / "b.csv", later[60:75]))
        waiting = tick_here(project.store, project.recipe)
        assert waiting.done is None


def test_two_at_once_one_works_and_one_says_who(taught: Project, tmp_path: Path) -> None:
    taught.import_(second_half(tmp_path))
    with leased(taught.store):
        busy = taught.retrain()
        assert busy.done is None
        assert "holds the lease for training since" in busy.busy
        with pytest.raises(LeaseHeld, match=r"Process \d+ on .* holds the lease"), leased(taught.store):
            pass
    assert taught.retrain().done is not None


def test_settings_that_won_are_kept_until_the_recipe_says_others(taught: Project, tmp_path: Path) -> None:
    root = taught.store.root
    found = taught.train(models=("biases",), options={"damping_user": 2.0}).versions[0]
    taught.activate(found.id)
    taught.import_(second_half(tmp_path))

    def again() -> tuple[str, float, float]:
        with Project.open(root) as project:
            done = project.retrain().done
            assert done is not None
            params = next(v.params for v in project.versions() if v.id == done.version)
            with project.store.read() as conn:
                last = [d for d in list_decisions(conn) if d["what"] in ("retrained", "rejected")][-1]
            assert last["detail"]["settings"] == done.settings
            return done.settings, params["damping_user"], params["damping_item"]

    assert again() == (f"those of version {found.id}", 2.0, 5.0)
    taught.activate(found.id)
    edit(root / "recipe.toml", {r"\[models.biases\]": "[models.biases]\ndamping_item = 7.0"})
    assert again() == ("the recipe's", 5.0, 7.0)


def test_tick_trains_in_a_process_of_its_own(taught: Project, tmp_path: Path) -> None:
    edit(
        taught.store.root / "recipe.toml",
        {r"\[retrain\]": "[retrain]\nnew_events = 50"},
    )
    with Project.open(taught.store.root) as project:
        project.import_(second_half(tmp_path))
        done = project.tick()
        assert done.job is not None
        assert done.done is not None
        with project.store.read() as conn:
            (job,) = list_jobs(conn)
        assert (job.state, job.result["version"]) == ("done", done.done.version)


def test_a_job_that_nobody_knows(taught: Project) -> None:
    with pytest.raises(QueryError, match="No job has the number 7"):
        taught.run_job(7)


def test_two_versions_side_by_side(taught: Project, tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="cannot be compared with itself"):
        taught.compare_versions(1, 1)
    taught.import_(second_half(tmp_path))
    found = taught.compare_versions(0, 1)
    assert found.lift.low > 0  # version 0 foretells nothing
    assert found.fair == ""
    assert len(found.as_json()["versions"]) == 2


def test_tags_without_times_limit_a_judgement(taught: Project, tmp_path: Path) -> None:
    taught.import_(second_half(tmp_path))
    assert not [said for said in (taught.compare_versions(0, 1).fair, taught.evaluate().fair) if "Tags" in said]
    (tmp_path / "tags.csv").write_text("userId,movieId,tag,timestamp\nu1,3,sad,1\nu2,3,sad,2\n", "utf-8")
    taught.import_tags(tmp_path / "tags.csv")
    (replayed,), _ = taught.replay(None, ("never",), step_days=90.0)
    for said in (taught.compare_versions(0, 1).fair, taught.evaluate().fair, replayed.fair):
        assert said.startswith("Tags have no times here")


def test_a_clock_that_jumped_back_changes_nothing_that_was_learned(taught: Project, tmp_path: Path) -> None:
    taught.import_(second_half(tmp_path))
    done = tick_here(taught.store, taught.recipe, force=True, now=int(time.time()) - 400 * DAY)
    assert done.done is not None
    assert np.isin([v.state for v in taught.versions()], "active").sum() == 1


RINGS = Alarm("age", 99.0, 90.0, 0, "Learn", 1, "version 1 is old")


def weighed(project: Project, now: int, alarms: tuple[Alarm, ...] = (RINGS,)) -> Trigger:
    with project.store.read() as conn:
        return trigger(conn, project.recipe, active_version(conn), alarms, False, now)


def decided(project: Project, what: str, version: int | None = None, at: int | None = None) -> None:
    with project.store.begin() as conn:
        detail = events_now(conn)
        record_decision(conn, what, "a test", int(time.time()) if at is None else at, version, detail)


def test_forgetting_users_hides_nothing_that_is_new(taught: Project, tmp_path: Path) -> None:
    decided(taught, "retrained", 1)
    assert weighed(taught, NOW).new == 0
    for user in dict.fromkeys(row[0] for row in MADE[:200]):
        taught.forget(user)
    later = [row for row in MADE if row[3] >= HALF][:40]
    taught.import_(write_ratings(tmp_path / "a.csv", later))
    assert (weighed(taught, NOW).new, weighed(taught, NOW).wanted) == (40, True)


def test_a_proposal_that_waits_for_a_person_is_a_training_in_vain(taught: Project, tmp_path: Path) -> None:
    (active,) = [v for v in taught.versions() if v.state == "active"]
    with taught.store.begin() as conn:
        copied = {f.name: getattr(active, f.name) for f in fields(NewVersion)} | {"state": "candidate"}
        (proposed,) = add_versions(conn, [NewVersion(**copied)])
    decided(taught, "retrained", proposed)
    later = [row for row in MADE if row[3] >= HALF]
    taught.import_(write_ratings(tmp_path / "a.csv", later[:15]))
    assert weighed(taught, NOW).why.endswith("15 events are new since the last training (needed: 20, after 1 in vain)")
    taught.activate(proposed)
    assert weighed(taught, NOW).wanted


def test_a_training_that_dies_is_tried_again_and_more_seldom_each_time(
    taught: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(taught.store.root / "recipe.toml", {r"\[retrain\]": "[retrain]\nnew_events = 50"})
    monkeypatch.setattr(ticking.subprocess, "run", lambda *_, **__: None)  # nobody ever begins it
    with Project.open(taught.store.root) as project:
        project.import_(second_half(tmp_path))
        tried = [ticking.tick(project.store, project.recipe, now=NOW + 60 * k) for k in range(3)]
        assert [done.job is not None for done in tried] == [True, True, False]
        assert tried[0].busy == "its process died before it began"
        assert tried[2].trigger.why.endswith(
            "job 2 failed: its process died before it began; it is tried again in 9 minutes"
        )
        assert what(project).count("failed") == 2
        assert "rejected" not in what(project)
        assert ticking.tick(project.store, project.recipe, now=NOW + 700).job is not None
        assert ticking.tick(project.store, project.recipe, now=NOW + 1400).job is None  # twice as long
        assert ticking.tick(project.store, project.recipe, now=NOW - 400 * DAY).job is None
        monkeypatch.undo()
        done = ticking.tick(project.store, project.recipe, now=NOW + 2 * DAY).done
        assert done is not None
        assert what(project).count("failed") == 3


def test_a_training_that_died_with_whoever_waited_for_it_counts_too(taught: Project) -> None:
    with taught.store.begin() as conn:
        add_job(conn, "retrain", {"reason": "x"}, NOW - 1000, f"{gethostname()}:999999999:dead")
    assert tick_here(taught.store, taught.recipe, now=NOW).swept == [1]
    assert what(taught).count("failed") == 1


def test_who_lost_the_lease_makes_nothing_visible(taught: Project, tmp_path: Path) -> None:
    taught.import_(second_half(tmp_path))
    before = taught.versions()
    with taught.store.begin() as conn:
        job = add_job(conn, "retrain", {"reason": "x", "seed": 0}, NOW)

    def stolen(_: Progress) -> None:
        with taught.store.begin() as conn:
            conn.exec_driver_sql("UPDATE leases SET holder = 'elsewhere:1:x'")

    done = taught.run_job(job, Watch(report=stolen))
    assert (done.state, done.error) == (
        "cancelled", "The lease for training was lost meanwhile, so nothing of it became visible."
    )  # fmt: skip
    assert taught.versions() == before
    with taught.store.begin() as conn:
        conn.exec_driver_sql("DELETE FROM leases")
