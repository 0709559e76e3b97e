"""tune, tune review, tune history: what they print, what they ask, and that only a yes changes the recipe."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tastemaker.lifecycle import Project
from tastemaker.recipe import read_recipe

from ..lifecycle.tunable import tunable
from ..shops import copied
from .conftest import Run
from .test_bad_input import refused


@pytest.fixture(scope="module")
def prepared(new_light: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tunable(new_light, tmp_path_factory.mktemp("tunable"))


@pytest.fixture
def inside(prepared: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = copied(prepared, tmp_path)
    monkeypatch.chdir(root)
    return root


TUNE = ("tune", "--model", "knn", "--search", "random", "--trials", "6", "--seed", "3")


def test_the_story_of_a_search(run: Run, inside: Path) -> None:
    done = run(*TUNE)
    assert done.code == 0, done.err
    assert re.search(r"^ field +present +best *$", done.out, re.MULTILINE)  # nobody can say what matters yet
    assert re.search(r"Study random_\d{8}_\d{6}, judged on the last fifth, in time", done.out)
    assert "6 of 6 trials (6 whole, 0 pruned, 0 failed); the best is trial" in done.out
    assert "test data were not read" in done.out
    assert "Which settings matter cannot be told from 6 whole trials; 10 are the least." in done.out
    assert "To apply the best settings: tastemaker tune review" in done.out
    assert "tune knn: done  best ndcg@20 0." in done.err
    (folder,) = (inside / "tuning").iterdir()
    assert {file.name for file in folder.iterdir()} == {"best_hp.json", "report.html", "report.png"}
    best = json.loads((folder / "best_hp.json").read_text("utf-8"))["settings"]

    before = (inside / "recipe.toml").read_text("utf-8")
    asked = run("tune", "review")
    assert "Nothing was changed. To apply: --yes" in asked.out
    shown = run("tune", "review", "--json").json
    assert (shown["applied"], shown["written"], shown["settings"]) == (False, {}, best)
    assert (inside / "recipe.toml").read_text("utf-8") == before

    told = run("tune", "history").out
    assert re.search(rf"{folder.name} +knn +6 +done +ndcg@20 +0\.\d{{4}} +[+-]\d", told)
    assert not re.search(r"yes", told)
    applied = run("tune", "review", "--yes")
    assert "[models.knn] has them now. Learn with them: tastemaker train" in applied.out
    knn = read_recipe(inside / "recipe.toml").models["knn"]
    assert {name: getattr(knn, name) for name in best} == best
    assert "yes" in run("tune", "history").out
    again = run("tune", "review", folder.name, "--yes")
    assert "[models.knn] has these settings already." in again.out


@pytest.mark.parametrize(("answer", "changed"), [("n\n", False), ("y\n", True), ("\n", False)])
def test_review_asks_a_person_and_only_a_yes_changes(
    run: Run, inside: Path, monkeypatch: pytest.MonkeyPatch, answer: str, changed: bool
) -> None:
    run(*TUNE, "--quiet")
    before = (inside / "recipe.toml").read_text("utf-8")
    from tastemaker.cli import app, tuning

    monkeypatch.setattr(tuning, "_person", lambda: True)
    done = CliRunner().invoke(app.app, ["tune", "review"], input=answer)
    assert done.exit_code == 0, done.output
    assert "recipe.toml? [y/N]" in done.output
    assert ((inside / "recipe.toml").read_text("utf-8") != before) == changed


def test_a_search_is_json_and_goes_on(run: Run, inside: Path) -> None:
    first = run(*TUNE, "--json").json
    assert first["metric"] == "ndcg@20"
    assert len(first["trials"]) == 6
    assert first["state"] == "done"
    assert first["gain"]["gain"].keys() == {"mean", "low", "high"}
    more = run("tune", "--resume", "--trials", "8", "--json").json
    assert more["study"] == first["study"]
    assert [t["params"] for t in more["trials"][:6]] == [t["params"] for t in first["trials"]]
    stopped = run("tune", "--model", "knn", "--trials", "9", "--minutes", "0")
    assert "Not all trials are made. Go on: tastemaker tune --resume" in stopped.out
    studies = run("tune", "history", "--json").json
    assert [s["state"] for s in studies] == ["done", "stopped"]
    named = run("tune", "--resume", "--study", first["study"], "--json").json
    assert len(named["trials"]) == 8


def test_what_tune_is_asked_wrongly(run: Run, inside: Path) -> None:
    assert "No search is called 'gird'; did you mean 'grid'" in refused(
        run("tune", "--model", "knn", "--search", "gird")
    )
    assert "Nothing was tuned yet. Run: tastemaker tune" in refused(run("tune", "review"))
    assert "has no model 'kn'; did you mean 'knn'" in refused(run("tune", "--model", "kn"))
    assert "Add --resume" in refused(run("tune", "--study", "x"))
    assert run("tune", "history").out == "Nothing was tuned yet. Run: tastemaker tune\n"
    run(*TUNE, "--quiet")
    assert "No study is called 'nothing'" in refused(run("tune", "review", "nothing"))


def test_help_explains_every_option(run: Run) -> None:
    for command in (("tune",), ("tune", "review"), ("tune", "history")):
        said = run(*command, "--help").out
        assert "--json" in said
        assert not re.search(r"^  --[a-z]+ *(<\w+>)? *$", said, re.MULTILINE)


def test_answering_after_tuning_loads_no_optuna(inside: Path) -> None:
    script = "import sys; from tastemaker.lifecycle import Project; from tastemaker.cli.app import app\n"
    script += "assert not {'optuna', 'matplotlib', 'tomlkit'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)
    with Project.open(inside) as project:
        assert project.recommend(taste={"woody": 0.9}, n=3).items
