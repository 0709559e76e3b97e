"""The whole pipeline on generated data, in a project apart."""

from pathlib import Path

import pytest

pytest.importorskip("torch")

from tastemaker.cli.rehearsing import RUN
from tastemaker.errors import StoreError, TrainingError
from tastemaker.lifecycle import Project
from tastemaker.lifecycle.rehearsal import rehearse
from tastemaker.watch import Watch

from ..cli.conftest import run
from ..listening import begun
from ..shops import new_shop

__all__ = ["run"]


def test_a_rehearsal_finds_the_planted_groups_and_can_never_be_activated(tmp_path: Path):
    with begun(tmp_path) as project:
        before = project.versions()
    done = rehearse(tmp_path / "stage", {"epochs": 12, "learning_rate": 0.003}, 0, Watch())
    found = done.neighbors
    assert found["learned"] > 2 * found["raw numbers"] > 2 * found["chance"]
    assert found["learned"] <= found["who knows the hidden place"] + 0.02
    assert not done.taught.activated
    assert "events would take about" in done.real
    with Project.open(done.folder) as apart:
        assert apart.versions()[1].recipe == "rehearsal"
        with pytest.raises(StoreError, match="rehearsal"):
            apart.activate(1)
    with Project.open(tmp_path / "stage") as project:
        assert project.versions() == before


def test_a_recipe_that_learns_from_invented_users_is_told_what_its_rehearsal_is(tmp_path: Path):
    shop = new_shop(tmp_path, light=True)
    with pytest.raises(TrainingError, match="tastemaker pretrain"):
        rehearse(shop, {}, 0, Watch())


def test_without_a_terminal_train_says_how_to_rehearse_when_the_database_is_away(tmp_path: Path, run, monkeypatch):
    begun(tmp_path).close()
    (tmp_path / "stage" / "tastemaker.db").rename(tmp_path / "stage" / "elsewhere.db")
    done = run("train", "-p", tmp_path / "stage")
    assert done.code == 1
    assert done.err.strip().endswith(RUN)
    done = run("train", "-p", tmp_path / "stage", "--rehearse", "--epochs", "1", "--json")
    assert (done.code, done.json["rehearsal"], done.json["activated"]) == (0, True, False)
    assert done.json["real"].count("But now") == 1
    assert run("train", "-p", tmp_path / "stage", "--resume", "--epochs", "3").code == 2
