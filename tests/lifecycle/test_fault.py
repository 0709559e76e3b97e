"""An injected fault: 200 outcomes with flipped labels ring, poison nothing, and a rollback restores every bit."""

import shutil
from pathlib import Path

import pytest

from tastemaker.lifecycle import Project
from tastemaker.lifecycle.tick import tick_here
from tastemaker.monitor import alarms, track

from ..rated import DAY, START, new_project, rows, world, write_ratings

FOUND = world(users=150, items=60)
MADE = rows(FOUND, days=200, each=30)
FAULT = START + 150 * DAY
FLIPPED = 200


def flipped(made: list[tuple[str, str, float, int]]) -> list[tuple[str, str, float, int]]:
    return [(user, item, 5.5 - stars, when) for user, item, stars, when in made]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Learned twice from all that happened before the fault, as if it were then."""
    folder = tmp_path_factory.mktemp("fault")
    root = new_project(folder, FOUND)
    with Project.open(root) as project:
        project.import_(write_ratings(folder / "first.csv", [row for row in MADE if row[3] < FAULT]))
        project.train(models=("biases",))
        project.train(seed=1, models=("biases",))
        project.activate(1)
        project.activate(2)
    return root


def answers(project: Project) -> list[tuple[tuple[str, ...], tuple[float, ...]]]:
    found = [project.recommend(likes=[str(k)], n=10) for k in range(5)]
    return [(slate.items, slate.scores) for slate in found]


def test_what_contradicts_all_that_was_known_activates_nothing(root: Path, tmp_path: Path) -> None:
    bad = flipped([row for row in MADE if row[3] >= FAULT][:FLIPPED])
    with Project.open(shutil.copytree(root, tmp_path / "night")) as project:
        before = answers(project)
        project.import_(write_ratings(tmp_path / "bad.csv", bad))
        active = next(v.id for v in project.versions() if v.state == "active")
        done = tick_here(project.store, project.recipe, force=True, now=2_000_000_000).done
        assert done is not None
        assert done.what == "rejected"
        assert "what came in may be wrong" in done.reason
        assert next(v.id for v in project.versions() if v.state == "active") == active
        assert done.version is not None
        project.activate(done.version)  # and if somebody does all the same
        assert answers(project) != before
        project.rollback()
        assert answers(project) == before


def test_the_alarm_rings_within_the_flipped_outcomes_and_not_before(root: Path, tmp_path: Path) -> None:
    later = [row for row in MADE if row[3] >= FAULT]
    good = 300
    with Project.open(shutil.copytree(root, tmp_path / "night")) as project:
        with project.store.begin() as conn:  # as if the version had been there when they happened
            conn.exec_driver_sql(f"UPDATE activations SET at = {FAULT - 1}")
            conn.exec_driver_sql(f"UPDATE model_versions SET created_at = {FAULT - 1}")
        made = later[:good] + flipped(later[good : good + FLIPPED])
        project.import_(write_ratings(tmp_path / "mixed.csv", made))
        track(project.store, project.recipe.quality, 2_000_000_000)
        with project.store.read() as conn:
            rings = [
                n for n in range(50, good + FLIPPED + 1, 10)
                if any(a.check in ("accuracy", "drop") for a in alarms(conn, project.recipe.quality, made[n - 1][3]))
            ]  # fmt: skip
    assert rings
    assert good < rings[0] <= good + FLIPPED
