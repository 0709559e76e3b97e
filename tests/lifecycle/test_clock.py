"""What is learned is dated by the moment at which it is made: by this machine's clock, or by one handed over."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tastemaker.lifecycle import Project
from tastemaker.lifecycle.teach import TaughtFew
from tastemaker.lifecycle.tick import tick_here
from tastemaker.store import list_activations, list_decisions, version
from tastemaker.watch import Watch

from ..rated import DAY, START, new_project, rows, world, write_ratings
from .moments import new_moments, some_clicks, user_data

LATER = START + 300 * DAY


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Every report of a training takes another five minutes."""
    clock = [int(time.time())]

    def pass_(_: object) -> None:
        clock[0] += 300

    monkeypatch.setattr("tastemaker.store.decisions.time", lambda: clock[0])
    return Watch(report=pass_)


@pytest.fixture
def rated(tmp_path: Path) -> Project:
    found = world(users=40, items=30)
    with Project.open(new_project(tmp_path, found)) as project:
        project.import_(write_ratings(tmp_path / "ratings.csv", rows(found, each=20)))
        yield project


def dates(project: Project, id_: int) -> set[int]:
    """Of a version, its activation and the decisions about it."""
    with project.store.read() as conn:
        found = {version(conn, id_).created_at}
        found |= {one["at"] for one in list_activations(conn) if one["version"] == id_}
        return found | {one["at"] for one in list_decisions(conn) if one["version"] == id_}


def by_train(project: Project, watch: Watch) -> int:
    return project.train(watch=watch).versions[0].id


def by_retrain(project: Project, watch: Watch) -> int:
    done = project.retrain(watch=watch).done
    assert done is not None
    return done.version


@pytest.mark.parametrize("learn", [by_train, by_retrain])
def test_what_took_long_is_dated_by_its_end(
    rated: Project, slow: Watch, learn: Callable[[Project, Watch], int]
) -> None:
    begun = int(time.time())
    made = learn(rated, slow)
    assert rated.versions()[made].state == "active"
    assert min(dates(rated, made)) >= begun + 300


def test_so_is_what_too_few_choices_taught(tmp_path: Path, slow: Watch) -> None:
    begun = int(time.time())
    with Project.open(new_moments(tmp_path)) as project:
        user_data(project.store.root / "user_data.db", some_clicks(project, 10), stays=False)
        done = project.train(options={"epochs": 2}, watch=slow)
        assert isinstance(done, TaughtFew)
        assert min(dates(project, done.version.id)) >= begun + 300


def test_a_clock_that_is_handed_over_stands_still(rated: Project, slow: Watch) -> None:
    done = tick_here(rated.store, rated.recipe, force=True, now=LATER, watch=slow).done
    assert done is not None
    assert dates(rated, done.version) == {LATER}
