"""The long judgement."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tastemaker.algorithms import ALGORITHMS
from tastemaker.errors import DataError, QueryError, TrainingError
from tastemaker.lifecycle import Project, cold_start
from tastemaker.lifecycle import evaluating as module
from tastemaker.lifecycle.check import check_trainable
from tastemaker.watch import Progress, Watch

from ..shops import edit, quick_recipe, real_rankings, write_rankings


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A curve of fewer users takes less time."""
    monkeypatch.setattr(cold_start, "SHOPS", 2)
    monkeypatch.setattr(cold_start, "FIRST", 30)


LINES = {f"{how}, tastes {what}" for how in ("pre-trained", "from scratch") for what in ("unknown", "stated")}


def test_where_only_real_events_can_judge_it_says_what_to_do(new: Project, tmp_path: Path) -> None:
    plain = replace(new.recipe, synth=replace(new.recipe.synth, archetypes={}))
    with pytest.raises(TrainingError, match=r"no real events to judge version 0 by\. Import what users did"):
        module.evaluate_project(new.store, plain, 0, Watch(), None)
    new.import_(write_rankings(tmp_path / "r.csv", real_rankings(new, users=3)))
    with pytest.raises(TrainingError, match=r"has learned from none of the 30 real events, .*tastemaker train"):
        module.evaluate_project(new.store, plain, 0, Watch(), None)


def test_what_to_do_instead_of_pretraining_depends_on_what_the_models_learn_from(new: Project) -> None:
    plain = replace(new.recipe, synth=replace(new.recipe.synth, archetypes={}))
    for recipe, said in (
        (plain, r"\[synth.archetypes\], so no user can be invented"),
        (replace(plain, models={"graph": ALGORITHMS["graph"]()}), "learn from what users do"),
        (replace(plain, life=replace(plain.life, users=3)), "Invent some: tastemaker synthesize"),
    ):
        with pytest.raises(DataError, match=said):
            check_trainable(new.catalog(), recipe)


def test_users_items_and_the_cold_start(taught: Project) -> None:
    seen: list[Progress] = []
    found = taught.evaluate(watch=Watch(report=seen.append))
    assert found.version.id == 2
    assert [r.case for r in found.users] == ["stated", "vague", "ranked", "unlike"]
    assert found.items.keys() == {"content", "bpr"}
    assert {r.case for r in found.items.values()} == {"held-out items"}
    assert found.curve.keys() == LINES
    for points in found.curve.values():
        assert list(points) == [0, 1, 2, 5, 10]
        assert all(np.isnan(i.mean) or i.low <= i.mean <= i.high for i in points.values())
    assert found.curve["pre-trained, tastes stated"][0].low > 0.2
    assert np.isnan(found.curve["from scratch, tastes stated"][1].mean)  # no pair to learn from
    assert found.curve["from scratch, tastes unknown"][1].mean == 0.0
    assert found.plot.read_bytes().startswith(b"\x89PNG")
    assert [p.done for p in seen if p.stage == "cold start"] == [1, 2, 3, 4, 5]
    assert len(taught.versions()) == 3


def test_the_judgement_draws_other_users_than_pretrain(taught: Project) -> None:
    judged = taught.versions()[2].metrics["stated"]["metrics"]["spearman"]["model"]["mean"]
    first, other = (taught.evaluate(seed=s).users[0].metrics["spearman"].model.mean for s in (1, 2))
    assert len({judged, first, other}) == 3


def test_the_untrained_version_can_be_judged(taught: Project) -> None:
    found = taught.evaluate(version=0)
    assert (found.version.algorithm, len(found.users)) == ("content", 4)
    assert found.plot.name == "version-0-cold-start.png"


def test_a_version_that_nobody_knows(taught: Project) -> None:
    with pytest.raises(QueryError, match="No version has the number 9"):
        taught.evaluate(version=9)


def test_a_catalog_too_small_to_hold_items_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f'A,Item {n},"{note}",' for n, note in enumerate(("oak, rose", "lemon", "vanilla", "cedar"))]
    file = tmp_path / "little.csv"
    file.write_text("\n".join(["Brand,Name,Notes,Description", *rows, ""]), "utf-8")
    monkeypatch.setattr(module, "HELD_OUT", 0.0)
    with Project.init(tmp_path / "shop", quick_recipe(tmp_path, light=True), file) as project:
        project.pretrain()
        assert project.evaluate().items == {}


def test_no_version_is_active(new: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.database, "active_version", lambda conn: None)
    for verb in (new.evaluate, new.impact, new.train, new.retrain):
        with pytest.raises(TrainingError, match=r"No version is active yet. Run: tastemaker import"):
            verb()


def test_a_version_whose_model_left_the_recipe(taught: Project) -> None:
    edit(taught.store.root / "recipe.toml", {r"\[models.bpr\]\nepochs = 10": ""})
    with Project.open(taught.store.root) as again:
        found = again.evaluate()
    assert found.items.keys() == {"content"}
    assert found.curve.keys() == LINES
