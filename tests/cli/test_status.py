"""status, for a person and as JSON; on a project of any age."""

from dataclasses import replace
from pathlib import Path
from time import time

from tastemaker.cli.status import _said
from tastemaker.lifecycle import Project
from tastemaker.monitor import status

from ..shops import ITEMS, real_rankings, write_rankings
from .conftest import Run


def test_a_taught_project(here: Project, run: Run, tmp_path: Path) -> None:
    said = run("status")
    assert said.code == 0
    assert "Answers   version 2 (bpr), since" in said.out
    assert "of the way from random to the oracle" in said.out
    assert "Next      No real user has been heard of" in said.out
    here.import_(write_rankings(tmp_path / "r.csv", real_rankings(here, users=3)))
    found = run("status", "--json").json
    assert (found["version"]["id"], found["events"]["real"], found["new"]) == (2, 30, 30)
    assert found["alarms"] == []


def test_an_untaught_and_an_empty_project(new: Project, run: Run, tmp_path: Path) -> None:
    assert "tastemaker pretrain" in run("status", "-p", new.store.root).out
    assert run("init", tmp_path / "empty", "--recipe", "scent").code == 0
    said = run("status", "-p", tmp_path / "empty")
    assert (said.code, "Answers   nothing" in said.out) == (0, True)
    assert "import --catalog FILE" in said.out


def test_a_recipe_without_a_title_leaves_no_separator(here: Project) -> None:
    found = replace(status(here.store, int(time())), title="")
    assert _said(found, int(time()))[0].startswith(f"{found.name} · {ITEMS} items · 0 real events")


def test_no_project(run: Run) -> None:
    said = run("status")
    assert said.code == 1
    assert said.err.startswith("Error: ")
