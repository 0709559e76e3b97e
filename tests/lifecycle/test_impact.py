"""What learning from unexpected outcomes changes: a planted taste is found, explained and worth learning from."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tastemaker.data.arrays import Int64
from tastemaker.data.dataset import Dataset
from tastemaker.data.events import events_of
from tastemaker.data.vocab import Vocab
from tastemaker.lifecycle import Project
from tastemaker.lifecycle.candidates import as_artifact
from tastemaker.lifecycle.impact import Impact, impact
from tastemaker.lifecycle.impact_lessons import NAMES, WEIGHT, _weighted
from tastemaker.lifecycle.impact_page import write_impact
from tastemaker.lifecycle.impact_told import told
from tastemaker.monitor import track
from tastemaker.scorers import Calibrated, Popularity
from tastemaker.store import NewVersion, activate, add_versions, put_events
from tastemaker.watch import Watch

from ..shops import edit

START = 1_700_000_000
USERS, EACH = 60, 24


def grades(project: Project, rng: np.random.Generator, sweet: bool, users: Int64, begins: int, gap: int) -> None:
    """Everybody likes what is woody; with `sweet`, what is sweet, too. Ratings from 1 to 5, in time."""
    catalog, tastes = project.catalog(), project.recipe.tastes
    member = tastes.encode(catalog)
    names = ["woody", "sweet"] if sweet else ["woody"]
    joy = member[:, [tastes.names.index(name) for name in names]].sum(axis=1)
    stars = np.clip(np.rint(1.0 + 4.0 * np.argsort(np.argsort(joy)) / len(joy)), 1, 5)
    user = np.repeat(np.arange(len(users)), EACH)
    item = np.concatenate([rng.choice(len(catalog), EACH, replace=False) for _ in users])
    time = begins + gap * rng.permutation(len(user))
    value = np.clip(stars[item] + rng.integers(-1, 2, len(item)) * (rng.random(len(item)) < 0.2), 1, 5)
    made = events_of(user, item, value.astype(np.float32), "rating", time=time)
    data = Dataset(made, catalog, Vocab(tuple(f"p{u}" for u in users)), scales=project.recipe.scales)
    with project.store.begin() as conn:
        put_events(conn, data, [f"{begins} {k}" for k in range(len(user))])


@pytest.fixture
def changed(new: Project) -> Iterator[Project]:
    """A version that likes wood; then, of a sudden, everybody likes what is sweet, too."""
    edit(new.store.root / "recipe.toml", {r"\[models.bpr\]": "[models.bayesmf]\nepochs = 10\n[models.bpr]"})
    with Project.open(new.store.root) as project:
        rng = np.random.default_rng(0)
        tastes = project.recipe.tastes
        woody = tastes.encode(project.catalog())[:, tastes.names.index("woody")]
        rank = np.argsort(np.argsort(woody)) / len(woody)
        scorer = Calibrated(Popularity((2 * rank - 1).astype(np.float32)), 1.0, 0.0, 4.0, 0.0)
        artifact = as_artifact(project.store, scorer, project.catalog(), project.recipe, None)
        version = NewVersion(recipe="x", algorithm="bayesmf", artifact=artifact, code_version="1", seed=0, parent=0,
                             data_from=1, data_to=START - 1, events_real=1, created_at=START)  # fmt: skip
        with project.store.begin() as conn:
            (id_,) = add_versions(conn, [version])
            activate(conn, id_, "a test", START)
            conn.exec_driver_sql(f"UPDATE activations SET at = {START - 9} WHERE version = 0")
        grades(project, rng, True, np.arange(USERS), START + 10, 600)
        track(project.store, project.recipe.quality, START + 10**7)
        yield project


def look(project: Project, items: int = 1) -> Impact:
    return impact(project.store, project.recipe, None, items, 0, Watch())


def test_a_new_taste_is_found_told_and_worth_learning(changed: Project, tmp_path: Path) -> None:
    found = look(changed)
    assert found.n == USERS * EACH
    assert found.liked > 100
    assert sum(k for _, k, _ in found.periods) == found.liked + found.disliked
    assert sum(n for _, _, n in found.periods) == found.n
    assert found.new == (1.0, 1.0)  # the version had met no item
    by = {cluster.by: cluster for cluster in found.clusters["liked"]}
    assert by["family"].sure
    assert "sweet" in list(by["family"].most)[:2]
    lessons = found.lessons
    assert (lessons.model, lessons.why, lessons.metric) == ("bayesmf", "", "accuracy")
    scenarios = {scenario.name: scenario for scenario in lessons.scenarios}
    assert tuple(scenarios) == NAMES
    gain = scenarios["with them"].lift
    assert gain is not None
    assert gain.low > 0.02
    assert gain.mean == pytest.approx(scenarios["with them"].value - scenarios["without them"].value)
    (influence,) = lessons.influence
    assert influence.n <= max(k for k, _ in found.top_items.values())
    assert influence.later > 0
    assert (influence.there is None) == (influence.later < 10)
    said = dict(told(found))
    assert any("looks like a taste for" in sentence for sentence in said["A new taste, or noise"])
    assert said["What learning from them changes"][-1].startswith("So they are worth learning from")
    picture, page = write_impact(tmp_path / "plots", found)
    assert picture.read_bytes()[:4] == b"\x89PNG"
    text = page.read_text("utf-8")
    assert all(sentence.split("'")[0][:40] in text for sentences in said.values() for sentence in sentences)
    assert "http" not in text


def test_the_same_seed_gives_the_same_answer(changed: Project) -> None:
    assert look(changed, 0).lessons == look(changed, 0).lessons


def test_weighted_events_count_several_times(changed: Project) -> None:
    data = changed.dataset(synthetic=False)
    flagged = np.arange(len(data)) % 7 == 0
    found = _weighted(data, flagged)
    assert len(found) == len(data) + (WEIGHT - 1) * flagged.sum()
    matrix = found.matrix("last", found.signed())
    again = matrix[len(data.users) :]
    assert again.nnz == (WEIGHT - 1) * data.where(flagged).matrix("last").nnz
    np.testing.assert_array_equal(matrix[: len(data.users)].toarray(), data.matrix("last", data.signed()).toarray())


def test_too_little_to_learn_from(new: Project) -> None:
    found = look(new)
    assert (found.n, found.liked, found.lessons.scenarios) == (0, 0, ())
    assert "tastemaker tick" in found.lessons.why
    assert any("No outcome has been compared" in sentence for _, sentences in told(found) for sentence in sentences)


def test_a_recipe_without_models_that_learn_from_events(changed: Project) -> None:
    models = {name: model for name, model in changed.recipe.models.items() if model.learns != "events"}
    found = impact(changed.store, replace(changed.recipe, models=models), None, 0, 0, Watch())
    assert found.liked > 100
    assert "names no model that learns from events" in found.lessons.why
