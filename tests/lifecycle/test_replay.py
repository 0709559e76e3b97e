"""A past through the whole loop: nothing is foretold by who could know it, and the same seed replays the same."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tastemaker.errors import DataError, QueryError, TrainingError
from tastemaker.lifecycle import Project
from tastemaker.lifecycle.learn_events import deploy
from tastemaker.lifecycle.replay import Replayed, replay
from tastemaker.lifecycle.replays import as_seconds
from tastemaker.recipe import Retraining
from tastemaker.recipe.retraining import Guards
from tastemaker.store import Store, list_activations, version
from tastemaker.store.quality import read_outcomes

from ..rated import DAY, START, new_project, rows, world, write_ratings


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, found = tmp_path_factory.mktemp("night"), world(users=60, items=40)
    root = new_project(folder, found)
    with Project.open(root) as project:
        project.import_(write_ratings(folder / "ratings.csv", rows(found, each=25)))
    return root


def replayed(
    night: Path, folder: Path, policy: str, retrain: Mapping[str, Any] | None = None, **how: object
) -> Replayed:
    with Project.open(night) as project:
        eager = Retraining(**{"train_window_days": 0, "new_events": 200, "min_lift": 0.0, **(retrain or {})})
        recipe, past = replace(project.recipe, retrain=eager), project.dataset(synthetic=False)
        return replay(folder, recipe, past.catalog, past, policy=policy, step_days=5.0, **how)  # type: ignore[arg-type]


def test_everything_later_is_foretold_once_by_who_could_not_know_it(night: Path, tmp_path: Path) -> None:
    done = replayed(night, tmp_path / "loop", "loop")
    assert done.outcomes == pytest.approx(0.8 * 60 * 25, abs=3)
    assert done.accuracy.low > 0.5
    assert done.trainings >= 2
    assert [d["at"] for d in done.timeline] == sorted(d["at"] for d in done.timeline)
    assert done.timeline[0]["at"] == done.begins  # not the day of the replay
    assert all(d["reason"] for d in done.timeline)
    store = Store.open(tmp_path / "loop")
    with store.read() as conn:
        found, log = read_outcomes(conn), list_activations(conn)
        for id_ in np.unique(found.version).tolist():
            mine = found.at[found.version == id_]
            assert mine.min() > max(entry["at"] for entry in log if entry["version"] == id_) - 1
            learned_to = version(conn, id_).data_to
            assert learned_to is None or mine.min() > learned_to
        assert any(version(conn, id_).data_to for id_ in np.unique(found.version).tolist())
    store.close()


def test_never_trains_once_and_a_timer_by_the_clock(night: Path, tmp_path: Path) -> None:
    never, timer = (replayed(night, tmp_path / p, p, timer_days=20) for p in ("never", "timer"))
    assert never.trainings == 1
    assert timer.trainings == pytest.approx((timer.ends - timer.begins) / (20 * DAY), abs=2)
    assert timer.outcomes == never.outcomes


def test_a_timer_whose_training_is_refused_goes_on_with_who_answers(
    night: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = deploy, []

    def deployed(*given: Any) -> Any:
        calls.append(len(calls))
        if len(calls) == 3:
            raise TrainingError("it agrees with nobody")
        return real(*given)

    monkeypatch.setattr("tastemaker.lifecycle.replay.deploy", deployed)
    done = replayed(night, tmp_path / "timer", "timer", timer_days=20)
    assert len(calls) > 3
    assert done.trainings == len(calls) - 1
    assert [d["reason"] for d in done.timeline if d["what"] == "rejected"] == ["skipped: it agrees with nobody"]


def test_the_same_seed_replays_the_same(night: Path, tmp_path: Path) -> None:
    first, second = (replayed(night, tmp_path / str(k), "loop") for k in range(2))
    np.testing.assert_array_equal(first.correct, second.correct)
    said = [[(d["at"], d["what"], d["reason"]) for d in one.timeline] for one in (first, second)]
    assert said[0] == said[1]


def test_the_same_seed_deals_the_same_arms(night: Path, tmp_path: Path) -> None:
    eager = {"new_events": 100, "policy": "experiment", "guards": Guards(sudden=100.0)}
    first, second = (replayed(night, tmp_path / str(k), "loop", eager, warm=0.04) for k in range(2))
    assert any(d["reason"].startswith("experiment: ") for d in first.timeline)
    assert len(np.unique(first.version)) > 2
    np.testing.assert_array_equal(first.version, second.version)
    np.testing.assert_array_equal(first.correct, second.correct)


def test_the_project_itself_is_not_touched(night: Path) -> None:
    with Project.open(night) as project:
        before = [v.id for v in project.versions()]
        done, plot = project.replay(None, ("never",), step_days=30.0)
        assert plot.exists()
        assert done[0].as_json()["accuracy"]["mean"] == done[0].accuracy.mean
        assert [v.id for v in project.versions()] == before
        with pytest.raises(QueryError, match="No policy is called 'sometimes'"):
            project.replay(None, ("sometimes",))  # type: ignore[arg-type]


def test_without_times_there_is_nothing_to_replay(night: Path, tmp_path: Path) -> None:
    with Project.open(night) as project:
        past = project.dataset(synthetic=False)
        undated = replace(past, events=replace(past.events, received_at=past.events.time))
        with pytest.raises(DataError, match="A replay needs events with times"):
            replay(tmp_path / "x", project.recipe, past.catalog, undated)


def test_days() -> None:
    assert as_seconds("2020-09-13") == START - 44_800
    with pytest.raises(QueryError, match="--from is 'yesterday'"):
        as_seconds("yesterday")
