"""On a machine without PyTorch the same story runs with what is there, and says what is missing."""

import subprocess
import sys
from pathlib import Path

import pytest

from tastemaker.algorithms import network
from tastemaker.errors import DataError
from tastemaker.lifecycle import Project

from ..listening import begun
from ..shops import edit, new_shop

LINE = "pip install 'tastemaker[train]'"
BLOCKED = """
import sys

class Nowhere:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "gensim"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

import importlib.util
sys.meta_path.insert(0, Nowhere())
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "torch" else found(name, package)
sys.argv = ["tastemaker", *sys.argv[1:]]
from tastemaker.cli import main
main()
"""


def without_torch(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", BLOCKED, *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


def test_pretrain_goes_on_without_the_networks(tmp_path: Path) -> None:
    root = new_shop(tmp_path)
    done = without_torch("pretrain", cwd=root)
    assert done.returncode == 0, done.stderr
    assert f"Left out: RankNet needs torch, which is not installed. Run: {LINE}" in done.stdout
    assert f"Left out: DPL needs torch, which is not installed. Run: {LINE}" in done.stdout
    with Project.open(root) as project:
        assert [v.algorithm for v in project.versions()] == ["content", "content", "bpr"]
        assert project.recommend(taste={"woody": 0.9}, n=3).level == "active"


def test_train_and_its_rehearsal_go_on_without_the_embedding_and_name_what_is_missing(tmp_path: Path) -> None:
    begun(tmp_path).close()
    root = tmp_path / "stage"
    done = without_torch("train", cwd=root)
    assert done.returncode == 0, done.stderr
    for name in ("embedding", "hybrid"):
        assert f"{name} learned nothing: Together needs torch, which is not installed. Run: {LINE}" in done.stdout
    assert "(graph) is" in done.stdout
    refused = without_torch("train", "--epochs", "3", cwd=root)
    assert (refused.returncode, "Traceback" in refused.stderr) == (1, False)
    assert "None of graph has a setting 'epochs'" in refused.stderr
    assert LINE in refused.stderr
    asked = without_torch("train", "--model", "embedding", cwd=root)
    assert (asked.returncode, LINE in asked.stderr, "Traceback" in asked.stderr) == (1, True, False)
    rehearsed = without_torch("train", "--rehearse", cwd=root)
    assert rehearsed.returncode == 0, rehearsed.stderr
    assert LINE in rehearsed.stdout
    assert "without PyTorch" in rehearsed.stdout


def test_a_recipe_of_networks_alone_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = new_shop(tmp_path)
    edit(root / "recipe.toml", {r"\[models.content\].*": "", r"\[models.bpr\]\nepochs = 10": ""})
    monkeypatch.setattr(network, "find_spec", lambda name: None)
    with Project.open(root) as project, pytest.raises(DataError, match=r"no model that can be learned here.*install"):
        project.pretrain()


@pytest.mark.slow
def test_the_demo_runs_without_it(tmp_path: Path) -> None:
    done = without_torch("demo", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert LINE in done.stdout
    assert "Version 2 answers" in done.stdout


@pytest.mark.slow
def test_the_demo_tells_the_whole_story(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tastemaker", "demo", "--keep", "mine"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    for word in ("1. An invented catalog", "ranknet", "as you asked", "is active", "tastemaker init shop"):
        assert word in done.stdout
    assert "Traceback" not in done.stderr
    assert "Warning" not in done.stderr
    with Project.open(tmp_path / "mine") as project:
        assert len(project.versions()) == 5
